/**
 * The apis that the compile-time tests speak of, declared from the public door.
 */
import { Schema } from "effect"
import { api, call, event } from "warren"

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { sku: Schema.String }) {}
export class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { until: Schema.Date }) {}
export class Part extends Schema.Class<Part>("Part")({ sku: Schema.String, price: Schema.Number }) {
  get label(): string {
    return `${this.sku}: ${this.price}`
  }
}

export const Parts = api("parts", {
  arrived: event({ sku: Schema.String, at: Schema.Date, lines: Schema.Array(Schema.Struct({ n: Schema.Int })) }),
  opened: event({ note: Schema.optionalKey(Schema.String) }),
  shipped: event(Part),
  lookup: call({ sku: Schema.String }, { returns: Part, fails: NotFound }),
  reserve: call({ sku: Schema.String, n: Schema.Int }, {
    returns: { id: Schema.String, until: Schema.Date },
    fails: [NotFound, SoldOut],
  }),
  union: call(Part, { returns: Schema.Array(Schema.String), fails: Schema.Union([NotFound, SoldOut]) }),
  rang: event(),
  beat: call(),
  ping: call({}),
  list: call({ page: Schema.optionalKey(Schema.Int) }, { returns: Schema.NullOr(Schema.Int) }),
}, { expose: ["lookup", "ping"] })
