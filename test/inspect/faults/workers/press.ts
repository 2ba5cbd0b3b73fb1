/** Hears of orders, one at a time, and of cancellations beside it. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const print = on(Sales.orderPlaced, ({ note }, context) => obey(note, context), { concurrency: 1 })

export const stop = on(Sales.orderCancelled, () => {})
