/**
 * Values of every kind by chance, as the codec takes and gives them.
 *
 * Derived from the list of methods where it can be, so that a method that is added is tested as well.
 */
import fc from "fast-check"
import {
  type Field,
  type FieldType,
  type Long,
  type Method,
  type MethodName,
  methods,
  type Properties,
  type Table,
} from "../../../src/broker/amqp/mod.ts"

const encoder = new TextEncoder()

/** Text of up to 255 bytes, mostly not ASCII. */
export const shortText: fc.Arbitrary<string> = fc
  .oneof(fc.string({ maxLength: 80 }), fc.string({ unit: "grapheme", maxLength: 80 }), fc.string({ unit: "binary" }))
  .map((text) => text.toWellFormed())
  .filter((text) => encoder.encode(text).length <= 255)

/** Bytes; among them such that are no UTF-8. */
export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 40 })

/** A bigint as the codec gives it: a number where that is exact. */
export const asLong = (value: bigint): Long => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const longs = (min: bigint, max: bigint): fc.Arbitrary<Long> => {
  const edges = [min, max, 0n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 32n, 2n ** 32n - 1n, 2n ** 31n]
  const both = edges.flatMap((edge) => [edge, -edge]).filter((edge) => edge >= min && edge <= max)
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(...both)).map(asLong)
}

/** 64 bits without a sign. */
export const unsigned64: fc.Arbitrary<Long> = longs(0n, 2n ** 64n - 1n)

/** 64 bits with a sign. */
export const signed64: fc.Arbitrary<Long> = longs(-(2n ** 63n), 2n ** 63n - 1n)

/** A whole number between two bounds, often a bound. */
export const whole = (min: number, max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max))

/** Bytes that no text has. */
const noText = fc.uint8Array({ maxLength: 20 }).map((some) => Uint8Array.of(0xff, ...some))

const scalar: { readonly [T in Exclude<FieldType, "array" | "table">]: fc.Arbitrary<unknown> } = {
  bool: fc.boolean(),
  byte: whole(-128, 127),
  unsignedbyte: whole(0, 255),
  short: whole(-32_768, 32_767),
  unsignedshort: whole(0, 65_535),
  signedint: whole(-(2 ** 31), 2 ** 31 - 1),
  unsignedint: whole(0, 2 ** 32 - 1),
  long: signed64,
  float: fc.float({ noNaN: true }),
  double: fc.double({ noNaN: true }),
  decimal: fc.record({ scale: whole(0, 255), value: whole(0, 2 ** 32 - 1) }, { noNullPrototype: true }),
  longstr: fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }).map((text) => text.toWellFormed()), noText),
  timestamp: unsigned64,
  void: fc.constant(undefined),
  binary: bytes,
}

/** A field of one of the types that hold no other. */
export const scalarOf = (type: keyof typeof scalar): fc.Arbitrary<Field> =>
  scalar[type].map((value) => ({ type, value }) as Field)

/** The types that hold no other. */
export const scalarTypes = Object.keys(scalar) as ReadonlyArray<keyof typeof scalar>

const letrec = fc.letrec<{ readonly field: Field; readonly table: Table }>((tie) => ({
  field: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    ...scalarTypes.map(scalarOf),
    fc.array(tie("field"), { maxLength: 4 }).map((value): Field => ({ type: "array", value })),
    tie("table").map((value): Field => ({ type: "table", value })),
  ),
  table: fc.array(fc.tuple(shortText, tie("field")), { maxLength: 4 }).map((entries) => new Map(entries)),
}))

/** A field of any type. */
export const field: fc.Arbitrary<Field> = letrec.field

/** A table. */
export const table: fc.Arbitrary<Table> = letrec.table

const argument = {
  bit: fc.boolean(),
  octet: whole(0, 255),
  short: whole(0, 65_535),
  long: whole(0, 2 ** 32 - 1),
  longlong: unsigned64,
  shortstr: shortText,
  longstr: bytes,
  table,
}

/** The names of all methods. */
export const names = Object.keys(methods) as ReadonlyArray<MethodName>

/** A method of a name. */
export const methodOf = (name: MethodName): fc.Arbitrary<Method> =>
  fc.record(
    Object.fromEntries(
      Object.entries(methods[name].arguments)
        .filter(([key]) => !key.startsWith("reserved"))
        .map(([key, type]) => [key, argument[type as keyof typeof argument] as fc.Arbitrary<unknown>]),
    ),
  ).map((values) => ({ name, ...values }) as unknown as Method)

/** Any method. */
export const method: fc.Arbitrary<Method> = fc.constantFrom(...names).chain(methodOf)

/** Properties, any of which may be missing. */
export const props: fc.Arbitrary<Properties> = fc.record({
  contentType: shortText,
  contentEncoding: shortText,
  headers: table,
  deliveryMode: whole(0, 255),
  priority: whole(0, 255),
  correlationId: shortText,
  replyTo: shortText,
  expiration: shortText,
  messageId: shortText,
  timestamp: unsigned64,
  type: shortText,
  userId: shortText,
  appId: shortText,
  clusterId: shortText,
}, { requiredKeys: [], noNullPrototype: true })
