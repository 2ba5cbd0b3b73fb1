/**
 * The elementary types of AMQP 0-9-1: how many bytes a value has, how it is written, how it is read.
 *
 * Above `Cursor.ts` and `Pen.ts`, below tables, methods and properties. Reading throws a `WireError` that the doors of this
 * folder return; writing throws a `RangeError`, since a value that does not fit is a mistake of this side. Nothing is ever
 * cut to fit. Texts are UTF-8: a `shortstr` that is not is refused, a `longstr` is bytes.
 */
import type { Cursor } from "./Cursor.ts"
import type { Pen } from "./Pen.ts"
import { decodeText, encodeText, textSize } from "./text.ts"

/** One elementary type. */
export interface Primitive<A> {
  /** Bytes of a value; throws a `RangeError` for one that has no form here. */
  readonly size: (value: A) => number
  readonly write: (pen: Pen, value: A) => void
  readonly read: (cursor: Cursor) => A
}

/** A whole number of 64 bits: a `bigint` where a `number` would not be exact, and only there. */
export type Long = number | bigint

/** Most bytes of a `shortstr`. */
export const longestShortstr = 255

/** Most bytes of anything whose length has four bytes. */
export const longestLong = 2 ** 32 - 1

const refuse = (value: unknown, expected: string): never => {
  const shown = typeof value === "string" && value.length > 40 ? `"${value.slice(0, 40)}…"` : String(value)
  throw new RangeError(`Cannot write ${shown}: expected ${expected}`)
}

/** The size of a whole number between two bounds. */
const sizeWithin = (width: number, low: number, high: number) => (value: number): number =>
  Number.isInteger(value) && value >= low && value <= high
    ? width
    : refuse(value, `a whole number from ${low} to ${high}`)

const writeWhole8 = (pen: Pen, value: number): void => {
  pen.bytes[pen.skip(1)] = value
}

const writeWhole16 = (pen: Pen, value: number): void => {
  const { bytes } = pen
  const at = pen.skip(2)
  bytes[at] = value >> 8
  bytes[at + 1] = value
}

/** Writes the low 32 bits of a number. */
export const writeWhole32 = (pen: Pen, value: number): void => {
  const { bytes } = pen
  const at = pen.skip(4)
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** 32 bits as they stand at an offset, with a sign. */
const bitsAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** A byte without a sign. */
export const octet: Primitive<number> = {
  size: sizeWithin(1, 0, 0xff),
  write: writeWhole8,
  read: (cursor) => cursor.bytes[cursor.take(1)]!,
}

/** A byte with a sign; in tables only. */
export const signedOctet: Primitive<number> = {
  size: sizeWithin(1, -0x80, 0x7f),
  write: writeWhole8,
  read: (cursor) => (octet.read(cursor) << 24) >> 24,
}

/** 16 bits without a sign. */
export const short: Primitive<number> = {
  size: sizeWithin(2, 0, 0xffff),
  write: writeWhole16,
  read: (cursor) => {
    const at = cursor.take(2)
    return (cursor.bytes[at]! << 8) | cursor.bytes[at + 1]!
  },
}

/** 16 bits with a sign; in tables only. */
export const signedShort: Primitive<number> = {
  size: sizeWithin(2, -0x8000, 0x7fff),
  write: writeWhole16,
  read: (cursor) => (short.read(cursor) << 16) >> 16,
}

/** 32 bits without a sign. */
export const long: Primitive<number> = {
  size: sizeWithin(4, 0, 0xffffffff),
  write: writeWhole32,
  read: (cursor) => bitsAt(cursor.bytes, cursor.take(4)) >>> 0,
}

/** 32 bits with a sign; in tables only. */
export const signedLong: Primitive<number> = {
  size: sizeWithin(4, -0x80000000, 0x7fffffff),
  write: writeWhole32,
  read: (cursor) => bitsAt(cursor.bytes, cursor.take(4)),
}

const scratch = new DataView(new ArrayBuffer(8))
const scratchBytes = new Uint8Array(scratch.buffer)

/** Writes what is in the first bytes of `scratch`. */
const writeScratch = (pen: Pen, width: 4 | 8): void => {
  const { bytes } = pen
  const at = pen.skip(width)
  for (let i = 0; i < width; i++) bytes[at + i] = scratchBytes[i]!
}

/** Takes bytes into `scratch`. */
const readScratch = (cursor: Cursor, width: 4 | 8): void => {
  const { bytes } = cursor
  const at = cursor.take(width)
  for (let i = 0; i < width; i++) scratchBytes[i] = bytes[at + i]!
}

const sizeOfLong = (low: bigint, high: bigint) => (value: Long): number => {
  const isWhole = typeof value === "bigint" ? value >= low && value <= high : Number.isSafeInteger(value)
  return isWhole && value >= low ? 8 : refuse(value, `a whole number from ${low} to ${high}, a bigint past 2^53`)
}

/** Half of a number with the sign of the whole: two's complement of any safe integer. */
const writeLong = (pen: Pen, value: Long): void => {
  if (typeof value === "number") {
    writeWhole32(pen, Math.floor(value / 0x100000000))
    return writeWhole32(pen, value)
  }
  scratch.setBigInt64(0, value)
  writeScratch(pen, 8)
}

/** 2^21: with a high half below it, 64 bits fit into a `number`. */
const exactHigh = 0x200000

/** 64 bits without a sign. */
export const longlong: Primitive<Long> = {
  size: sizeOfLong(0n, 2n ** 64n - 1n),
  write: writeLong,
  read: (cursor) => {
    const at = cursor.take(8)
    const high = bitsAt(cursor.bytes, at) >>> 0
    const low = bitsAt(cursor.bytes, at + 4) >>> 0
    return high < exactHigh ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low)
  },
}

/** 64 bits with a sign; in tables only. */
export const signedLonglong: Primitive<Long> = {
  size: sizeOfLong(-(2n ** 63n), 2n ** 63n - 1n),
  write: writeLong,
  read: (cursor) => {
    const at = cursor.take(8)
    const high = bitsAt(cursor.bytes, at)
    const low = bitsAt(cursor.bytes, at + 4) >>> 0
    const value = high * 0x100000000 + low
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
  },
}

/** Seconds since the epoch. */
export const timestamp: Primitive<Long> = longlong

/** 32 bits, IEEE 754; in tables only. A number that needs more is rounded. */
export const float: Primitive<number> = {
  size: () => 4,
  write: (pen, value) => {
    scratch.setFloat32(0, value)
    writeScratch(pen, 4)
  },
  read: (cursor) => {
    readScratch(cursor, 4)
    return scratch.getFloat32(0)
  },
}

/** 64 bits, IEEE 754; in tables only. */
export const double: Primitive<number> = {
  size: () => 8,
  write: (pen, value) => {
    scratch.setFloat64(0, value)
    writeScratch(pen, 8)
  },
  read: (cursor) => {
    readScratch(cursor, 8)
    return scratch.getFloat64(0)
  },
}

/** Text of up to 255 bytes. */
export const shortstr: Primitive<string> = {
  size: (value) => {
    const size = textSize(value)
    return size <= longestShortstr ? 1 + size : refuse(value, `at most ${longestShortstr} bytes, not ${size}`)
  },
  write: (pen, value) => {
    const at = pen.skip(1)
    pen.at = encodeText(value, pen.bytes, pen.at)
    pen.bytes[at] = pen.at - at - 1
  },
  read: (cursor) => {
    const length = cursor.bytes[cursor.take(1)]!
    const from = cursor.take(length)
    const text = decodeText(cursor.bytes, from, from + length)
    if (text === undefined) throw cursor.wrong("SyntaxError", "UTF-8", `other bytes in a text of ${length}`, from)
    return text
  },
}

/** Bytes of any length that has four bytes; what is read is a copy. */
export const longstr: Primitive<Uint8Array> = {
  size: ({ length }) => length <= longestLong ? 4 + length : refuse(`${length} bytes`, `at most ${longestLong}`),
  write: (pen, value) => {
    writeWhole32(pen, value.length)
    pen.bytes.set(value, pen.skip(value.length))
  },
  read: (cursor) => {
    const length = long.read(cursor)
    const from = cursor.take(length)
    return cursor.bytes.slice(from, from + length)
  },
}
