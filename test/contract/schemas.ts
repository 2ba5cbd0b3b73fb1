/**
 * Schemas made at random, each with a generator of its values, for the property tests of contracts.
 */
import { Schema } from "effect"
import fc from "fast-check"
import type { AnySchema } from "../../src/contract/mod.ts"

/** A schema and its values. */
export interface Sample {
  readonly schema: AnySchema
  readonly values: fc.Arbitrary<unknown>
  /** What it is, as text. */
  readonly name: string
}

const leaf = (name: string, schema: AnySchema, values: fc.Arbitrary<unknown>): Sample => ({ name, schema, values })

const leaves: ReadonlyArray<Sample> = [
  leaf("String", Schema.String, fc.string({ unit: "binary" })),
  leaf("Int", Schema.Int, fc.maxSafeInteger()),
  leaf("Number", Schema.Number, fc.double().map((n) => Object.is(n, -0) ? 0 : n)),
  leaf("Boolean", Schema.Boolean, fc.boolean()),
  leaf("BigInt", Schema.BigInt, fc.bigInt()),
  leaf("Date", Schema.Date, fc.date({ noInvalidDate: true })),
  leaf("Uint8Array", Schema.Uint8Array, fc.uint8Array({ maxLength: 20 })),
  leaf("Literals", Schema.Literals(["a", "b", 7]), fc.constantFrom("a", "b", 7)),
  leaf("Null", Schema.Null, fc.constant(null)),
]

const fieldName = fc.stringMatching(/^[a-z]{1,6}$/).filter((name) => !Object.hasOwn(Object.prototype, name))

const structOf = (fields: Readonly<Record<string, [Sample, boolean]>>): Sample => {
  const entries = Object.entries(fields)
  const required = entries.filter(([, [, optional]]) => !optional).map(([name]) => name)
  return {
    name: `{ ${
      entries.map(([name, [{ name: type }, optional]]) => `${name}${optional ? "?" : ""}: ${type}`).join(", ")
    } }`,
    schema: Schema.Struct(Object.fromEntries(
      entries.map(([name, [{ schema }, optional]]) => [name, optional ? Schema.optionalKey(schema) : schema]),
    )) as AnySchema,
    values: fc.record(Object.fromEntries(entries.map(([name, [{ values }]]) => [name, values])), {
      requiredKeys: required,
      noNullPrototype: true,
    }),
  }
}

/** Samples with nested structs, arrays, records, optional keys and unions. */
export const samples: fc.Arbitrary<Sample> = fc.letrec<{ any: Sample; nested: Sample }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, depthSize: "small" }, fc.constantFrom(...leaves), tie("nested")),
  nested: fc.oneof(
    fc.dictionary(fieldName, fc.tuple(tie("any"), fc.boolean()), { minKeys: 1, maxKeys: 4 }).map(structOf),
    tie("any").map((item) => ({
      name: `Array(${item.name})`,
      schema: Schema.Array(item.schema),
      values: fc.array(item.values, { maxLength: 4 }),
    })),
    tie("any").map((item) => ({
      name: `Record(${item.name})`,
      schema: Schema.Record(Schema.String, item.schema),
      values: fc.dictionary(fieldName, item.values, { maxKeys: 4, noNullPrototype: true }),
    })),
    tie("any").map((item) => ({
      name: `NullOr(${item.name})`,
      schema: Schema.NullOr(item.schema),
      values: fc.option(item.values, { nil: null }),
    })),
  ),
})).any
