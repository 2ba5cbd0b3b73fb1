/**
 * Codecs of random schemas: values come back as they went, misfits are named, and nothing throws.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Equal, Result, Schema, SchemaTransformation } from "effect"
import fc from "fast-check"
import { type AnySchema, api, event, fingerprint, makeCodec, show } from "../../src/contract/mod.ts"
import { fromBytes, toBytes } from "../../src/wire/mod.ts"
import { properties } from "../wire/properties.ts"
import { samples } from "./schemas.ts"

const misfitsOf = (
  result: Result.Result<unknown, ReadonlyArray<{ field: string; value: string; expected: string }>>,
) => {
  assert.ok(Result.isFailure(result), "It fitted")
  assert.ok(result.failure.length > 0, "At least one misfit")
  return result.failure
}

describe("makeCodec()", () => {
  test("brings every value of every schema back through bytes", () =>
    properties(
      fc.property(samples.chain((sample) => fc.tuple(fc.constant(sample), sample.values)), ([sample, value]) => {
        const codec = makeCodec(sample.schema)
        const encoded = codec.encode(value)
        assert.ok(Result.isSuccess(encoded), `${sample.name} does not encode ${show(value)}`)
        const json = fromBytes(Result.getOrThrow(toBytes(encoded.success)))
        assert.ok(Result.isSuccess(json))
        const decoded = codec.decode(json.success)
        assert.ok(Result.isSuccess(decoded), `${sample.name} does not decode ${show(json.success)}`)
        assert.ok(
          Equal.equals(decoded.success, value),
          `${sample.name}: ${show(value)} came back as ${show(decoded.success)}`,
        )
      }),
      300,
    ))

  test("never throws and always says what does not fit, for any value", () =>
    properties(
      fc.property(samples, fc.anything(), ({ schema }, value) => {
        const codec = makeCodec(schema)
        for (const result of [codec.encode(value), codec.decode(value)]) {
          if (Result.isSuccess(result)) continue
          for (const { field, value, expected } of misfitsOf(result)) {
            assert.ok(typeof field === "string" && value.length <= 200 && expected.length > 0)
          }
        }
      }),
      300,
    ))

  test("names every misfit by its path", () => {
    const codec = makeCodec(
      Schema.Struct({ items: Schema.Array(Schema.Struct({ sku: Schema.String, n: Schema.Int })) }),
    )
    assert.deepEqual(misfitsOf(codec.decode({ items: [{ sku: "a", n: 1 }, { sku: 2, n: 1.5 }, {}] })), [
      { field: "items[1].sku", value: "2", expected: "string" },
      { field: "items[1].n", value: "1.5", expected: "an integer" },
      { field: "items[2].sku", value: "undefined", expected: "a value (it is missing)" },
      { field: "items[2].n", value: "undefined", expected: "a value (it is missing)" },
    ])
  })

  test("takes plain objects where the schema has a class, and fills in defaults", () => {
    class Line extends Schema.Class<Line>("Line")({ sku: Schema.String }) {}
    const codec = makeCodec(Schema.Struct({
      line: Line,
      note: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed("none"))),
    }))
    assert.deepEqual(codec.encode({ line: { sku: "a" } }), Result.succeed({ line: { sku: "a" }, note: "none" }))
    assert.deepEqual(
      codec.encode({ line: new Line({ sku: "a" }), note: "x" }),
      Result.succeed({ line: { sku: "a" }, note: "x" }),
    )
    const back = codec.decode({ line: { sku: "a" }, note: "x" })
    assert.ok(Result.isSuccess(back) && back.success.line instanceof Line)
  })

  test("survives a schema whose own functions throw", () => {
    const throws = (): never => {
      throw new Error("mine")
    }
    const codec = makeCodec(
      Schema.String.pipe(
        Schema.decodeTo(
          Schema.String,
          SchemaTransformation.transform<string, string>({ decode: throws, encode: throws }),
        ),
      ),
    )
    assert.match(misfitsOf(codec.decode("x"))[0]!.expected, /mine/)
    assert.match(misfitsOf(codec.encode("x"))[0]!.expected, /mine/)
  })
})

describe("show()", () => {
  test("shows anything in at most 200 characters", () => {
    properties(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), (value) => {
        assert.ok(show(value).length <= 200)
      }),
      500,
    )
    const evil = [
      { toJSON: () => undefined, toString: 1 },
      Object.create(null, { toJSON: { value: () => undefined } }),
      Proxy.revocable({}, {}).proxy,
      { a: 1n },
    ]
    for (const value of evil) assert.ok(typeof show(value) === "string")
    assert.deepEqual([show(Number.NaN), show(Infinity), show(undefined), show("a")], [
      "NaN",
      "Infinity",
      "undefined",
      '"a"',
    ])
  })
})

describe("fingerprint()", () => {
  const print = (schema: AnySchema) => makeCodec(schema).fingerprint

  test("does not change with descriptions, titles, and the order of fields", () =>
    properties(fc.property(fc.array(samples, { minLength: 2, maxLength: 4 }), (fields) => {
      const named = fields.map(({ schema }, i) => [`f${i}`, schema] as const)
      const plain: Schema.Struct.Fields = Object.fromEntries(named)
      const described: Schema.Struct.Fields = Object.fromEntries(
        named.toReversed().map(([name, schema]) => [
          name,
          (schema as typeof Schema.String).annotate({ description: "changed", title: "T", examples: [] }),
        ]),
      )
      assert.equal(
        makeCodec(Schema.Struct(described).annotate({ description: "whole" }) as unknown as AnySchema).fingerprint,
        makeCodec(Schema.Struct(plain) as unknown as AnySchema).fingerprint,
      )
    })))

  test("changes with a field, its name, its optionality and its type", () =>
    properties(fc.property(samples, ({ schema }) => {
      const prints = [
        Schema.Struct({ a: schema }),
        Schema.Struct({ a: Schema.optionalKey(schema) }),
        Schema.Struct({ b: schema }),
        Schema.Struct({ a: schema, b: schema }),
        Schema.Struct({ a: Schema.Array(schema) }),
      ].map((one) => print(one as AnySchema))
      assert.equal(new Set(prints).size, prints.length)
    })))

  test("changes with checks and literals", () => {
    const prints = [
      Schema.String,
      Schema.String.check(Schema.isMinLength(1)),
      Schema.String.check(Schema.isMinLength(5)),
      Schema.Literals(["a", "b"]),
      Schema.Literals(["a", "c"]),
      Schema.Int,
      Schema.Number,
      Schema.Struct({ title: Schema.String }),
      Schema.Struct({ description: Schema.String }),
    ].map((schema) => print(schema))
    assert.equal(new Set(prints).size, prints.length)
    assert.equal(print(Schema.Literals(["a", "b"])), print(Schema.Literals(["b", "a"])))
  })

  test("does not change with the names of classes and definitions, also in recursive schemas", () => {
    class Line extends Schema.Class<Line>("Line")({ sku: Schema.String }) {}
    const line = Schema.Struct({ sku: Schema.String })
    assert.equal(print(Schema.Struct({ a: Line, b: Line })), print(Schema.Struct({ a: line, b: line })))
    assert.equal(print(line.annotate({ identifier: "Row" })), print(Line))

    interface Tree {
      readonly n: number
      readonly children: ReadonlyArray<Tree>
    }
    const tree = (identifier: string, n: typeof Schema.Int | typeof Schema.Number): Schema.Codec<Tree> => {
      const self: Schema.Codec<Tree> = Schema.Struct({
        n,
        children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => self)),
      }).annotate({ identifier })
      return self
    }
    assert.equal(print(tree("One", Schema.Int)), print(tree("Other", Schema.Int)))
    assert.notEqual(print(tree("One", Schema.Int)), print(tree("One", Schema.Number)))
  })

  test("is the payload's, whatever the contract is called", () => {
    const one = api("one", { a: event({ x: Schema.Int }) })
    const two = api("two", { b: event({ x: Schema.Int }) }, { version: 2 })
    assert.equal(fingerprint(one.a), fingerprint(two.b))
    assert.match(fingerprint(one.a), /^[0-9a-f]{16}$/)
  })
})
