/**
 * Frames: a byte of flags, a size of one or eight bytes, a body (ZMTP 3.1, "Framing").
 *
 * Between the stream of bytes and whoever knows what a body means. Pure: bytes in, frames out; no session. A body
 * that arrives in one piece is a view of that piece, and one that is sent in a piece of its own is not copied either. What
 * is longer than its limit is refused when its size is known, before there is room for it.
 */
import { copyOf } from "./bytes.ts"
import { broken, type ProtocolError } from "./ProtocolError.ts"

/** Bits of the flags. */
export const Flag = { more: 1, long: 2, command: 4 } as const

/** Bits that nobody may set. */
const reserved = 0xf8

/** The longest body with a size of one byte. */
const longestShort = 255

/** Lengths of the two headers, bytes. */
const shortHeader = 2
const longHeader = 9

/** One frame. */
export interface Frame {
  readonly command: boolean
  /** Another frame of the same message follows. */
  readonly more: boolean
  readonly body: Uint8Array
}

/** Length of the header of a body, bytes. */
export const headerLength = (size: number): number => size > longestShort ? longHeader : shortHeader

/** Writes the header of a body; returns the offset after it. */
export const writeHeader = (flags: number, size: number, target: Uint8Array, at: number): number => {
  if (size <= longestShort) {
    target[at] = flags
    target[at + 1] = size
    return at + shortHeader
  }
  target[at] = flags | Flag.long
  let rest = size
  for (let i = at + 8; i > at; i--) {
    target[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return at + longHeader
}

/** A body of more than this grows as its bytes arrive: who announces much and sends nothing gets no memory for it. */
const allocatedAtOnce = 64 * 1024

/** Takes a stream of bytes in any pieces and gives its frames. */
export class FrameReader {
  readonly #limit: (command: boolean) => number
  /** What was given and not read yet, from `#at`. */
  #chunk: Uint8Array = nothing
  #at = 0
  /** The start of a header that came in pieces. */
  readonly #header = new Uint8Array(longHeader)
  #headerLength = 0
  /** The body that is being collected; `undefined`: a header comes next. */
  #flags: number | undefined
  #size = 0
  #body: Uint8Array = nothing
  #filled = 0

  /** `limit`: the longest body of a command or a message, bytes; asked when a size is known. */
  constructor(limit: (command: boolean) => number) {
    this.#limit = limit
  }

  /** Gives the next piece; what was given before must have been read, up to the last whole frame. */
  push(chunk: Uint8Array): void {
    if (this.#at === this.#chunk.length) {
      this.#chunk = chunk
      this.#at = 0
      return
    }
    // only where the reader was left waiting; what is left is copied once
    const rest = this.#chunk.length - this.#at
    const joined = new Uint8Array(rest + chunk.length)
    joined.set(this.#chunk.subarray(this.#at), 0)
    joined.set(chunk, rest)
    this.#chunk = joined
    this.#at = 0
  }

  /** Bytes of memory that are held for what is not read yet: what was given, and the body that is being collected. */
  get held(): number {
    return this.#chunk.length - this.#at + this.#body.length
  }

  /** Forgets what was not read. */
  clear(): void {
    this.#chunk = nothing
    this.#at = 0
    this.#body = nothing
  }

  /** The next whole frame; `undefined`: more bytes are needed. After an error the stream means nothing any more. */
  next(): Frame | ProtocolError | undefined {
    if (this.#flags === undefined) {
      const error = this.#readHeader()
      if (error !== undefined) return error
      if (this.#flags === undefined) return undefined
    }
    const body = this.#readBody(this.#flags)
    if (body === undefined) return undefined
    const flags = this.#flags
    this.#flags = undefined
    return { command: (flags & Flag.command) !== 0, more: (flags & Flag.more) !== 0, body }
  }

  #readHeader(): ProtocolError | undefined {
    const { length } = this.#chunk
    if (this.#at === length) return undefined
    // the usual case: all of it is in this piece
    if (this.#headerLength === 0) {
      const flags = this.#chunk[this.#at]!
      const need = (flags & Flag.long) !== 0 ? longHeader : shortHeader
      if (length - this.#at >= need) {
        const from = this.#at
        this.#at += need
        return this.#begin(this.#chunk, from)
      }
    }
    while (this.#at < length) {
      this.#header[this.#headerLength++] = this.#chunk[this.#at++]!
      const need = (this.#header[0]! & Flag.long) !== 0 ? longHeader : shortHeader
      if (this.#headerLength === need) {
        this.#headerLength = 0
        return this.#begin(this.#header, 0)
      }
    }
    // a wrong first byte is told at once
    return checkFlags(this.#header[0]!)
  }

  #begin(header: Uint8Array, from: number): ProtocolError | undefined {
    const flags = header[from]!
    const wrong = checkFlags(flags)
    if (wrong !== undefined) return wrong
    let size = header[from + 1]!
    if ((flags & Flag.long) !== 0) {
      size = 0
      for (let i = from + 1; i < from + longHeader; i++) size = size * 256 + header[i]!
    }
    const command = (flags & Flag.command) !== 0
    const limit = this.#limit(command)
    if (size > limit) return tooLong(command, size, limit)
    this.#flags = flags
    this.#size = size
    this.#filled = 0
    return undefined
  }

  #readBody(flags: number): Uint8Array | undefined {
    const size = this.#size
    const there = this.#chunk.length - this.#at
    if (this.#filled === 0 && there >= size) {
      const from = this.#at
      this.#at += size
      const body = this.#chunk.subarray(from, this.#at)
      // commands are few, and some are kept for long
      return (flags & Flag.command) !== 0 ? copyOf(body) : body
    }
    if (there === 0) return undefined
    const taken = Math.min(there, size - this.#filled)
    this.#reserve(this.#filled + taken)
    this.#body.set(this.#chunk.subarray(this.#at, this.#at + taken), this.#filled)
    this.#at += taken
    this.#filled += taken
    if (this.#filled < size) return undefined
    const body = this.#body
    this.#body = nothing
    return body.length === size ? body : body.subarray(0, size)
  }

  #reserve(needed: number): void {
    if (this.#filled > 0 && this.#body.length >= needed) return
    const room = this.#size <= allocatedAtOnce
      ? this.#size
      : Math.min(this.#size, Math.max(allocatedAtOnce, needed, this.#filled * 2))
    const grown = new Uint8Array(room)
    if (this.#filled > 0) grown.set(this.#body.subarray(0, this.#filled))
    this.#body = grown
  }
}

const nothing = new Uint8Array(0)

/** What is said of a body that is longer than its limit. */
export const tooLong = (command: boolean, size: number, limit: number): ProtocolError =>
  broken(`It sends a ${command ? "command" : "frame"} of ${size} bytes; expected at most ${limit}`)

const checkFlags = (flags: number): ProtocolError | undefined => {
  if ((flags & reserved) !== 0) {
    return broken(`It sends a frame with flags ${flags}; expected only more (1), long (2) and command (4)`)
  }
  if ((flags & Flag.command) !== 0 && (flags & Flag.more) !== 0) {
    return broken("It sends a command in several frames; expected one")
  }
  return undefined
}
