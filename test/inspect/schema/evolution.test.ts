/**
 * What people ask of a changed contract, case by case: who may still read whom, and what is said where somebody cannot.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Schema } from "effect"
import { type AnySchema, makeCodec } from "../../../src/contract/mod.ts"
import { fits } from "../../../src/inspect/schema/fits.ts"

const base = { orderId: Schema.String, sku: Schema.String, quantity: Schema.Int }
const order = Schema.Struct(base)
const open = Schema.Literals(["open", "closed"])
const wider = Schema.Literals(["open", "closed", "held"])
const named = Schema.String.check(Schema.makeFilter((text: string) => text !== "x", { identifier: "Sku" }))
const nameless = Schema.String.check(Schema.makeFilter((text: string) => text !== "x"))
class Gone extends Schema.TaggedError<Gone>()("Gone", { sku: Schema.String }) {}
class Held extends Schema.TaggedError<Held>()("Held", { until: Schema.Date }) {}
class Part extends Schema.Class<Part>("Part")({ sku: Schema.String }) {}

/** A misfit as short text: the place, what is written, what is read; `?` where it cannot be told. */
const told = (writer: unknown, reader: unknown): ReadonlyArray<string> =>
  fits(makeCodec(writer as AnySchema).markedSchema, makeCodec(reader as AnySchema).markedSchema).map((one) =>
    `${one.path.join(".")}: ${one.writer} -> ${one.reader}${one.verdict === "unknown" ? ` ? ${one.why}` : ""}`
  )

type Case = readonly [
  name: string,
  before: unknown,
  after: unknown,
  newToOld: ReadonlyArray<string>,
  oldToNew: ReadonlyArray<string>,
]

const field = (schema: Schema.Constraint) => Schema.Struct({ a: schema })

const cases: ReadonlyArray<Case> = [
  ["nothing changed", order, Schema.Struct({ ...base }), [], []],
  ["an optional field more", order, Schema.Struct({ ...base, note: Schema.optional(Schema.String) }), [], []],
  ["an optional date more", order, Schema.Struct({ ...base, at: Schema.optionalKey(Schema.Date) }), [], []],
  [
    "a required field more",
    order,
    Schema.Struct({ ...base, note: Schema.String }),
    [],
    ["note: not there -> required"],
  ],
  [
    "a field with a default more",
    order,
    Schema.Struct({ ...base, priority: Schema.Int.pipe(Schema.withDecodingDefault(Effect.succeed(1))) }),
    [],
    [],
  ],
  [
    "a field with a default for its key more",
    order,
    Schema.Struct({ ...base, at: Schema.Date.pipe(Schema.withDecodingDefaultKey(Effect.succeed(new Date(0)))) }),
    [],
    [],
  ],
  [
    "a field less",
    order,
    Schema.Struct({ orderId: Schema.String, sku: Schema.String }),
    ["quantity: not there -> required"],
    [],
  ],
  [
    "another name",
    order,
    Schema.Struct({ orderId: Schema.String, article: Schema.String, quantity: Schema.Int }),
    ["sku: not there -> required"],
    ["article: not there -> required"],
  ],
  [
    "another name in the code alone",
    order,
    Schema.Struct({ orderId: Schema.String, article: Schema.String, quantity: Schema.Int }).pipe(
      Schema.encodeKeys({ article: "sku" }),
    ),
    [],
    [],
  ],
  [
    "another type",
    order,
    Schema.Struct({ ...base, sku: Schema.Int }),
    ["sku: a whole number -> a string"],
    ["sku: a string -> a whole number"],
  ],
  [
    "optional now",
    order,
    Schema.Struct({ ...base, sku: Schema.optionalKey(Schema.String) }),
    ["sku: optional -> required"],
    [],
  ],
  [
    "may be null now",
    order,
    Schema.Struct({ ...base, sku: Schema.NullOr(Schema.String) }),
    ["sku: a string or null -> a string"],
    [],
  ],
  ["a wider enum", field(open), field(wider), ['a: "open", "closed" or "held" -> "open" or "closed"'], []],
  ["any text instead of an enum", field(open), field(Schema.String), ['a: a string -> "open" or "closed"'], []],
  ["whole numbers only", field(Schema.Finite), field(Schema.Int), [], ["a: a number -> a whole number"]],
  [
    "no infinities",
    field(Schema.Number),
    field(Schema.Finite),
    [],
    ["a: a number, NaN or an infinity -> a number"],
  ],
  [
    "a narrower range",
    field(Schema.Int),
    field(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 }))),
    [],
    ["a: a whole number -> a whole number from 1 to 10"],
  ],
  [
    "a shorter text",
    field(Schema.String),
    field(Schema.String.check(Schema.isMaxLength(3))),
    [],
    ["a: a string -> a string of at most 3 characters"],
  ],
  [
    "a pattern",
    field(Schema.String),
    field(Schema.String.check(Schema.isPattern(/^P-/))),
    [],
    ["a: a string -> a string (/^P-/)"],
  ],
  [
    "another pattern",
    field(Schema.String.check(Schema.isPattern(/^P-/))),
    field(Schema.String.check(Schema.isPattern(/^P-\d+$/))),
    ["a: a string (/^P-\\d+$/) -> a string (/^P-/) ? it is written by code: /^P-\\d+$/"],
    ["a: a string (/^P-/) -> a string (/^P-\\d+$/) ? it is written by code: /^P-/"],
  ],
  ["an enum for a pattern", field(Schema.String.check(Schema.isPattern(/^P-/))), field(Schema.Literals(["P-1"])), [], [
    'a: a string (/^P-/) -> "P-1" ? it is written by code: /^P-/',
  ]],
  ["a text for a date", field(Schema.Date), field(Schema.String), ["a: a string -> a string (Date)"], []],
  ["a number for a date", field(Schema.Date), field(Schema.Int), [
    "a: a whole number -> a string (Date)",
  ], ["a: a string (Date) -> a whole number"]],
  ["a text for a number in a text", field(Schema.NumberFromString), field(Schema.String), [], []],
  ["a check by name", Schema.Struct({ a: named }), Schema.Struct({ a: named, b: Schema.optional(named) }), [], []],
  ["a check without a name", field(nameless), Schema.Struct({ a: nameless, b: Schema.optional(Schema.Int) }), [
    "a: a string (a check without a name) -> a string (a check without a name) ? it is read by code: a check without a name",
  ], [
    "a: a string (a check without a name) -> a string (a check without a name) ? it is read by code: a check without a name",
  ]],
  ["a class of the same fields", Schema.Struct({ sku: Schema.String }), Part, [], []],
  ["an error more", Gone, Schema.Union([Gone, Held]), [": Gone or Held -> Gone"], []],
  ["an error where none was", Schema.Never, Gone, [": Gone -> nothing"], []],
  ["an answer where none was", Schema.Void, order, [": an object -> null"], [": null -> an object"]],
  [
    "a field of an alternative",
    Schema.TaggedUnion({ A: { n: Schema.Int }, B: {} }),
    Schema.TaggedUnion({ A: { n: Schema.String }, B: {} }),
    ["n: a string -> a whole number"],
    ["n: a whole number -> a string"],
  ],
  [
    "one of two instead of a tag of either",
    Schema.Struct({ _tag: Schema.Literals(["A", "B"]), n: Schema.Int }),
    Schema.Union([Schema.TaggedStruct("A", { n: Schema.Int }), Schema.TaggedStruct("B", { n: Schema.Int })]),
    [],
    [],
  ],
  [
    "items of lists",
    field(Schema.Array(Schema.Struct({ sku: Schema.String }))),
    field(Schema.NonEmptyArray(Schema.Struct({ sku: Schema.Int }))),
    ["a.[].sku: a whole number -> a string"],
    ["a: a list -> a list of at least one item", "a.[].sku: a string -> a whole number"],
  ],
  [
    "a record of other values",
    Schema.Record(Schema.String, Schema.Int),
    Schema.Record(Schema.String, Schema.String),
    ["{}: a string -> a whole number"],
    ["{}: a whole number -> a string"],
  ],
  ["fields instead of a record", Schema.Record(Schema.String, Schema.String), field(Schema.String), [], [
    "a: optional -> required",
  ]],
  ["a field where there were none", Schema.Struct({}), Schema.Struct({ a: Schema.optional(Schema.String) }), [], [
    ": an object without fields -> an object ? without fields it may by its schema hold anything but null",
  ]],
]

describe("fits()", () => {
  for (const [name, before, after, newToOld, oldToNew] of cases) {
    test(`tells of a contract that has ${name}`, () => {
      assert.deepEqual(told(after, before), newToOld, "new to old")
      assert.deepEqual(told(before, after), oldToNew, "old to new")
    })
  }

  test("gives an example, whole and as it would be sent", () => {
    const [misfit] = fits(
      makeCodec(Schema.Struct({ ...base, items: Schema.Array(Schema.Int) }) as unknown as AnySchema).markedSchema,
      makeCodec(Schema.Struct({ ...base, items: Schema.Array(Schema.String) }) as unknown as AnySchema).markedSchema,
    )
    assert.deepEqual(misfit?.example?.value, { orderId: "x", sku: "x", quantity: 1, items: [1] })
  })

  test("does not take what it does not know for nothing", () => {
    const strange = { type: "object", dependentSchemas: {} }
    assert.deepEqual(fits({ type: "object", additionalProperties: true }, strange).map(({ why }) => why), [
      'the keyword "dependentSchemas"',
    ])
    assert.deepEqual(fits({ type: "string", enum: ["a"] }, { $ref: "#/$defs/None" }).map(({ why }) => why), [
      'the keyword "$ref"',
    ])
    assert.equal(fits({ $ref: "#" }, { type: "string" })[0]?.verdict, "unknown")
  })

  test("reads recursive schemas to their end", () => {
    interface Tree {
      readonly n: number
      readonly kids: ReadonlyArray<Tree>
    }
    const tree = (n: Schema.Constraint) => {
      const made: Schema.Codec<Tree> = Schema.Struct({ n, kids: Schema.Array(Schema.suspend(() => made)) }) as never
      return made
    }
    assert.deepEqual(told(tree(Schema.Int), tree(Schema.Finite)), [])
    assert.deepEqual(told(tree(Schema.Finite), tree(Schema.Int)), [
      "n: a number -> a whole number",
      "kids.[].n: a number -> a whole number",
    ])
  })
})
