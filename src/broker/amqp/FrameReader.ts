/**
 * Takes a stream of bytes in pieces of any length and gives its frames.
 *
 * Between the socket and whoever knows what a frame means; holds one frame that is not whole yet and nothing else. A frame
 * that comes in one piece is read where it is; one that comes in several is collected, and memory for it grows with what has
 * come. What is longer than agreed on is refused when its size is known. After an error the stream means nothing any more.
 */
import { Cursor, frameHeaderSize } from "./Cursor.ts"
import { earlierHeader, type Frame, frameEnd, frameOverhead, FrameType, protocolHeader } from "./frames.ts"
import { readMethod } from "./methodCodec.ts"
import { longlong, short } from "./primitives.ts"
import { getProperties } from "./properties.ts"
import { isWireError, type WireError, wireError } from "./WireError.ts"

/** How it reads. */
export interface FrameReaderOptions {
  /** The longest frame, bytes; 0: there is no limit. */
  readonly frameMax: number
  /** The protocol header comes first, as a server expects it. */
  readonly expectsGreeting: boolean
  /** Gives the bytes of properties, too, for whoever passes them on. @default false */
  readonly keepsHeads?: boolean
}

/** A frame of more than this is given memory as its bytes arrive: who announces much and sends nothing gets none. */
const allocatedAtOnce = 64 * 1024

const nothing = new Uint8Array(0)

/** See the top of the file. */
export class FrameReader {
  readonly #keepsHeads: boolean
  #frameMax: number
  #expectsGreeting: boolean
  /** What was given and not read yet, from `#at`. */
  #chunk: Uint8Array = nothing
  #at = 0
  /** A frame, or a greeting, that comes in several pieces. */
  #partial: Uint8Array = nothing
  #filled = 0
  #failure: WireError | undefined

  constructor({ frameMax, expectsGreeting, keepsHeads = false }: FrameReaderOptions) {
    this.#keepsHeads = keepsHeads
    this.#frameMax = frameMax
    this.#expectsGreeting = expectsGreeting
  }

  /** Sets what was agreed on, for the frames that follow. */
  set frameMax(frameMax: number) {
    this.#frameMax = frameMax
  }

  /** Bytes of memory that are held for what is not read yet. */
  get held(): number {
    return this.#chunk.length - this.#at + this.#partial.length
  }

  /** Gives the next piece; must be read up to `undefined` before the next one, or else what is left is copied. */
  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    const rest = this.#chunk.length - this.#at
    if (rest === 0) {
      this.#chunk = chunk
    } else {
      const joined = new Uint8Array(rest + chunk.length)
      joined.set(this.#chunk.subarray(this.#at))
      joined.set(chunk, rest)
      this.#chunk = joined
    }
    this.#at = 0
  }

  /** The next whole frame; `undefined`: more bytes are needed. */
  next(): Frame | WireError | undefined {
    if (this.#failure !== undefined) return this.#failure
    const frame = this.#expectsGreeting ? this.#greeting() : this.#frame()
    if (!isWireError(frame)) return frame
    this.#failure = frame
    this.#chunk = this.#partial = nothing
    this.#at = this.#filled = 0
    return frame
  }

  #greeting(): Frame | WireError | undefined {
    const bytes = this.#gather(protocolHeader.length, protocolHeader.length)
    if (bytes === undefined) return undefined
    const isKnown = [protocolHeader, earlierHeader].some((header) => header.every((octet, i) => bytes[i] === octet))
    this.#forget()
    if (!isKnown) {
      const found = Array.from(bytes.subarray(0, 8), (octet) => octet.toString(16).padStart(2, "0")).join(" ")
      return wireError("VersionRefused", 0, "the header of AMQP 0-9-1", found)
    }
    this.#expectsGreeting = false
    return { type: "greeting" }
  }

  #frame(): Frame | WireError | undefined {
    const there = this.#chunk.length - this.#at
    // the usual case: all of it is in this piece
    if (this.#filled === 0 && there >= frameHeaderSize) {
      const size = this.#sizeAt(this.#chunk, this.#at)
      if (isWireError(size)) return size
      if (there >= size) {
        const from = this.#at
        this.#at += size
        return decode(this.#chunk.subarray(from, this.#at), false, this.#keepsHeads)
      }
    }
    const head = this.#gather(frameHeaderSize, frameHeaderSize)
    if (head === undefined) return undefined
    const size = this.#sizeAt(head, 0)
    if (isWireError(size)) return size
    const whole = this.#gather(size, Math.min(size, allocatedAtOnce))
    if (whole === undefined) return undefined
    this.#forget()
    return decode(whole, true, this.#keepsHeads)
  }

  /** The size of the frame whose first bytes are there; what can be wrong with these is told before there is more. */
  #sizeAt(bytes: Uint8Array, at: number): number | WireError {
    const type = bytes[at]!
    if (kinds[type] === undefined) return wireError("FrameError", 0, "a type of frame (1, 2, 3, 8)", String(type))
    const size = ((bytes[at + 3]! << 24) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!) >>> 0
    // a payload may be as long as a whole frame: RabbitMQ takes it too, for clients that forget what a frame adds
    if (this.#frameMax > 0 && size > this.#frameMax) {
      return wireError("FrameError", 3, `a payload of at most ${this.#frameMax} bytes`, `${size} bytes`)
    }
    return size + frameOverhead
  }

  /** The first bytes of what is being collected, once there are so many; makes room for `room` of them at least. */
  #gather(count: number, room: number): Uint8Array | undefined {
    const there = this.#chunk.length - this.#at
    const taken = Math.min(there, count - this.#filled)
    if (taken > 0) {
      const needed = this.#filled + taken
      if (this.#partial.length < needed) {
        const grown = new Uint8Array(Math.min(count, Math.max(room, needed, 2 * this.#filled)))
        grown.set(this.#partial.subarray(0, this.#filled))
        this.#partial = grown
      }
      this.#partial.set(this.#chunk.subarray(this.#at, this.#at + taken), this.#filled)
      this.#at += taken
      this.#filled = needed
    }
    if (this.#filled < count) return undefined
    return this.#partial.length === count ? this.#partial : this.#partial.subarray(0, count)
  }

  #forget(): void {
    this.#partial = nothing
    this.#filled = 0
  }
}

const readHeader: Kind = (channel, payload, _isOwn, keepsHead) => {
  const cursor = new Cursor(payload)
  try {
    const classId = short.read(cursor)
    const weight = short.read(cursor)
    if (weight !== 0) return wireError("UnexpectedFrame", 9, "a weight of 0", String(weight), classId)
    const size = longlong.read(cursor)
    const head = keepsHead ? payload.subarray(cursor.at) : undefined
    const properties = getProperties(cursor)
    if (head === undefined) return { type: "header", channel, classId, size, properties }
    return { type: "header", channel, classId, size, properties, head }
  } catch (error) {
    if (isWireError(error)) return error
    throw error
  }
}

const readHeartbeat = (channel: number, payload: Uint8Array): Frame | WireError => {
  if (payload.length > 0) return wireError("FrameError", 3, "a heartbeat without payload", `${payload.length} bytes`)
  return channel === 0
    ? { type: "heartbeat" }
    : wireError("UnexpectedFrame", 1, "a heartbeat on channel 0", `channel ${channel}`)
}

/** What is made of a payload, by the first octet of its frame. */
type Kind = (channel: number, payload: Uint8Array, isOwn: boolean, keepsHead: boolean) => Frame | WireError

const kinds: { readonly [type: number]: Kind | undefined } = {
  [FrameType.method]: (channel, payload) => {
    const method = readMethod(payload)
    return isWireError(method) ? method : { type: "method", channel, method }
  },
  [FrameType.header]: readHeader,
  [FrameType.body]: (channel, body, isOwn) => ({ type: "body", channel, body, isOwn }),
  [FrameType.heartbeat]: readHeartbeat,
}

/** Reads a whole frame. */
const decode = (bytes: Uint8Array, isOwn: boolean, keepsHead: boolean): Frame | WireError => {
  const last = bytes.length - 1
  if (bytes[last] !== frameEnd) return wireError("FrameError", last, `${frameEnd} at the end`, String(bytes[last]))
  const channel = (bytes[1]! << 8) | bytes[2]!
  return kinds[bytes[0]!]!(channel, bytes.subarray(frameHeaderSize, last), isOwn, keepsHead)
}
