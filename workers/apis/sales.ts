/** What the sales app offers. Totals are in cents; a quantity below 1 or above a million is an `InvalidPayload`. */
import { Schema } from "effect"
import { api, call, event } from "warren"
import { Sku, UnknownPart } from "./parts.ts"

const Quantity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

export const Quote = Schema.Struct({ sku: Sku, quantity: Quantity, total: Schema.Int })

export const Sales = api("sales", {
  orderPlaced: event({ orderId: Schema.String, customer: Schema.String, sku: Sku, quantity: Quantity }),
  quote: call({ sku: Sku, quantity: Quantity }, { returns: Quote, fails: UnknownPart, idempotent: true }),
  placeOrder: call({ customer: Schema.String, sku: Sku, quantity: Quantity }, {
    returns: { orderId: Schema.String },
    fails: UnknownPart,
  }),
}, { expose: true })
