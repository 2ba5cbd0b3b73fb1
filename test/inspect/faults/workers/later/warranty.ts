/** The warranty app's next version, whose orders have one more field that may be absent. */
import { Schema } from "effect"
import { api, event, on } from "warren"

const Sales = api("sales", {
  orderPlaced: event({
    orderId: Schema.String,
    customer: Schema.String,
    note: Schema.optionalKey(Schema.String),
    coupon: Schema.optionalKey(Schema.String),
  }),
}, { version: 2 })

export const register = on(Sales.orderPlaced, () => {})
