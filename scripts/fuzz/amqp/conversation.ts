/**
 * What a peer says over AMQP 0-9-1, drawn by chance: the greeting, methods of every name, messages, heartbeats.
 *
 * Below `target.ts`, which spoils it. Everything drawn is as the codec itself writes it.
 */
import {
  type ContentMethod,
  type Field,
  heartbeat,
  type Long,
  type Method,
  type MethodName,
  methods,
  type Properties,
  type Table,
  writeBody,
  writeContent,
  writeHeader,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import type { Random } from "../../chaos/random.ts"
import { noise, type Parts, pick } from "../mutate.ts"

/** What both sides have agreed on; small, so that it is met. */
export const limits = { frameMax: 4096, bodyMax: 6_000 } as const

const names = Object.keys(methods) as ReadonlyArray<MethodName>
const plain = names.filter((name) => !methods[name].hasContent)
const withContent = names.filter((name) => methods[name].hasContent)

const texts = ["", "q", "warren.events", "sales.orderPlaced", "é€𝄞", "x".repeat(255), "x-death", "__proto__"]

const drawLong = (random: Random): Long => pick(random, [0, 1, 2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n])

const drawField = (random: Random, depth: number): Field => {
  switch (random.between(0, depth > 4 ? 14 : 16)) {
    case 0:
      return { type: "bool", value: random.next() < 0.5 }
    case 1:
      return { type: "byte", value: random.between(-128, 127) }
    case 2:
      return { type: "unsignedbyte", value: random.between(0, 255) }
    case 3:
      return { type: "short", value: random.between(-32_768, 32_767) }
    case 4:
      return { type: "unsignedshort", value: random.between(0, 65_535) }
    case 5:
      return { type: "signedint", value: random.between(-(2 ** 31), 2 ** 31 - 1) }
    case 6:
      return { type: "unsignedint", value: random.between(0, 2 ** 32 - 1) }
    case 7:
      return { type: "long", value: drawLong(random) }
    case 8:
      return { type: "float", value: Math.fround(random.next()) }
    case 9:
      return { type: "double", value: random.next() }
    case 10:
      return { type: "decimal", value: { scale: random.between(0, 9), value: random.between(0, 1_000) } }
    case 11:
      return { type: "longstr", value: pick(random, texts) }
    case 12:
      return { type: "timestamp", value: drawLong(random) }
    case 13:
      return { type: "void", value: undefined }
    case 14:
      return { type: "binary", value: noise(random, random.between(0, 20)) }
    case 15:
      return { type: "array", value: Array.from({ length: random.between(0, 3) }, () => drawField(random, depth + 1)) }
    default:
      return { type: "table", value: drawTable(random, depth + 1) }
  }
}

const drawTable = (random: Random, depth = 0): Table =>
  new Map(Array.from({ length: random.between(0, 3) }, () => [pick(random, texts), drawField(random, depth)]))

const drawArgument = {
  bit: (random: Random) => random.next() < 0.5,
  octet: (random: Random) => random.between(0, 255),
  short: (random: Random) => random.between(0, 65_535),
  long: (random: Random) => random.between(0, 2 ** 32 - 1),
  longlong: drawLong,
  shortstr: (random: Random) => pick(random, texts),
  longstr: (random: Random) => noise(random, random.between(0, 20)),
  table: drawTable,
}

const drawMethod = (random: Random, name: MethodName): Method => {
  const values = Object.entries(methods[name].arguments)
    .filter(([key]) => !key.startsWith("reserved"))
    .map(([key, type]) => [key, drawArgument[type as keyof typeof drawArgument](random)])
  return { name, ...Object.fromEntries(values) } as Method
}

const drawProperties = (random: Random): Properties => ({
  contentType: random.next() < 0.5 ? "application/json" : undefined,
  deliveryMode: random.next() < 0.5 ? 2 : undefined,
  headers: random.next() < 0.5 ? drawTable(random) : undefined,
  messageId: random.next() < 0.5 ? pick(random, texts) : undefined,
  timestamp: random.next() < 0.5 ? drawLong(random) : undefined,
  clusterId: random.next() < 0.1 ? "" : undefined,
})

/** A message, in one piece or with a body in frames of any length. */
const drawMessage = (random: Random, channel: number): Parts => {
  const method = drawMethod(random, pick(random, withContent)) as ContentMethod
  const body = noise(random, pick(random, [0, 1, 40, 40, 300, 5_000, 6_001]))
  const properties = drawProperties(random)
  if (random.next() < 0.5) return [writeContent(channel, method, properties, body, limits.frameMax)]
  const parts = [
    writeMethod(channel, method),
    writeHeader({ channel, classId: methods[method.name].classId, size: body.length, properties }),
  ]
  for (let at = 0; at < body.length;) {
    const length = random.between(0, 2_000)
    parts.push(writeBody(channel, body.subarray(at, at + length)))
    at += length
  }
  return parts
}

/** What is said after the greeting, one part a frame or a message. */
export const drawTraffic = (random: Random): Parts =>
  Array.from({ length: random.between(1, 5) }, (): Parts => {
    const channel = random.between(0, 2)
    const chance = random.next()
    if (chance < 0.1) return [heartbeat as Uint8Array]
    return chance < 0.6 ? [writeMethod(channel, drawMethod(random, pick(random, plain)))] : drawMessage(random, channel)
  }).flat()
