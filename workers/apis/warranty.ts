/** What the warranty app offers: two years from the order on. */
import { Schema } from "effect"
import { api, call, event } from "warren"

/** Nothing is known of such an order: it was never placed, or the news of it has not arrived yet. */
export class NotSold extends Schema.TaggedError<NotSold>()("NotSold", { orderId: Schema.String }) {
  override get message(): string {
    return `Cannot find order "${this.orderId}" among those sold`
  }
}

export const Warranty = api("warranty", {
  registered: event({ orderId: Schema.String, expires: Schema.Date }),
  expired: event({ orderId: Schema.String }),
  check: call({ orderId: Schema.String }, {
    returns: { valid: Schema.Boolean, expires: Schema.Date },
    fails: NotSold,
    idempotent: true,
  }),
}, { expose: true })
