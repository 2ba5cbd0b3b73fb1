/** Hears of orders, each once. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const send = on(Sales.orderPlaced, ({ note }, context) => obey(note, context), { dedupe: true })
