/** Hears of orders, a customer's in their order, and stands still for a customer where one cannot be booked. */
import { on } from "warren"
import { obey } from "./apis/obey.ts"
import { Sales } from "./apis/sales.ts"

export const book = on(Sales.orderPlaced, ({ note }, context) => obey(note, context), {
  orderBy: ({ customer }) => customer,
  retry: false,
  whenExhausted: "halt",
})
