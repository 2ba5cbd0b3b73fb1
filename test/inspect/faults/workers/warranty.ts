/** Hears of orders, with every default of a listener. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const register = on(Sales.orderPlaced, ({ note }, context) => obey(note, context))
