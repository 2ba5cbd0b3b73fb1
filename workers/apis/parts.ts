/** What the spare parts app offers. Prices are in cents. */
import { Schema } from "effect"
import { api, call } from "warren"

/** No part has this SKU. */
export class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {
  override get message(): string {
    return `Cannot find part "${this.sku}"`
  }
}

/** How parts are numbered; the example is what `warren run` suggests to try. */
export const Sku = Schema.String.annotate({ examples: ["P-100"] })

export const Part = Schema.Struct({
  sku: Sku,
  name: Schema.String,
  price: Schema.Int,
  stock: Schema.Int,
})

export const Parts = api("parts", {
  lookup: call({ sku: Sku }, { returns: Part, fails: UnknownPart, idempotent: true }),
}, { expose: true })
