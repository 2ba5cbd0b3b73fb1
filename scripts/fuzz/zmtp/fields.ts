/**
 * How frames are spoiled where it hurts: flags, sizes, names, and what is inside a sealed frame.
 *
 * Pure. Beside `../mutate.ts`, which knows nothing of what bytes mean.
 */
import { concat, toBytes } from "../../../adapters/zeromq/zmtp/bytes.ts"
import { Flag, type Frame } from "../../../adapters/zeromq/zmtp/frames.ts"
import { greetingLength } from "../../../adapters/zeromq/zmtp/greeting.ts"
import type { Random } from "../../chaos/random.ts"
import { inPart, type Mutation, noise, pick } from "../mutate.ts"

/** Sizes that someone may have thought of wrongly. */
const sizes = [0n, 1n, 255n, 256n, 999n, 1_000n, 1_001n, 8_192n, 8_193n, 65_536n, 65_570n]
  .concat([1n << 26n, 1n << 31n, 1n << 32n, (1n << 53n) - 1n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n])

/** Where the body of a frame begins. */
const bodyAt = (frame: Uint8Array): number => Math.min(frame.length, (frame[0] ?? 0) & Flag.long ? 9 : 2)

/** A greeting is no frame. */
const inFrame = (change: (frame: Uint8Array, random: Random) => Uint8Array): Mutation =>
  inPart((part, random) => part.length < 2 || part.length === greetingLength ? part : change(part, random))

const long = (flags: number, size: bigint, body: Uint8Array): Uint8Array => {
  const header = new Uint8Array(9)
  header[0] = flags | Flag.long
  new DataView(header.buffer).setBigUint64(1, size)
  return concat(header, body)
}

const flags = inFrame((frame, random) =>
  frame.with(0, random.next() < 0.7 ? random.between(0, 7) : random.between(0, 255))
)

const wrongSize = inFrame((frame, random) => {
  const body = frame.subarray(bodyAt(frame))
  const near = BigInt(Math.max(0, body.length + random.between(-2, 2)))
  return long(frame[0]!, random.next() < 0.4 ? near : pick(random, sizes), body)
})

const wrongShortSize = inFrame((frame, random) => frame.with(1, random.between(0, 255)))

/** Says a short size in the long way, which is no mistake. */
const longForm = inFrame((frame): Uint8Array => {
  const body = frame.subarray(bodyAt(frame))
  return long(frame[0]!, BigInt(body.length), body)
})

const otherName = inFrame((_, random) => {
  const name = toBytes(pick(random, ["READY", "ERROR", "PING", "PONG", "SUBSCRIBE", "CANCEL", "HELLO", "MESSAGE", ""]))
  const body = concat(Uint8Array.of(name.length), name, noise(random, random.between(0, 20)))
  return concat(Uint8Array.of(Flag.command, body.length), body)
})

/** Many frames of a message that never ends. */
const endless: Mutation = (parts, random) => {
  const frame = concat(Uint8Array.of(Flag.more, 1, 7))
  return [...parts, ...Array.from({ length: random.between(2, 9) }, () => frame)]
}

/** What only frames have. */
export const fieldMutations: ReadonlyArray<Mutation> = [
  flags,
  flags,
  wrongSize,
  wrongSize,
  wrongShortSize,
  longForm,
  otherName,
  endless,
]

/** Spoils what will be sealed: commands that are none, commands in several frames, bodies cut or grown. */
export const spoilInside = (frames: ReadonlyArray<Frame>, random: Random): ReadonlyArray<Frame> => {
  if (frames.length === 0) return frames
  const at = random.between(0, frames.length - 1)
  const frame = frames[at]!
  switch (random.between(0, 5)) {
    case 0:
      return frames.with(at, { ...frame, command: !frame.command })
    case 1:
      return frames.with(at, { ...frame, more: !frame.more })
    case 2:
      return frames.with(at, { ...frame, body: frame.body.subarray(0, random.between(0, frame.body.length)) })
    case 3:
      return frames.with(at, { ...frame, body: concat(frame.body, noise(random, pick(random, [1, 2, 9, 40, 1_100]))) })
    case 4:
      return frames.with(at, { ...frame, body: noise(random, random.between(0, 20)) })
    default:
      return frames.toSpliced(random.between(0, frames.length), 0, frame)
  }
}
