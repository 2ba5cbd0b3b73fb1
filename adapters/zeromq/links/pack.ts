/**
 * The parts of a message as one frame, for encrypted links: each frame is a box of its own there, and boxes cost.
 *
 * Pure. Each part is its length, 32 bits, most significant first, and its bytes. What is no such frame reads as nothing.
 */
import type { Parts } from "../../../src/transport/mod.ts"
import { readUint32, writeUint32 } from "../zmtp/bytes.ts"

const lengthBytes = 4

/** One frame of all parts. */
export const pack = (parts: Parts): Uint8Array => {
  const frame = new Uint8Array(parts.reduce((sum, { length }) => sum + lengthBytes + length, 0))
  let at = 0
  for (const part of parts) {
    writeUint32(part.length, frame, at)
    frame.set(part, at + lengthBytes)
    at += lengthBytes + part.length
  }
  return frame
}

/** The parts of a frame, which are views of it; `undefined`: it is none, or has more than `most`. */
export const unpack = (frame: Uint8Array, most: number): Parts | undefined => {
  const parts: Array<Uint8Array> = []
  for (let at = 0; at < frame.length;) {
    if (frame.length - at < lengthBytes || parts.length === most) return undefined
    const from = at + lengthBytes
    const length = readUint32(frame, at)
    if (length > frame.length - from) return undefined
    at = from + length
    parts.push(frame.subarray(from, at))
  }
  return parts
}
