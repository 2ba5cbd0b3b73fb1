/** The parts app's next version, which wants to know the warehouse: what callers of the one before send does not fit. */
import { Schema } from "effect"
import { api, call, handle } from "warren"

const Parts = api("parts", {
  lookup: call({ sku: Schema.String, warehouse: Schema.String }, {
    returns: { sku: Schema.String, price: Schema.Struct({ amount: Schema.Int, currency: Schema.String }) },
  }),
}, { version: 2 })

export const lookup = handle(Parts.lookup, ({ sku }) => ({ sku, price: { amount: 100, currency: "EUR" } }))
