/**
 * How frames of AMQP are spoiled where only AMQP knows: lengths that lie, flags, letters of types, ends, nesting.
 *
 * Beside `mutate.ts`, which knows bytes alone. Most of these leave the frame itself whole, so that what is inside is reached.
 */
import { inPart, join, type Mutation, pick } from "../mutate.ts"

const long = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)

/** A frame with another payload, and a size that fits. */
const reframe = (frame: Uint8Array, payload: Uint8Array): Uint8Array =>
  join([frame.subarray(0, 3), long(payload.length), payload, Uint8Array.of(0xce)])

/** Changes what is inside of a frame. */
const inside = (change: Mutation): Mutation =>
  inPart((frame, random) => frame.length < 8 ? frame : reframe(frame, join(change([frame.subarray(7, -1)], random))))

/** Numbers where a length may stand. */
const lengths = [0, 1, 2, 7, 255, 4_088, 4_096, 4_097, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

const lie: Mutation = inPart((part, random) => {
  if (part.length < 4) return part
  const changed = part.slice()
  changed.set(long(pick(random, lengths)), random.between(0, part.length - 4))
  return changed
})

const size = inPart((frame, random) =>
  frame.length < 8 ? frame : join([frame.subarray(0, 3), long(pick(random, lengths)), frame.subarray(7)])
)

const end = inPart((frame, random) => frame.length < 8 ? frame : frame.with(-1, random.between(0, 255)))

const type = inPart((frame, random) => frame.length < 8 ? frame : frame.with(0, pick(random, [0, 1, 2, 3, 4, 7, 8, 9])))

const ids = inPart((frame, random) =>
  frame.length < 12 ? frame : frame.with(pick(random, [8, 10]), pick(random, [10, 20, 30, 40, 50, 51, 60, 85, 90, 120]))
)

const letters = "tbBUusIilLfdDSATFVxZ"

const letter: Mutation = inPart((part, random) => {
  // a letter most often stands where there is one
  const places = [...part.keys()].filter((at) => letters.includes(String.fromCharCode(part[at]!)))
  if (places.length === 0) return part
  return part.with(pick(random, places), letters.charCodeAt(random.between(0, letters.length - 1)))
})

/** `queue.declare` with tables in each other, or with very many values. */
const deep: Mutation = (parts, random) => {
  let value: Uint8Array = new Uint8Array(0)
  const depth = pick(random, [1, 60, 63, 64, 65, 200, 300])
  for (let i = 0; i < depth; i++) value = join([Uint8Array.of(1, 0x6b, 0x46), long(value.length), value])
  if (random.next() < 0.3) value = join([Uint8Array.of(1, 0x6b, 0x41), long(3_900), new Uint8Array(3_900).fill(0x56)])
  const payload = join([Uint8Array.of(0, 50, 0, 10, 0, 0, 0, 0), long(value.length), value])
  return parts.toSpliced(random.between(0, parts.length), 0, reframe(Uint8Array.of(1, 0, 1), payload))
}

/** See the top of the file; `bytes` are mutations that know nothing, which are used inside of frames. */
export const fieldMutations = (bytes: ReadonlyArray<Mutation>): ReadonlyArray<Mutation> => [
  ...bytes.map(inside),
  inside(lie),
  inside(lie),
  inside(lie),
  inside(letter),
  inside(letter),
  lie,
  size,
  end,
  type,
  ids,
  deep,
]
