/**
 * Bytes on their way out of one connection: what is written in one turn of the event loop goes out together.
 *
 * Between `frames.ts`, which writes, and a socket. A system call is a third of what a message costs (measured), so the
 * turn's messages share one; its end comes before anything else happens. Bytes that were given to the socket are not
 * touched again. Who writes takes care that there are not too many: this keeps all of them until the socket has them.
 */
import { Buffer } from "node:buffer"

/** What of a socket is written to. */
export interface Sink {
  readonly destroyed?: boolean
  readonly write: (bytes: Uint8Array) => unknown
  readonly cork: () => void
  readonly uncork: () => void
  /** This side's address, where it has one. */
  readonly localAddress?: string | undefined
}

/** Memory that is taken at a time. */
const slabBytes = 262_144
/** Room for all of a message that is not its body; what needs more is refused. */
const headRoom = 81_920
/** Larger bodies are sent from where they are. */
const longestCopy = 16_384
/** Texts of which the bytes are counted before they are written. */
const longText = 1_024
/** Around the payload of a frame. */
const frameBytes = 8

/** Gathers bytes and writes them. Integers are big-endian, as on the wire. */
export class Outgoing {
  readonly #sink: Sink
  #slab = noBytes
  /** What is in the slab from here on was not given away yet. */
  #from = 0
  #at = 0
  /** What goes before it. */
  #parts: Array<Uint8Array> = []
  #isScheduled = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** Writes something whole: when it throws, nothing of it is sent. Only bodies may be written after something that can. */
  add(write: (out: Outgoing) => void): void {
    if (this.#slab.length - this.#at < headRoom) this.#begin()
    const at = this.#at
    try {
      write(this)
    } catch (error) {
      this.#at = at
      throw error
    }
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(this.#flush)
  }

  /** Where the next byte will be. */
  get at(): number {
    return this.#at
  }

  /** Leaves room for what is known later; returns where it is. */
  skip(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }

  uint8(value: number): void {
    this.#slab[this.#at++] = value
  }

  uint16(value: number): void {
    this.setUint16(this.skip(2), value)
  }

  uint32(value: number): void {
    this.setUint32(this.skip(4), value)
  }

  /** Any safe integer; a negative one as its two's complement. */
  uint64(value: number): void {
    this.uint32(Math.floor(value / 0x1_0000_0000))
    this.uint32(value)
  }

  float32(value: number): void {
    this.#slab.writeFloatBE(value, this.skip(4))
  }

  float64(value: number): void {
    this.#slab.writeDoubleBE(value, this.skip(8))
  }

  setUint8(at: number, value: number): void {
    this.#slab[at] = value
  }

  setUint16(at: number, value: number): void {
    const slab = this.#slab
    slab[at] = value >>> 8
    slab[at + 1] = value
  }

  setUint32(at: number, value: number): void {
    const slab = this.#slab
    slab[at] = value >>> 24
    slab[at + 1] = value >>> 16
    slab[at + 2] = value >>> 8
    slab[at + 3] = value
  }

  /** UTF-8; returns how many bytes they are. */
  text(value: string): number {
    const { length } = value
    if (length > longText) this.#need(Buffer.byteLength(value))
    const [slab, at] = [this.#slab, this.#at]
    // most texts are short and of letters that are one byte: writing these here is faster than a call (measured)
    let i = 0
    if (length <= 64) {
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 0x7f) break
        slab[at + i] = code
      }
    }
    const written = i === length ? length : slab.write(value, at, "utf8")
    this.#at = at + written
    return written
  }

  /** Copies them. */
  bytes(value: Uint8Array): void {
    this.#need(value.length)
    this.#slab.set(value, this.#at)
    this.#at += value.length
  }

  /** Part of a body, with room for its frame; a large one is not copied, and must not change any more. */
  body(value: Uint8Array): void {
    if (value.length > longestCopy) {
      this.#close()
      this.#parts.push(value)
    } else {
      this.#slab.set(value, this.#at)
      this.#at += value.length
    }
  }

  /** Room for a frame with so much payload. */
  frame(payload: number): void {
    if (this.#slab.length - this.#at < Math.min(payload, longestCopy) + frameBytes) this.#begin()
  }

  #need(bytes: number): void {
    if (bytes > this.#slab.length - this.#at - frameBytes) throw new RangeError(`${bytes} bytes have no room here`)
  }

  /** What is in the slab goes its way, and the slab goes on behind it. */
  #close(): void {
    if (this.#at > this.#from) this.#parts.push(this.#slab.subarray(this.#from, this.#at))
    this.#from = this.#at
  }

  #begin(): void {
    this.#close()
    this.#slab = Buffer.allocUnsafeSlow(slabBytes)
    this.#from = this.#at = 0
  }

  readonly #flush = (): void => {
    this.#isScheduled = false
    this.#close()
    const parts = this.#parts
    this.#parts = []
    const sink = this.#sink
    // what it was told is lost with it, of which others tell
    if (sink.destroyed === true) return
    if (parts.length === 1) return void sink.write(parts[0]!)
    sink.cork()
    for (const part of parts) sink.write(part)
    sink.uncork()
  }
}

const noBytes = Buffer.alloc(0)
