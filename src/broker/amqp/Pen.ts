/**
 * A place in bytes that are being written; whoever makes them has asked for their size before.
 *
 * Below the primitives. Writing past the end is a mistake of this folder, not of a peer: `done` tells of it.
 */
import { Slab } from "./Slab.ts"

/** What is this short shares memory: it is on its way for a moment only. */
const shortPiece = 4096

const pieces = new Slab(64 * 1024)

/** See the top of the file. */
export class Pen {
  readonly bytes: Uint8Array<ArrayBuffer>
  at = 0

  constructor(size: number) {
    this.bytes = size > shortPiece ? new Uint8Array(size) : pieces.take(size)
  }

  /** Goes on by so many bytes and returns the offset before them. */
  skip(count: number): number {
    const from = this.at
    this.at = from + count
    return from
  }

  /** The bytes, when all of them are written. */
  done(): Uint8Array<ArrayBuffer> {
    if (this.at !== this.bytes.length) throw new RangeError(`Wrote ${this.at} of ${this.bytes.length} bytes`)
    return this.bytes
  }
}
