/** What the sales app offers. `note` is what the listener is to do with it: see `../obey.ts`. */
import { Schema } from "effect"
import { api, event } from "warren"

export const Sales = api("sales", {
  orderPlaced: event({ orderId: Schema.String, customer: Schema.String, note: Schema.optionalKey(Schema.String) }),
  orderCancelled: event({ orderId: Schema.String }),
})
