/**
 * How bytes are spoiled, whatever they mean: flipped, cut, repeated, moved, replaced.
 *
 * Pure; below the targets, which add what only they know, such as where a length stands. A sample is a list of parts, as a
 * peer would send them one after the other.
 */
import type { Random } from "../chaos/random.ts"

/** What is spoiled. */
export type Parts = ReadonlyArray<Uint8Array>

/** One way to spoil it. */
export type Mutation = (parts: Parts, random: Random) => Parts

/** One of several. */
export const pick = <A>(random: Random, values: ReadonlyArray<A>): A => values[random.between(0, values.length - 1)]!

/** Bytes by chance. */
export const noise = (random: Random, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = random.next() * 256
  return bytes
}

/** One array of all. */
export const join = (parts: Parts): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Bytes that mean something to many protocols. */
const edges = [0x00, 0x01, 0x02, 0x04, 0x7f, 0x80, 0xfe, 0xff]

/** Changes one part, if there is one. */
export const inPart = (change: (part: Uint8Array, random: Random) => Uint8Array): Mutation => (parts, random) => {
  if (parts.length === 0) return parts
  const at = random.between(0, parts.length - 1)
  return parts.with(at, change(parts[at]!, random))
}

/** A range of a part: from, and up to. */
const range = (random: Random, { length }: Uint8Array): readonly [number, number] => {
  const from = random.between(0, length)
  return [from, Math.min(length, from + random.between(0, random.next() < 0.8 ? 8 : length))]
}

const flip = inPart((part, random) => {
  const changed = part.slice()
  for (let count = random.between(1, 4); count > 0 && part.length > 0; count--) {
    changed[random.between(0, part.length - 1)]! ^= 1 << random.between(0, 7)
  }
  return changed
})

const set = inPart((part, random) => {
  if (part.length === 0) return part
  return part.with(random.between(0, part.length - 1), pick(random, edges))
})

const cutShort = inPart((part, random) => part.slice(0, random.between(0, part.length)))

const remove = inPart((part, random) => {
  const [from, to] = range(random, part)
  return join([part.subarray(0, from), part.subarray(to)])
})

const insert = inPart((part, random) => {
  const at = random.between(0, part.length)
  return join([part.subarray(0, at), noise(random, random.between(1, 12)), part.subarray(at)])
})

const repeat = inPart((part, random) => {
  const [from, to] = range(random, part)
  return join([part.subarray(0, to), part.subarray(from)])
})

const overwrite = inPart((part, random) => {
  const [from, to] = range(random, part)
  return join([part.subarray(0, from), noise(random, to - from), part.subarray(to)])
})

const dropPart: Mutation = (parts, random) => {
  const at = random.between(0, parts.length)
  return parts.filter((_, i) => i !== at)
}

const repeatPart: Mutation = (parts, random) => {
  if (parts.length === 0) return parts
  const part = pick(random, parts)
  return parts.toSpliced(
    random.between(0, parts.length),
    0,
    ...Array.from({ length: random.between(1, 3) }, () => part),
  )
}

const movePart: Mutation = (parts, random) => random.shuffle(parts)

const swapParts: Mutation = (parts, random) => {
  if (parts.length < 2) return parts
  const at = random.between(0, parts.length - 2)
  return parts.toSpliced(at, 2, parts[at + 1]!, parts[at]!)
}

const endEarly: Mutation = (parts, random) => {
  const all = join(parts)
  return [all.subarray(0, random.between(0, all.length))]
}

const goOn: Mutation = (parts, random) => [...parts, noise(random, random.between(1, 40))]

/** All of them; those of a single part count more, as they leave the most intact. */
export const mutations: ReadonlyArray<Mutation> = [
  flip,
  flip,
  flip,
  set,
  set,
  cutShort,
  remove,
  insert,
  repeat,
  overwrite,
  dropPart,
  repeatPart,
  movePart,
  swapParts,
  endEarly,
  goOn,
]

/** Puts parts of another sample in between. */
export const splice = (parts: Parts, other: Parts, random: Random): Parts => {
  const from = random.between(0, other.length)
  const taken = other.slice(from, random.between(from, other.length))
  return parts.toSpliced(random.between(0, parts.length), random.between(0, 2), ...taken)
}
