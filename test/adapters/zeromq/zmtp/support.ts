/**
 * What the tests of the codec share: recordings of libzmq, cutting of bytes, frames in and out.
 */
import fc from "fast-check"
import { Buffer } from "node:buffer"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { type Frame, FrameReader, headerLength, writeHeader } from "../../../../adapters/zeromq/zmtp/frames.ts"
import { isProtocolError, type ProtocolError } from "../../../../adapters/zeromq/zmtp/ProtocolError.ts"
import type { Conversation } from "../../../../scripts/zmtp/fixture.ts"

const folder = join(import.meta.dirname, "golden")

/** The recorded conversations by name. */
export const recorded: ReadonlyMap<string, Conversation> = new Map(
  readdirSync(folder).filter((file) => file.endsWith(".json")).sort().map((file) => [
    basename(file, ".json"),
    JSON.parse(readFileSync(join(folder, file), "utf8")) as Conversation,
  ]),
)

/** One of them. */
export const recording = (name: string): Conversation => {
  const found = recorded.get(name)
  if (found === undefined) throw new Error(`No recording is called "${name}"; run node scripts/zmtp/record.ts`)
  return found
}

/** The bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes as hexadecimal, which tests compare: it shows well, and kinds of arrays make no difference. */
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** Bytes of hexadecimal; spaces are for the reader. */
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

/** A message or several as hexadecimal. */
export const hexes = (message: ReadonlyArray<Uint8Array>): ReadonlyArray<string> => message.map(hex)

/** Ways to cut bytes: whole, one byte at a time, or wherever. Pieces do not share memory, as those of a network do not. */
export const cutting: fc.Arbitrary<(bytes: Uint8Array) => ReadonlyArray<Uint8Array>> = fc.oneof(
  fc.constant((bytes: Uint8Array) => [bytes.slice()]),
  // what a network gives, whose slices share its memory
  fc.constant((bytes: Uint8Array) => [Buffer.from(bytes)]),
  fc.constant((bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte))),
  fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3_000 }))).map((sizes) =>
  (
    bytes: Uint8Array,
  ) => {
    const pieces: Array<Uint8Array> = []
    for (let at = 0; at < bytes.length;) {
      const size = sizes.next().value as number
      pieces.push(bytes.slice(at, at + size))
      at += size
    }
    return pieces
  }),
)

/** A frame in one piece. */
export const encodeFrame = (flags: number, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(headerLength(body.length) + body.length)
  bytes.set(body, writeHeader(flags, body.length, bytes, 0))
  return bytes
}

/** Every frame in pieces of a stream, and the error that ended it. */
export const readFrames = (
  pieces: Iterable<Uint8Array>,
  limit: (command: boolean) => number = () => Infinity,
): { readonly frames: ReadonlyArray<Frame>; readonly error: ProtocolError | undefined } => {
  const reader = new FrameReader(limit)
  const frames: Array<Frame> = []
  for (const piece of pieces) {
    reader.push(piece)
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (isProtocolError(frame)) return { frames, error: frame }
      frames.push(frame)
    }
  }
  return { frames, error: undefined }
}

/** The error that was expected; fails with what came instead. */
export const errorOf = (value: unknown): ProtocolError => {
  if (isProtocolError(value)) return value
  throw new Error(`Expected an error; got ${JSON.stringify(value)}`)
}

/** The value that was expected; fails with the error that came instead. */
export const valueOf = <A>(value: A | ProtocolError | undefined): A => {
  if (value === undefined || isProtocolError(value)) throw new Error(`Expected a value; got ${JSON.stringify(value)}`)
  return value
}
