/**
 * A place in the bytes of one frame, for reading.
 *
 * Below the primitives: `take` is the only check of bounds there is. Whoever reads a part with a length of its own narrows
 * the cursor to it, so that nothing inside can reach beyond. Throws a `WireError`, which the doors of this folder return.
 */
import { type WireError, wireError, type WireErrorTag } from "./WireError.ts"

/** Bytes of a frame before its payload: type, channel, size. */
export const frameHeaderSize = 7

/** See the top of the file. */
export class Cursor {
  readonly bytes: Uint8Array
  at: number
  end: number
  /** What it is when something is too short. */
  tag: WireErrorTag = "FrameError"
  /** How many tables and arrays are around this place. */
  depth = 0
  /** How many values of tables and arrays were read. */
  fields = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
  }

  /** Goes on by so many bytes and returns the offset before them. */
  take(count: number): number {
    const from = this.at
    if (count > this.end - from) throw this.tooShort(count)
    this.at = from + count
    return from
  }

  /** An error at this place. */
  wrong(tag: WireErrorTag, expected: string, found: string, at = this.at): WireError {
    return wireError(tag, frameHeaderSize + at, expected, found)
  }

  private tooShort(count: number): WireError {
    return this.wrong(this.tag, count === 1 ? "1 byte" : `${count} bytes`, `${this.end - this.at} left`)
  }
}
