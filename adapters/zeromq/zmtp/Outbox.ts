/**
 * What one connection has to write: collected while a turn lasts, written at once at its end.
 *
 * Between `Session.ts`, which makes frames, and a stream. There is no other thread to hand frames to, so the price of a
 * write is paid by the caller: many small frames become one piece of memory and one write. Bodies above `copied` are
 * neither joined nor copied, but written as they are; until then they must not change.
 */
import { Flag, headerLength, writeHeader } from "./frames.ts"

/** Bodies of at most this many bytes are copied into the common piece: below it a copy is cheaper than a piece of its own. */
const copied = 16 * 1024

/** The common piece, bytes: of the first one, as most connections are quiet, and of the longest; each is twice the last. */
const firstPiece = 1024
const longestPiece = 64 * 1024

/**
 * So much is written at once, and not at the end of the turn: the peer begins while the rest is made (with 64 calls in flight
 * a fifth more of them a second, measured on Bun).
 */
const eager = 16 * 1024

/** Collects frames. */
export class Outbox {
  readonly #flush: (pieces: ReadonlyArray<Uint8Array>) => void
  #pieces: Array<Uint8Array> = []
  #piece: Uint8Array = nothing
  /** What of the common piece is used, and from where it is not given away yet. */
  #used = 0
  #from = 0
  #size = 0
  #scheduled = false

  /** `flush` is called at the end of each turn in which something was added, and in between where that is much. */
  constructor(flush: (pieces: ReadonlyArray<Uint8Array>) => void) {
    this.#flush = flush
  }

  /** Bytes that were added and not written yet. */
  get size(): number {
    return this.#size
  }

  /** Adds bytes as they are. */
  add(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (bytes.length > copied) this.#addPiece(bytes)
    else {
      this.#reserve(bytes.length)
      this.#piece.set(bytes, this.#used)
      this.#used += bytes.length
    }
    this.#schedule()
  }

  /** Adds a frame. */
  addFrame(flags: number, body: Uint8Array): void {
    const { length } = body
    const header = headerLength(length)
    this.#size += header + length
    const small = length <= copied
    this.#reserve(header + (small ? length : 0))
    this.#used = writeHeader(flags, length, this.#piece, this.#used)
    if (small) {
      this.#piece.set(body, this.#used)
      this.#used += length
    } else this.#addPiece(body)
    this.#schedule()
  }

  /** Adds the frames of a message. */
  addMessage(frames: ReadonlyArray<Uint8Array>): void {
    const last = frames.length - 1
    for (let i = 0; i <= last; i++) this.addFrame(i < last ? Flag.more : 0, frames[i]!)
    if (this.#size >= eager) this.flush()
  }

  /** Writes now what is there. */
  flush(): void {
    this.#cut()
    if (this.#pieces.length === 0) return
    const pieces = this.#pieces
    this.#pieces = []
    this.#size = 0
    this.#flush(pieces)
  }

  #addPiece(bytes: Uint8Array): void {
    this.#cut()
    this.#pieces.push(bytes)
  }

  /** Gives away what the common piece holds so far. */
  #cut(): void {
    if (this.#used > this.#from) this.#pieces.push(this.#piece.subarray(this.#from, this.#used))
    this.#from = this.#used
  }

  /** Makes room; memory that was given away is never written again. */
  #reserve(length: number): void {
    if (this.#used + length <= this.#piece.length) return
    this.#cut()
    this.#piece = new Uint8Array(Math.max(firstPiece, Math.min(this.#piece.length * 2, longestPiece), length))
    this.#used = 0
    this.#from = 0
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.flush()
    })
  }
}

const nothing = new Uint8Array(0)
