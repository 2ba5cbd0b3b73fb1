/** Hears of orders, and gives up at once. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const keep = on(Sales.orderPlaced, ({ note }, context) => obey(note, context), { retry: false })
