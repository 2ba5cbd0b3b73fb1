/**
 * Message identities: fresh ones that sort by time (UUIDv7, RFC 9562), and derived ones that repeat.
 *
 * A handler that runs again emits the same messages again; their ids are derived from (cause, handler,
 * ordinal), so that receivers can tell. Time and randomness are given from outside.
 */
import { createHash, getRandomValues } from "node:crypto"
import { Context } from "effect"

/** Makes a fresh id for a message sent at `now` (ms since the epoch). */
export interface Ids {
  readonly next: (now: number) => string
}

const hex: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Ids from a source of random bytes; ids sort in the order they were made. */
export const makeIds = (fill: (bytes: Uint8Array) => void): Ids => {
  const pool = new Uint8Array(1024)
  let used = pool.length
  let last = -1
  let sequence = 0
  return {
    next: (now) => {
      if (used + 10 > pool.length) {
        fill(pool)
        used = 0
      }
      const at = used
      used += 10
      // 12 bits of sequence keep order within a millisecond; a new millisecond starts at a random place in the lower half
      // where they run out, or the clock goes back, the time in the id runs ahead of the clock (RFC 9562, 6.2)
      if (now > last) {
        last = now
        sequence = ((pool[at]! << 8) | pool[at + 1]!) & 0x7ff
      } else if (++sequence > 0xfff) {
        last++
        sequence = 0
      }
      return format(last, sequence, pool, at + 2)
    },
  }
}

/** The generator in force; tests replace it by a seeded one. */
export const CurrentIds = Context.Reference<Ids>("warren/wire/Ids", {
  defaultValue: () => makeIds((bytes) => void getRandomValues(bytes)),
})

/** Random-looking id derived from a cause: the same three arguments always give the same id, with the cause's time. */
export const deriveId = (cause: string, handler: string, ordinal: number): string => {
  const hash = createHash("sha256").update(`${cause}\n${handler}\n${ordinal}`).digest()
  const time = Number.parseInt(cause.slice(0, 8) + cause.slice(9, 13), 16)
  return format(Number.isFinite(time) ? time : 0, ((hash[0]! << 8) | hash[1]!) & 0xfff, hash, 2)
}

const format = (time: number, sequence: number, bytes: Uint8Array, at: number): string => {
  const high = Math.floor(time / 0x1_0000_0000)
  const low = time >>> 0
  const b = (i: number): string => hex[bytes[at + i]!]!
  return hex[(high >>> 8) & 0xff]! + hex[high & 0xff]! + hex[low >>> 24]! + hex[(low >>> 16) & 0xff]! + "-" +
    hex[(low >>> 8) & 0xff]! + hex[low & 0xff]! + "-" +
    hex[0x70 | (sequence >>> 8)]! + hex[sequence & 0xff]! + "-" +
    hex[0x80 | (bytes[at]! & 0x3f)]! + b(1) + "-" + b(2) + b(3) + b(4) + b(5) + b(6) + b(7)
}
