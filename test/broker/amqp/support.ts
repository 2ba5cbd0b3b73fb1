/**
 * Bytes by hand, and readers that are fed whole, one byte at a time, or in pieces by chance.
 */
import assert from "node:assert/strict"
import { type Frame, FrameReader, isWireError, type WireError } from "../../../src/broker/amqp/mod.ts"

/** Bytes of numbers, texts (as they are) and other bytes. */
export const bytesOf = (...parts: ReadonlyArray<number | string | Uint8Array>): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : typeof part === "string" ? [...new TextEncoder().encode(part)] : [...part]
    ),
  )

/** A number of 32 bits. */
export const long = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

/** A frame around a payload. */
export const frame = (type: number, channel: number, payload: Uint8Array, end = 0xce): Uint8Array =>
  bytesOf(type, channel >> 8, channel & 0xff, long(payload.length), payload, end)

/** A table around its entries. */
export const inTable = (...entries: ReadonlyArray<Uint8Array>): Uint8Array => {
  const inside = bytesOf(...entries)
  return bytesOf(long(inside.length), inside)
}

/** `queue.declare` whose arguments are these entries. */
export const declareWith = (...entries: ReadonlyArray<Uint8Array>): Uint8Array =>
  frame(1, 1, bytesOf(0, 50, 0, 10, 0, 0, 1, "q", 0, inTable(...entries)))

/** What a reader gave: frames, and what it ended with. */
export interface Given {
  readonly frames: ReadonlyArray<Frame>
  readonly error: WireError | undefined
  readonly held: number
}

/** How it is read. */
export interface ReadingOptions {
  readonly frameMax?: number
  readonly expectsGreeting?: boolean
  /** The lengths of pieces, in turn. @default all of it */
  readonly pieces?: ReadonlyArray<number>
}

/** Reads all there is; memory for what is held never exceeds what came, but for one first piece of a frame. */
export const readAll = (
  bytes: Uint8Array,
  { frameMax = 131_072, expectsGreeting = false, pieces = [bytes.length || 1] }: ReadingOptions = {},
): Given => {
  const reader = new FrameReader({ frameMax, expectsGreeting })
  const frames: Array<Frame> = []
  let piece = 0
  for (let at = 0; at < bytes.length;) {
    const length = pieces[piece++ % pieces.length]!
    // a piece of its own, which the reader may not need once the next one came
    const chunk = bytes.slice(at, at + length)
    at += length
    reader.push(chunk)
    for (;;) {
      const next = reader.next()
      if (next === undefined) break
      if (isWireError(next)) {
        assert.equal(reader.held, 0)
        assert.equal(reader.next(), next)
        return { frames, error: next, held: 0 }
      }
      // a view would change with what is received next
      frames.push(next.type === "body" && !next.isOwn ? { ...next, body: next.body.slice(), isOwn: true } : next)
    }
    assert.ok(reader.held <= 64 * 1024 + 2 * at, `held ${reader.held} bytes of ${at}`)
  }
  return { frames, error: undefined, held: reader.held }
}

/** Reads all there is, whole and byte by byte; both must come to the same. */
export const readBoth = (bytes: Uint8Array, options: Omit<ReadingOptions, "pieces"> = {}): Given => {
  const whole = readAll(bytes, options)
  const single = readAll(bytes, { ...options, pieces: [1] })
  assert.deepEqual(single.error, whole.error)
  assert.deepEqual(single.frames, whole.frames.map((one) => one.type === "body" ? { ...one, isOwn: true } : one))
  return whole
}

/** The only frame there is. */
export const readOne = (bytes: Uint8Array): Frame => {
  const { frames, error } = readBoth(bytes)
  assert.equal(error, undefined)
  assert.equal(frames.length, 1)
  return frames[0]!
}

/** The error there is, which says something of itself. */
export const readError = (bytes: Uint8Array, options: Omit<ReadingOptions, "pieces"> = {}): WireError => {
  const { error } = readBoth(bytes, options)
  assert.ok(error !== undefined, "it is read")
  assert.match(error.message, /^Expected .+ at byte \d+ of the frame, found .+$/)
  return error
}
