/**
 * The order of the benches as a schema: what Warren's programs declare where others have the type alone.
 *
 * Apart from `amqpCase.ts`, so that programs without Warren do not load Effect.
 */
import { Schema } from "effect"

/** The fields of `Order`. */
export const orderFields = {
  orderId: Schema.String,
  customer: Schema.String,
  sku: Schema.String,
  quantity: Schema.Int,
  note: Schema.String,
}
