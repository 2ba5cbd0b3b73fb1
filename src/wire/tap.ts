/**
 * Tapping on the wire: how a process is asked to tell of the messages that it sends, and how it tells.
 *
 * An order (`warren.tap`) goes to every process, with the key of presence's `ask`, or to one process's control queue; what is
 * told (`warren.tapped`) goes to a queue of the tap's own, whose name follows from the order, so that no other can be named.
 * A process that begins says so to whatever tap there is (`warren.tap.hello`). JSON bodies, never persistent.
 * Pure. Reading never fails and never believes more than its limits: any AMQP client may have written the bytes.
 */
import { Schema } from "effect"
import type { Packet, Route } from "../transport/mod.ts"
import { readNotice, writeNotice } from "./notice.ts"
import { noticePacket } from "./presence.ts"
import { Exchange, QueueName } from "./topology.ts"

/** The types of the three notices. */
export const tapType = "warren.tap"
/** See {@link tapType}. */
export const tappedType = "warren.tapped"
/** See {@link tapType}. */
export const tapHelloType = "warren.tap.hello"

/**
 * What is refused beyond: bytes of an order and of what is told, bytes of one message that are told, messages of one notice and
 * of all bodies in it, types that are counted, conditions.
 */
export const tapLimits = {
  order: 16_384,
  told: 4_194_304,
  body: 262_144,
  messages: 256,
  bytes: 262_144,
  counts: 1_000,
  conditions: 20,
} as const

/** Where a process that begins asks whether there is a tap; unroutable where there is none. */
export const tapHello: Route = { exchange: Exchange.control, key: "tap.hello" }

/** The queue of a tap. */
export const tapQueue = ({ asker, key }: Pick<TapOrder, "asker" | "key">): string => QueueName.tap(asker, key)

const Name = Schema.String.check(Schema.isPattern(/^[^/\p{Cc}]{1,200}$/u))
const Key = Schema.String.check(Schema.isPattern(/^[\w-]{1,64}$/))
const Figure = Schema.Finite
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(schema)

/** One part of what must hold: at this path of the payload is what this text says. */
export const TapCondition = Schema.Struct({
  path: Schema.Array(Schema.String),
  /** JSON, or else a text. */
  text: Schema.String,
})

/** See {@link TapCondition}. */
export type TapCondition = typeof TapCondition.Type

const Order = Schema.Struct({
  v: Schema.Literal(1),
  /** The process that asks, and which of its taps it is. */
  asker: Name,
  key: Key,
  /** Which types: `sales.*`, `#`. */
  pattern: Schema.String,
  /** The app that sends. */
  app: maybe(Schema.String),
  where: Schema.Array(TapCondition),
  /** Whether messages are told, or only how many there were. */
  mode: Schema.Literals(["messages", "counts"]),
  /** For so long, ms; 0: no longer. */
  lease: Count,
})

/** What is to be told, to whom, and for how long. */
export type TapOrder = Omit<typeof Order.Type, "v">

/** One message as it is told. */
export const TappedMessage = Schema.Struct({
  /** When it was sent, ms since the epoch. */
  at: Figure,
  id: Schema.String,
  type: Schema.String,
  app: Schema.String,
  kind: Schema.Literals(["event", "call"]),
  cause: maybe(Schema.String),
  /** Of an event: whether any queue wanted it. */
  heard: maybe(Schema.Boolean),
  /** Who handles it tells it: its sender is no process of Warren's. */
  foreign: maybe(Schema.Literal(true)),
  /** Bytes of its body. */
  size: Count,
  /** The body, where it is text; else as base64. Neither: it is too long, or nobody wants it. */
  body: maybe(Schema.String),
  raw: maybe(Schema.String),
})

/** See {@link TappedMessage}. */
export type TappedMessage = typeof TappedMessage.Type

/** So many of a type, from one app. */
const TappedCount = Schema.Struct({
  type: Schema.String,
  app: Schema.String,
  kind: Schema.Literals(["event", "call"]),
  count: Count,
})

/** See {@link TapNotice}. */
export type TappedCount = typeof TappedCount.Type

const Notice = Schema.Struct({
  v: Schema.Literal(1),
  key: Key,
  instance: Name,
  host: Schema.String,
  pid: Count,
  /** Tells this tap in this process from one that it had before: what is counted begins anew. */
  round: Count,
  /** Messages that fitted, from the beginning of the tap in this process to the last one that is told here. */
  fitted: Count,
  messages: Schema.Array(TappedMessage),
  /** All since then; absent where messages are told. */
  counts: maybe(Schema.Array(TappedCount)),
})

/** What one process tells. */
export type TapNotice = Omit<typeof Notice.Type, "v">

const Hello = Schema.Struct({ v: Schema.Literal(1), instance: Name })

/** The body of an order; `undefined`: it is too long. */
export const encodeTapOrder = (order: TapOrder): Uint8Array | undefined => writeNotice(order, tapLimits.order)

/** The order in a body; `undefined` for anything else. */
export const decodeTapOrder = (body: Uint8Array): TapOrder | undefined => {
  const order = readNotice(readOrder, body, tapLimits.order)
  return order !== undefined && order.where.length <= tapLimits.conditions ? order : undefined
}

/** The body of what is told; `undefined`: it is too long. */
export const encodeTapNotice = (notice: TapNotice): Uint8Array | undefined => writeNotice(notice, tapLimits.told)

/** What is told in a body; `undefined` for anything else. */
export const decodeTapNotice = (body: Uint8Array): TapNotice | undefined => readNotice(readTold, body, tapLimits.told)

/** The body of a process's first word. */
export const encodeTapHello = (instance: string): Uint8Array =>
  writeNotice({ instance }, tapLimits.order) ?? new Uint8Array(0)

/** Who says it; `undefined` for anything else. */
export const decodeTapHello = (body: Uint8Array): string | undefined =>
  readNotice(readHello, body, tapLimits.order)?.instance

/** Any of the three as a packet; nobody waits for it longer than ten seconds. */
export const tapPacket = (
  type: typeof tapType | typeof tappedType | typeof tapHelloType,
  id: string,
  app: string,
  now: number,
  body: Uint8Array,
): Packet => ({ ...noticePacket(id, app, now, 10_000, body), type })

/** What is at a path of a JSON value; `undefined`: nothing. */
export const valueAt = (value: unknown, path: ReadonlyArray<string>): unknown => {
  let at = value
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[step]
  }
  return at
}

/** Whether all conditions hold in a payload: numbers, booleans and `null` are compared as JSON, texts also as they are. */
export const holds = (conditions: ReadonlyArray<TapCondition>, payload: unknown): boolean =>
  conditions.every(({ path, text }) => {
    const value = valueAt(payload, path)
    if (value === undefined) return false
    return value === text || JSON.stringify(value) === canonical(text)
  })

/** JSON as `JSON.stringify` writes it; `undefined`: it is none. */
const canonical = (text: string): string | undefined => {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined
  }
}

const readOrder = Schema.decodeUnknownOption(Order)
const readTold = Schema.decodeUnknownOption(Notice)
const readHello = Schema.decodeUnknownOption(Hello)
