/**
 * Schemas at random, each with values that fit it, and with changes as people make them; for property tests.
 */
import { Effect, Option, Result, Schema } from "effect"
import fc from "fast-check"
import type { AnySchema } from "../../../src/contract/mod.ts"

/** What a schema is made of. */
export type Shape =
  | { readonly kind: "string"; readonly least?: number; readonly most?: number; readonly pattern?: string }
  | { readonly kind: "int" | "finite"; readonly least?: number; readonly most?: number; readonly by?: number }
  | {
    readonly kind:
      | "number"
      | "boolean"
      | "null"
      | "void"
      | "date"
      | "bigint"
      | "unknown"
      | "numeric"
      | "uuid"
      | "even"
      | "positive"
      | "tree"
      | "fallback"
  }
  | { readonly kind: "literals"; readonly values: ReadonlyArray<string | number> }
  | { readonly kind: "array"; readonly of: Shape; readonly least?: number; readonly most?: number }
  | { readonly kind: "tuple"; readonly of: ReadonlyArray<Shape>; readonly more?: Shape }
  | { readonly kind: "record"; readonly of: Shape }
  | { readonly kind: "union"; readonly of: ReadonlyArray<Shape>; readonly isOneOf?: boolean }
  | { readonly kind: "tagged"; readonly of: { readonly [tag: string]: Fields } }
  | {
    readonly kind: "struct"
    readonly fields: Fields
    readonly as?: "class" | "renamed" | "checked"
    readonly others?: Shape
  }
  | { readonly kind: "option"; readonly of: Shape }

/** A field and how it may be missing. */
export interface Field {
  readonly of: Shape
  readonly as: "required" | "optional" | "key" | "default"
}

/** The fields of a struct. */
export type Fields = { readonly [name: string]: Field }

interface Tree {
  readonly value: number
  readonly kids: ReadonlyArray<Tree>
}

const Tree: Schema.Codec<Tree, unknown> = Schema.Struct({
  value: Schema.Int,
  kids: Schema.Array(Schema.suspend((): Schema.Codec<Tree, unknown> => Tree)),
}) as unknown as Schema.Codec<Tree, unknown>

const even = Schema.makeFilter((value: number) => value % 2 === 0, { expected: "an even number" })
const positive = Schema.makeFilter((value: number) => value > 0)
const ordered = Schema.makeFilter((value: object) => Object.keys(value).length < 100, { identifier: "small" })

/** The schema of a shape. */
export const schemaOf = (shape: Shape): AnySchema => build(shape) as unknown as AnySchema

type Any = Schema.Codec<unknown, unknown>

const build = (shape: Shape): Any => made(shape) as unknown as Any

const made = (shape: Shape): unknown => {
  switch (shape.kind) {
    case "string": {
      const { least, most, pattern } = shape
      let schema = Schema.String
      if (least !== undefined) schema = schema.check(Schema.isMinLength(least))
      if (most !== undefined) schema = schema.check(Schema.isMaxLength(most))
      if (pattern !== undefined) schema = schema.check(Schema.isPattern(new RegExp(pattern)))
      return schema
    }
    case "int":
    case "finite": {
      const { least, most, by } = shape
      let schema: typeof Schema.Finite = shape.kind === "int" ? Schema.Int : Schema.Finite
      if (least !== undefined) schema = schema.check(Schema.isGreaterThanOrEqualTo(least))
      if (most !== undefined) schema = schema.check(Schema.isLessThan(most))
      if (by !== undefined) schema = schema.check(Schema.isMultipleOf(by))
      return schema
    }
    case "number":
      return Schema.Number
    case "boolean":
      return Schema.Boolean
    case "null":
      return Schema.Null
    case "void":
      return Schema.Void
    case "date":
      return Schema.Date
    case "bigint":
      return Schema.BigInt
    case "unknown":
      return Schema.Unknown
    case "numeric":
      return Schema.NumberFromString
    case "uuid":
      return Schema.String.check(Schema.isUUID())
    case "even":
      return Schema.Int.check(even)
    case "positive":
      return Schema.Int.check(positive)
    case "tree":
      return Tree
    case "fallback":
      return Schema.Int.pipe(Schema.catchDecoding(() => Effect.succeedSome(0)))
    case "literals":
      return Schema.Literals(shape.values)
    case "array": {
      const { of, least, most } = shape
      let schema = Schema.Array(build(of))
      if (least !== undefined) schema = schema.check(Schema.isMinLength(least))
      if (most !== undefined) schema = schema.check(Schema.isMaxLength(most))
      return schema
    }
    case "tuple": {
      const tuple = Schema.Tuple(shape.of.map(build))
      return shape.more === undefined ? tuple : Schema.TupleWithRest(tuple, [build(shape.more)])
    }
    case "record":
      return Schema.Record(Schema.String, build(shape.of))
    case "union":
      return Schema.Union(shape.of.map(build), shape.isOneOf === true ? { mode: "oneOf" } : undefined)
    case "tagged":
      return Schema.Union(
        Object.entries(shape.of).map(([tag, fields]) => Schema.TaggedStruct(tag, fieldsOf(fields))),
      )
    case "option":
      return Schema.Option(build(shape.of))
    case "struct": {
      const fields = fieldsOf(shape.fields)
      const struct = Schema.Struct(fields)
      if (shape.others !== undefined) {
        return Schema.StructWithRest(struct, [Schema.Record(Schema.String, build(shape.others))])
      }
      if (shape.as === "renamed") return struct.pipe(Schema.encodeKeys({ a: "renamed" } as never))
      if (shape.as === "checked") return struct.check(ordered)
      return shape.as === "class" ? class Made extends Schema.Class<Made>("Made")(fields) {} : struct
    }
  }
}

const fieldsOf = (fields: Fields): Record<string, Any> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { of, as }]): [string, Any] => {
      const schema = build(of)
      if (as === "optional") return [name, Schema.optional(schema) as unknown as Any]
      if (as === "key") return [name, Schema.optionalKey(schema) as unknown as Any]
      // a default is given encoded, and what stands for a class here is no instance of it
      if (as === "required" || JSON.stringify(of).includes('"class"')) return [name, schema]
      const usual = fc.sample(valuesOf(of), { numRuns: 20, seed: 1 }).map((value) =>
        Schema.encodeUnknownResult(build(of))(value)
      ).find(Result.isSuccess)
      return usual === undefined
        ? [name, schema]
        : [name, schema.pipe(Schema.withDecodingDefault(Effect.succeed(usual.success) as never)) as unknown as Any]
    }),
  )

/** Values of a shape, as its schema has them when decoded. */
export const valuesOf = (shape: Shape): fc.Arbitrary<unknown> => {
  switch (shape.kind) {
    case "string":
      return fc.oneof(
        fc.constantFrom("", "x", "1", "abc", "P-1", "P-100", "\u{1f600}", "\u{1f600}\u{1f600}"),
        fc.string({ maxLength: 12 }),
      ).map(
        (text) => {
          const long = text.padEnd(shape.least ?? 0, "z").slice(0, shape.most ?? 100)
          return shape.pattern === undefined || new RegExp(shape.pattern).test(long) ? long : "P-1"
        },
      )
    case "int":
    case "finite":
    case "even":
    case "positive":
      return numbers(shape)
    case "fallback":
      return fc.integer()
    case "number":
      return fc.oneof(fc.double(), fc.integer())
    case "numeric":
      return fc.oneof(fc.double(), fc.integer())
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "void":
      return fc.constant(undefined)
    case "date":
      return fc.date({ noInvalidDate: true })
    case "bigint":
      return fc.bigInt({ min: -1_000n, max: 10n ** 20n })
    case "unknown":
      return fc.jsonValue({ maxDepth: 2 })
    case "uuid":
      return fc.uuid()
    case "tree":
      return fc.letrec<{ tree: Tree }>((tie) => ({
        tree: fc.record({
          value: fc.integer(),
          kids: fc.oneof({ maxDepth: 2 }, fc.constant([]), fc.array(tie("tree"), { maxLength: 2 })),
        }),
      })).tree
    case "literals":
      return fc.constantFrom(...shape.values)
    case "array":
      return fc.array(valuesOf(shape.of), {
        minLength: shape.least ?? 0,
        maxLength: Math.max(shape.least ?? 0, Math.min(shape.most ?? 3, 3)),
      })
    case "tuple":
      return fc.tuple(
        fc.tuple(...shape.of.map(valuesOf)),
        shape.more === undefined ? fc.constant([]) : fc.array(valuesOf(shape.more), { maxLength: 2 }),
      ).map(([first, more]) => [...first, ...more])
    case "record":
      return records(shape.of)
    case "union":
      return fc.oneof(...shape.of.map(valuesOf))
    case "tagged":
      return fc.oneof(
        ...Object.entries(shape.of).map(([tag, fields]) => objects(fields).map((value) => ({ _tag: tag, ...value }))),
      )
    case "option":
      return fc.option(valuesOf(shape.of), { nil: notThere }).map((value) =>
        value === notThere ? Option.none() : Option.some(value)
      )
    case "struct": {
      const own = objects(shape.fields)
      return shape.others === undefined
        ? own
        : fc.tuple(records(shape.others), own).map(([others, value]) => ({ ...others, ...value }))
    }
  }
}

const notThere = Symbol("not there")

const records = (of: Shape): fc.Arbitrary<object> =>
  fc.dictionary(fc.constantFrom("a", "b", "c", "k1", "other"), valuesOf(of), { maxKeys: 3 })
    .map((value) => ({ ...value }))

const objects = (fields: Fields): fc.Arbitrary<object> =>
  fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, { of, as }]) => [
        name,
        as === "optional" ? fc.oneof(valuesOf(of), fc.constant(undefined)) : valuesOf(of),
      ]),
    ),
    {
      requiredKeys: Object.entries(fields).flatMap(([name, { as }]) =>
        as === "required" || as === "default" ? [name] : []
      ),
      noNullPrototype: true,
    },
  )

const numbers = (
  { kind, ...limits }: { kind: string; least?: number; most?: number; by?: number },
): fc.Arbitrary<number> => {
  const { least = -1_000, most = 1_000, by } = limits
  const isWhole = kind !== "finite"
  const from = kind === "positive" ? 1 : least
  const whole = fc.integer({ min: Math.ceil(from), max: Math.max(Math.ceil(from), Math.ceil(most) - 1) })
  if (kind === "even") return whole.map((value) => value * 2)
  if (by !== undefined) {
    const first = Math.ceil(from / by)
    return fc.integer({ min: first, max: Math.max(first, Math.ceil(most / by) - 1) }).map((value) => value * by)
  }
  return isWhole
    ? whole
    : fc.oneof(whole, fc.double({ min: from, max: most, maxExcluded: true, noNaN: true, noDefaultInfinity: true }))
}

const names = ["a", "b", "c", "d"]

const leaf: fc.Arbitrary<Shape> = fc.oneof(
  fc.constantFrom<Shape>(
    { kind: "string" },
    { kind: "string" },
    { kind: "int" },
    { kind: "finite" },
    { kind: "number" },
    { kind: "boolean" },
    { kind: "null" },
    { kind: "void" },
    { kind: "date" },
    { kind: "bigint" },
    { kind: "unknown" },
    { kind: "numeric" },
    { kind: "uuid" },
    { kind: "even" },
    { kind: "positive" },
    { kind: "tree" },
    { kind: "fallback" },
  ),
  fc.record({ least: fc.integer({ min: 0, max: 3 }), most: fc.integer({ min: 4, max: 6 }) }).map((limits): Shape => ({
    kind: "string",
    ...limits,
  })),
  fc.constantFrom<Shape>({ kind: "string", pattern: "^P-" }, { kind: "string", pattern: "\\d" }),
  fc.record({
    kind: fc.constantFrom("int" as const, "finite" as const),
    least: fc.integer({ min: -3, max: 3 }),
    most: fc.integer({ min: 8, max: 20 }),
  }),
  fc.constantFrom<Shape>({ kind: "int", by: 2 }, { kind: "int", by: 4 }, { kind: "finite", by: 1 }),
  fc.uniqueArray(fc.constantFrom<string | number>("x", "1", "P-1", "abc", 1, 2), { minLength: 1, maxLength: 4 })
    .map((values): Shape => ({ kind: "literals", values })),
)

const { shape, fields } = fc.letrec<{ shape: Shape; fields: Fields; field: Field }>((tie) => ({
  field: fc.record({
    of: tie("shape"),
    as: fc.constantFrom<Field["as"]>("required", "required", "required", "optional", "key", "default"),
  }),
  fields: fc.dictionary(fc.constantFrom(...names), tie("field"), { maxKeys: 3, noNullPrototype: true }),
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constant("array" as const), of: tie("shape") }),
    fc.record({
      kind: fc.constant("array" as const),
      of: tie("shape"),
      least: fc.integer({ min: 0, max: 2 }),
      most: fc.integer({ min: 2, max: 3 }),
    }),
    fc.record({ kind: fc.constant("tuple" as const), of: fc.array(tie("shape"), { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("tuple" as const),
      of: fc.array(tie("shape"), { minLength: 1, maxLength: 2 }),
      more: tie("shape"),
    }),
    fc.record({ kind: fc.constant("record" as const), of: tie("shape") }),
    fc.record({
      kind: fc.constant("union" as const),
      of: fc.array(tie("shape"), { minLength: 1, maxLength: 3 }),
      isOneOf: fc.constantFrom(false, false, false, true),
    }),
    fc.dictionary(fc.constantFrom("A", "B", "C"), tie("fields"), { minKeys: 1, maxKeys: 3, noNullPrototype: true })
      .map((of): Shape => ({ kind: "tagged", of })),
    fc.record({ kind: fc.constant("option" as const), of: tie("shape") }),
    tie("fields").map((fields): Shape => ({ kind: "struct", fields })),
    tie("fields").map((fields): Shape => ({ kind: "struct", fields })),
    fc.tuple(tie("fields"), fc.constantFrom("class" as const, "checked" as const)).map(([fields, as]): Shape => ({
      kind: "struct",
      fields,
      as,
    })),
    fc.tuple(tie("fields"), tie("field")).map(([fields, a]): Shape => ({
      kind: "struct",
      fields: { ...fields, a },
      as: "renamed",
    })),
  ),
}))

/** Any shape. */
export const shapes: fc.Arbitrary<Shape> = shape

/** A shape that something was done to, at one place. */
export const changed = (one: Shape): fc.Arbitrary<Shape> => {
  const inside: Array<fc.Arbitrary<Shape>> = []
  if (one.kind === "struct") {
    const keys = Object.keys(one.fields)
    const put = (name: string, field: Field): Shape => ({ ...one, fields: { ...one.fields, [name]: field } })
    inside.push(
      fc.tuple(fc.constantFrom(...names), leaf, fc.constantFrom<Field["as"]>("required", "optional", "key", "default"))
        .map(([name, of, as]) => put(name, { of, as })),
    )
    for (const key of keys) {
      const field = one.fields[key]!
      inside.push(
        changed(field.of).map((of) => put(key, { ...field, of })),
        fc.constantFrom<Field["as"]>("required", "optional", "key", "default").map((as) => put(key, { ...field, as })),
      )
      if (one.as !== "renamed" || key !== "a") {
        inside.push(fc.constant({
          ...one,
          fields: Object.fromEntries(Object.entries(one.fields).filter(([name]) => name !== key)),
        }))
      }
    }
  }
  if (one.kind === "array" || one.kind === "record" || one.kind === "option") {
    inside.push(changed(one.of).map((of) => ({ ...one, of })))
  }
  if (one.kind === "union") {
    inside.push(
      leaf.map((more): Shape => ({ ...one, of: [...one.of, more] })),
      fc.nat({ max: one.of.length - 1 }).chain((i) =>
        changed(one.of[i]!).map((other): Shape => ({ ...one, of: one.of.with(i, other) }))
      ),
    )
  }
  if (one.kind === "tagged") {
    inside.push(
      fc.tuple(fc.constantFrom("A", "B", "C", "D"), fields).map(([tag, fields]): Shape => ({
        ...one,
        of: { ...one.of, [tag]: fields },
      })),
    )
  }
  if (one.kind === "tuple") {
    inside.push(
      fc.nat({ max: one.of.length - 1 }).chain((i) =>
        changed(one.of[i]!).map((other): Shape => ({ ...one, of: one.of.with(i, other) }))
      ),
    )
  }
  return inside.length === 0
    ? fc.oneof(leaf, fc.constant<Shape>({ kind: "union", of: [one, { kind: "null" }] }))
    : fc.oneof({ weight: 1, arbitrary: shape }, { weight: 6, arbitrary: fc.oneof(...inside) })
}
