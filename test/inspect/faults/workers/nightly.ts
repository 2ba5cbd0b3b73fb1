/** Hears of orders, and has a schedule. */
import { every, on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const collect = on(Sales.orderPlaced, ({ note }, context) => obey(note, context))

export const report = every("1 second", () => {})
