/**
 * The contracts that the tests of `testBus` speak with.
 */
import { Schema } from "effect"
import { api, call, event } from "../../src/mod.ts"

/** A declared error. */
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { sku: Schema.String }) {}

/** What the warehouse offers. */
export const Stock = api("stock", {
  came: event({ sku: Schema.String, n: Schema.optionalKey(Schema.Int) }),
  moved: event({ n: Schema.Int }),
  left: event({ sku: Schema.String }),
  find: call({ sku: Schema.String }, { returns: { place: Schema.Int }, fails: Unknown }),
  slow: call({ ms: Schema.Int }, { returns: { ms: Schema.Int } }),
})

/** Waits in real time. */
export const real = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
