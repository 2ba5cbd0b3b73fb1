/**
 * A packet in AMQP's words and back: basic properties and header tables.
 *
 * Above it: `Publisher.ts` and `Consumer.ts`. Pure, and total on what comes in: whatever a foreign program put on
 * the wire becomes a packet (missing texts are `""`, a missing time is 0, values that are not scalars are dropped or
 * written as JSON). AMQP's timestamp has whole seconds, so the exact ms travel in the header `warren-timestamp`.
 * The broker's own records of a dead letter (`x-death`) never travel with a copy, which it would drop as a cycle.
 */
import type { Headers, HeaderValue, Packet } from "../../src/transport/mod.ts"

/** AMQP's basic properties, as far as Warren uses them. */
export interface Properties {
  readonly messageId?: unknown
  readonly type?: unknown
  readonly appId?: unknown
  /** Seconds since the epoch. */
  readonly timestamp?: unknown
  readonly contentType?: unknown
  readonly contentEncoding?: unknown
  readonly deliveryMode?: unknown
  readonly priority?: unknown
  readonly userId?: unknown
  readonly correlationId?: unknown
  readonly replyTo?: unknown
  /** ms, as text. */
  readonly expiration?: unknown
  readonly headers?: Readonly<Record<string, unknown>> | undefined
}

const timestampHeader = "warren-timestamp"
const countHeader = "x-delivery-count"
/** The longest expiration that RabbitMQ takes; above it a message lives without limit. */
const longest = 4_294_967_295
/** The last second that a date can be in. */
const latest = 8_640_000_000_000
/** AMQP's short strings. */
const shortString = 255

/** The properties that carry a packet. */
export const fromPacket = (packet: Packet): Properties => {
  const at = packet.timestamp
  const timed = Number.isFinite(at) && at > 0
  const lives = packet.expiration !== undefined && packet.expiration <= longest
  return {
    messageId: packet.id,
    type: packet.type,
    appId: packet.app,
    timestamp: timed ? Math.floor(at / 1000) : undefined,
    contentType: packet.contentType,
    deliveryMode: packet.persistent ? 2 : 1,
    correlationId: packet.correlationId,
    replyTo: packet.replyTo,
    expiration: lives ? String(Math.max(0, Math.ceil(packet.expiration ?? 0))) : undefined,
    headers: table(packet.headers, timed && at % 1000 !== 0 ? at : undefined),
  }
}

/**
 * The properties of an arrival, for publishing it once more as it is: without a time to live, without a user's id, which
 * the broker takes only from that user, and without the broker's own records.
 */
export const repeatable = (properties: Properties): Properties => {
  const headers: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (name === "__proto__" || brokers(name)) continue
    headers[name] = typeof value === "number" && !Number.isSafeInteger(value) ? { "!": "double", value } : value
  }
  return { ...properties, expiration: undefined, userId: undefined, headers } as Properties
}

/** The first text of a publish that is longer than AMQP's short strings allow, and its bytes. */
export const tooLong = (
  packet: Packet,
  exchange: string,
  key: string,
): { readonly size: number; readonly limit: number } | undefined => {
  const { id, type, app, contentType, correlationId, replyTo } = packet
  const long = over(key) ?? over(exchange) ?? over(id) ?? over(type) ?? over(app) ?? over(contentType) ??
    over(correlationId) ?? over(replyTo)
  return long === undefined ? undefined : { size: encoder.encode(long).length, limit: shortString }
}

const over = (text: string | undefined): string | undefined => text !== undefined && isLong(text) ? text : undefined

const encoder = new TextEncoder()

// no character takes more than three bytes per unit of length
const isLong = (text: string): boolean => text.length * 3 > shortString && encoder.encode(text).length > shortString

const brokers = (name: string): boolean =>
  name.startsWith("x-") && (name === countHeader || /^x-(first-|last-)?death(-|$)/.test(name))

const table = (headers: Headers, timestamp: number | undefined): Record<string, unknown> => {
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(headers)) {
    if (name === "__proto__" || brokers(name) || isLong(name)) continue
    const value = headers[name]
    // RabbitMQ closes the connection over a number that is none
    if (typeof value === "number" && !Number.isFinite(value)) continue
    // the library guesses a type per number, and guesses wrong for large floats
    out[name] = typeof value === "number" && !Number.isSafeInteger(value) ? { "!": "double", value } : value
  }
  if (timestamp !== undefined) out[timestampHeader] = timestamp
  return out
}

/** The packet that a delivery carries; never throws. */
export const toPacket = (properties: Properties, body: Uint8Array): Packet => {
  const given = properties.headers ?? {}
  const headers: Record<string, HeaderValue> = {}
  for (const name of Object.keys(given)) {
    if (name === timestampHeader || name === countHeader || name === "x-death" || name === "__proto__") continue
    const scalar = toScalar(given[name])
    if (scalar !== undefined) headers[lower(name)] = scalar
  }
  if (given["x-death"] !== undefined) Object.assign(headers, deathHeaders(given["x-death"]))
  const expiration = typeof properties.expiration === "string" ? Number(properties.expiration) : Number.NaN
  const packet: { -readonly [K in keyof Packet]: Packet[K] } = {
    id: text(properties.messageId),
    type: text(properties.type),
    app: text(properties.appId),
    timestamp: toTimestamp(properties),
    contentType: text(properties.contentType),
    persistent: properties.deliveryMode === 2,
    headers,
    body,
  }
  if (typeof properties.correlationId === "string") packet.correlationId = properties.correlationId
  if (typeof properties.replyTo === "string") packet.replyTo = properties.replyTo
  if (Number.isFinite(expiration)) packet.expiration = expiration
  return packet
}

/** How often the broker says that a message came back before; quorum queues count, others do not. */
export const deliveryCount = (properties: Properties): number => {
  const count = properties.headers?.[countHeader]
  return typeof count === "number" && count > 0 ? count : 0
}

// other letters may take more bytes in lower case, and names have few
const lower = (name: string): string => {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code >= 65 && code <= 90) return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  }
  return name
}

const text = (value: unknown): string => typeof value === "string" ? value : ""

// The exact time counts only where it agrees with the property: a program that repeats a message may set just one.
const toTimestamp = (properties: Properties): number => {
  const given = properties.timestamp
  // whoever counts nanoseconds means no time that there is
  const seconds = typeof given === "number" && given <= latest ? given : 0
  const exact = properties.headers?.[timestampHeader]
  return typeof exact === "number" && Math.floor(exact / 1000) === seconds ? exact : seconds * 1000
}

const toScalar = (value: unknown): HeaderValue | undefined => {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value
  if (value === null || value === undefined || typeof value !== "object") return undefined
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  const tagged = value as { readonly "!"?: unknown; readonly value?: unknown }
  if (tagged["!"] === "timestamp" && typeof tagged.value === "number") return tagged.value * 1000
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

// The broker's record of deaths is a list of tables, latest first; the port's headers are flat.
const deathHeaders = (record: unknown): Record<string, HeaderValue> => {
  if (!Array.isArray(record) || record.length === 0) return {}
  const deaths = record.map((entry: Readonly<Record<string, unknown>> | null) => {
    const [keys, count]: ReadonlyArray<unknown> = [entry?.["routing-keys"], entry?.["count"]]
    return {
      queue: text(entry?.["queue"]),
      reason: text(entry?.["reason"]),
      count: typeof count === "number" && Number.isFinite(count) ? count : 0,
      exchange: text(entry?.["exchange"]),
      key: text(Array.isArray(keys) ? keys[0] : undefined),
    }
  })
  const latest = deaths[0]
  return {
    "x-death": JSON.stringify(deaths),
    "x-death-count": deaths.reduce((sum, death) => sum + death.count, 0),
    "x-last-death-queue": latest?.queue ?? "",
    "x-last-death-reason": latest?.reason ?? "",
    "x-last-death-exchange": latest?.exchange ?? "",
  }
}
