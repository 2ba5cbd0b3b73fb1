/**
 * Tables and arrays of values that say their own type, with the letters as RabbitMQ reads and writes them.
 *
 * Above the primitives; below methods (arguments) and properties (headers). A value keeps the name that RabbitMQ gives its
 * type, so that it is passed on as it came. Where letters differ between brokers RabbitMQ's hold: `l` and `L` have a sign,
 * `s` is 16 bits, and is no text. `U`, the specification's letter for the same, is read as well. A text that is not UTF-8
 * is kept as bytes; a name that is not is refused. Depth and number are limited before anything is made of them.
 */
import type { Cursor } from "./Cursor.ts"
import type { Pen } from "./Pen.ts"
import {
  double,
  float,
  type Long,
  long,
  longlong,
  longstr,
  octet,
  type Primitive,
  short,
  shortstr,
  signedLong,
  signedLonglong,
  signedOctet,
  signedShort,
  writeWhole32,
} from "./primitives.ts"
import { decodeText, encodeText, textSize } from "./text.ts"
import type { WireErrorTag } from "./WireError.ts"

/** What values of each type are. */
export interface FieldTypes {
  readonly bool: boolean
  readonly byte: number
  readonly unsignedbyte: number
  readonly short: number
  readonly unsignedshort: number
  readonly signedint: number
  readonly unsignedint: number
  readonly long: Long
  readonly float: number
  readonly double: number
  /** `value` divided by ten to the power of `scale`. */
  readonly decimal: Decimal
  /** Bytes where it is not UTF-8. */
  readonly longstr: string | Uint8Array
  readonly array: ReadonlyArray<Field>
  /** Seconds since the epoch. */
  readonly timestamp: Long
  readonly table: Table
  readonly void: undefined
  readonly binary: Uint8Array
}

/** A number with a point. */
export interface Decimal {
  readonly scale: number
  readonly value: number
}

/** The types, as RabbitMQ names them. */
export type FieldType = keyof FieldTypes

/** A value and its type. */
export type Field = { readonly [T in FieldType]: { readonly type: T; readonly value: FieldTypes[T] } }[FieldType]

/** Values by name, in their order; of a name that comes twice, the first counts, as for RabbitMQ. */
export type Table = ReadonlyMap<string, Field>

/** What a peer may ask for in one frame. */
export const fieldLimits = {
  /** Tables and arrays in each other. */
  depth: 64,
  /** Values in all of them. */
  fields: 16_384,
} as const

const bool: Primitive<boolean> = {
  size: () => 1,
  write: (pen, value) => octet.write(pen, value ? 1 : 0),
  read: (cursor) => octet.read(cursor) !== 0,
}

const decimal: Primitive<Decimal> = {
  size: ({ scale, value }) => octet.size(scale) + long.size(value),
  write: (pen, { scale, value }) => {
    octet.write(pen, scale)
    long.write(pen, value)
  },
  read: (cursor) => ({ scale: octet.read(cursor), value: long.read(cursor) }),
}

const textOrBytes: Primitive<string | Uint8Array> = {
  size: (value) => typeof value === "string" ? 4 + textSize(value) : longstr.size(value),
  write: (pen, value) => {
    if (typeof value !== "string") return longstr.write(pen, value)
    const at = pen.skip(4)
    const end = encodeText(value, pen.bytes, pen.at)
    pen.at = at
    writeWhole32(pen, end - at - 4)
    pen.at = end
  },
  read: (cursor) => {
    const length = long.read(cursor)
    const from = cursor.take(length)
    return decodeText(cursor.bytes, from, from + length) ?? cursor.bytes.slice(from, from + length)
  },
}

const nothing: Primitive<undefined> = { size: () => 0, write: () => {}, read: () => undefined }

/** Narrows a cursor to what is inside a length of four bytes, so that nothing beyond it is read; returns its end. */
const enter = (cursor: Cursor): number => {
  const length = long.read(cursor)
  const from = cursor.take(length)
  if (cursor.depth === fieldLimits.depth) {
    throw cursor.wrong("SyntaxError", `at most ${fieldLimits.depth} tables in each other`, "more", from)
  }
  cursor.at = from
  cursor.end = from + length
  cursor.tag = "SyntaxError"
  cursor.depth++
  return cursor.end
}

/** Widens it again. */
const leave = (cursor: Cursor, end: number, tag: WireErrorTag): void => {
  cursor.end = end
  cursor.tag = tag
  cursor.depth--
}

const writeInside = (pen: Pen, inside: () => void): void => {
  const at = pen.skip(4)
  inside()
  const end = pen.at
  pen.at = at
  writeWhole32(pen, end - at - 4)
  pen.at = end
}

/** Values without names. */
export const array: Primitive<ReadonlyArray<Field>> = {
  size: (fields) => {
    let size = 4
    for (const field of fields) size += fieldSize(field)
    return size
  },
  write: (pen, fields) =>
    writeInside(pen, () => {
      for (const field of fields) writeField(pen, field)
    }),
  read: (cursor) => {
    const { end, tag } = cursor
    const fields: Array<Field> = []
    for (const inner = enter(cursor); cursor.at < inner;) fields.push(readField(cursor))
    leave(cursor, end, tag)
    return fields
  },
}

/** Values with names. */
export const table: Primitive<Table> = {
  size: (fields) => {
    let size = 4
    for (const [name, field] of fields) size += shortstr.size(name) + fieldSize(field)
    return size
  },
  write: (pen, fields) =>
    writeInside(pen, () => {
      for (const [name, field] of fields) {
        shortstr.write(pen, name)
        writeField(pen, field)
      }
    }),
  read: (cursor) => {
    const { end, tag } = cursor
    const fields = new Map<string, Field>()
    for (const inner = enter(cursor); cursor.at < inner;) {
      const name = shortstr.read(cursor)
      const field = readField(cursor)
      if (!fields.has(name)) fields.set(name, field)
    }
    leave(cursor, end, tag)
    return fields
  },
}

/** Each type with its letter and its form. */
const forms: { readonly [T in FieldType]: readonly [letter: string, form: Primitive<FieldTypes[T]>] } = {
  bool: ["t", bool],
  byte: ["b", signedOctet],
  unsignedbyte: ["B", octet],
  short: ["s", signedShort],
  unsignedshort: ["u", short],
  signedint: ["I", signedLong],
  unsignedint: ["i", long],
  long: ["l", signedLonglong],
  float: ["f", float],
  double: ["d", double],
  decimal: ["D", decimal],
  longstr: ["S", textOrBytes],
  array: ["A", array],
  timestamp: ["T", longlong],
  table: ["F", table],
  void: ["V", nothing],
  binary: ["x", longstr],
}

/** Letters that are read and never written. */
const alsoRead: Readonly<Record<string, FieldType>> = { L: "long", U: "short" }

/** A type without what the compiler knows of its values: a field and its form belong to each other by construction. */
interface Form {
  readonly type: FieldType
  readonly letter: number
  readonly form: Primitive<FieldTypes[FieldType]>
}

const byType = new Map<FieldType, Form>()
const byLetter: Array<Form | undefined> = Array.from({ length: 256 }, () => undefined)

for (
  const [type, [letter, form]] of Object.entries(forms) as ReadonlyArray<[FieldType, readonly [string, Form["form"]]]>
) {
  const entry = { type, letter: letter.charCodeAt(0), form }
  byType.set(type, entry)
  byLetter[entry.letter] = entry
}
for (const [letter, type] of Object.entries(alsoRead)) byLetter[letter.charCodeAt(0)] = byType.get(type)

const formOf = (field: Field): Form => {
  const form = byType.get(field.type)
  if (form === undefined) throw new RangeError(`Cannot write a field of type "${String(field.type)}": no such type`)
  return form
}

const fieldSize = (field: Field): number => 1 + formOf(field).form.size(field.value)

const writeField = (pen: Pen, field: Field): void => {
  const { letter, form } = formOf(field)
  pen.bytes[pen.skip(1)] = letter
  form.write(pen, field.value)
}

const readField = (cursor: Cursor): Field => {
  const at = cursor.take(1)
  const letter = cursor.bytes[at]!
  const form = byLetter[letter]
  if (form === undefined) throw cursor.wrong("SyntaxError", "a letter for a type", `octet ${letter}`, at)
  if (++cursor.fields > fieldLimits.fields) {
    throw cursor.wrong("SyntaxError", `at most ${fieldLimits.fields} values in tables`, "more", at)
  }
  return { type: form.type, value: form.form.read(cursor) } as Field
}
