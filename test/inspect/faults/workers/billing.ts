/** Hears of orders, and is in no hurry to try again. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const charge = on(Sales.orderPlaced, ({ note }, context) => obey(note, context), {
  retry: { attempts: 3, delays: ["10 minutes"] },
})
