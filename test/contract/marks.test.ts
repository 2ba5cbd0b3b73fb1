/**
 * Marks in JSON Schema: code that refuses more than it says is named, whatever else is not, and no fingerprint changes.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Schema, SchemaGetter } from "effect"
import { type AnySchema, api, call, jsonSchema, makeCodec } from "../../src/contract/mod.ts"

const marked = (schema: unknown): unknown => makeCodec(schema as AnySchema).markedSchema

class Part extends Schema.Class<Part>("Part")({ sku: Schema.String, price: Schema.Int }) {}

describe("markedSchema", () => {
  test("says nothing where JSON Schema says all", () => {
    const whole = [
      Schema.Struct({
        a: Schema.String,
        b: Schema.optional(Schema.Int),
        c: Schema.Number,
        d: Schema.NullOr(Schema.Boolean),
      }),
      Schema.Array(Schema.Literals(["a", "b"])),
      Schema.Struct({ n: Schema.Int.pipe(Schema.withDecodingDefault(Effect.succeed(1))) }),
      Schema.Struct({ n: Schema.Int, o: Schema.String }).pipe(Schema.encodeKeys({ n: "number" })),
      Schema.String.check(Schema.isUUID()),
      Schema.Record(Schema.String, Schema.Int),
      Schema.Option(Schema.Int),
      Schema.Void,
      Part,
    ]
    for (const schema of whole) {
      assert.deepEqual(marked(schema), makeCodec(schema as unknown as AnySchema).jsonSchema)
      assert.doesNotMatch(JSON.stringify(marked(schema)), /x-warren-code/)
    }
  })

  test("names code where it refuses more", () => {
    const names = (schema: unknown) => (marked(schema) as { readonly "x-warren-code"?: unknown })["x-warren-code"]
    assert.deepEqual(names(Schema.Date), ["Date"])
    assert.deepEqual(names(Schema.URL), ["URL"])
    assert.deepEqual(names(Schema.FiniteFromString), ["isFinite"])
    assert.deepEqual(names(Schema.String.check(Schema.isPattern(/^P/i))), ['isPattern {"source":"^P","flags":"i"}'])
    assert.deepEqual(names(Schema.String.check(Schema.makeFilter(() => true, { title: "Sku" }))), ["Sku"])
    assert.deepEqual(names(Schema.String.check(Schema.makeFilter(() => true, { expected: "a SKU" }))), ["a SKU"])
    assert.deepEqual(names(Schema.String.check(Schema.makeFilter(() => true))), ["?"])
    assert.deepEqual(names(Schema.Int.pipe(Schema.catchDecoding(() => Effect.succeedSome(1)))), ["middleware ?"])
    assert.deepEqual(names(Schema.Record(Schema.String.check(Schema.isMinLength(2)), Schema.Int)), ["keys ?"])
    assert.deepEqual(names(Schema.NumberFromString), ["writes a string that will be decoded as a number"])
    assert.deepEqual(names(Schema.Union([Schema.String, Schema.Literal("a")], { mode: "oneOf" })), ["oneOf ?"])
    const late = Schema.Struct({
      a: Schema.optionalKey(Schema.String).pipe(
        Schema.decodeTo(Schema.String, {
          decode: SchemaGetter.required(),
          encode: SchemaGetter.passthrough(),
        }),
      ),
    })
    assert.match(JSON.stringify(marked(late)), /"x-warren-code":\["\? \(also when absent\)"\]/)
  })

  test("stands where the value does, inside fields, lists and what refers to itself", () => {
    interface Node {
      readonly at: Date
      readonly kids: ReadonlyArray<Node>
    }
    const node: Schema.Codec<Node, unknown> = Schema.Struct({
      at: Schema.Date,
      kids: Schema.Array(Schema.suspend(() => node)),
    }) as never
    assert.deepEqual(
      (marked(node) as { readonly $defs: { readonly [name: string]: { readonly properties: unknown } } })
        .$defs["Objects_"]
        ?.properties,
      {
        at: { type: "string", "x-warren-code": ["Date"] },
        kids: { type: "array", items: { $ref: "#/$defs/Objects_" } },
      },
    )
  })

  test("changes no fingerprint", () => {
    const plain = makeCodec(Schema.Struct({ a: Schema.String }) as unknown as AnySchema)
    const coded = makeCodec(Schema.Struct({ a: Schema.Date }) as unknown as AnySchema)
    assert.equal(coded.fingerprint, plain.fingerprint)
    const odd = Schema.Struct({
      a: Schema.Union([Schema.String, Schema.NullOr(Schema.Int).check(Schema.makeFilter(() => true))]),
    })
    const { jsonSchema, markedSchema } = makeCodec(odd as unknown as AnySchema)
    assert.deepEqual(markedSchema, { ...jsonSchema, "x-warren-code": ["?"] })
  })

  test("is what jsonSchema() gives", () => {
    const shop = api("shop", { find: call({ since: Schema.Date }, { returns: Part }) })
    const { payload } = jsonSchema(shop).members["find"]!
    assert.deepEqual(payload["properties"], { since: { type: "string", "x-warren-code": ["Date"] } })
  })
})
