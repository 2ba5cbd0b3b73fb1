/** What the parts app offers. `note` is what the handler is to do: see `../obey.ts`. */
import { Schema } from "effect"
import { api, call } from "warren"

/** No part has this SKU. */
export class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {}

export const Parts = api("parts", {
  lookup: call({ sku: Schema.String, note: Schema.optionalKey(Schema.String) }, {
    returns: { sku: Schema.String, price: Schema.Int },
    fails: UnknownPart,
  }),
})
