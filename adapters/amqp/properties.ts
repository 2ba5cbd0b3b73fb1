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
  readonly deliveryMode?: unknown
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

/** The first text of a publish that is longer than AMQP's short strings allow, and its bytes. */
export const tooLong = (
  packet: Packet,
  exchange: string,
  key: string,
): { readonly size: number; readonly limit: number } | undefined => {
  const texts = [key, exchange, packet.id, packet.type, packet.app, packet.contentType]
  for (const text of [...texts, packet.correlationId, packet.replyTo]) {
    // no character takes more than three bytes per unit of length
    if (text === undefined || text.length * 3 <= shortString) continue
    const size = encoder.encode(text).length
    if (size > shortString) return { size, limit: shortString }
  }
  return undefined
}

const encoder = new TextEncoder()

const brokers = (name: string): boolean => name === countHeader || /^x-(first-|last-)?death(-|$)/.test(name)

const table = (headers: Headers, timestamp: number | undefined): Record<string, unknown> => {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name === "__proto__" || brokers(name)) continue
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
  const headers: Record<string, HeaderValue> = {}
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (name === timestampHeader || name === countHeader || name === "x-death" || name === "__proto__") continue
    const scalar = toScalar(value)
    if (scalar !== undefined) headers[name.toLowerCase()] = scalar
  }
  Object.assign(headers, deathHeaders(properties.headers?.["x-death"]))
  const expiration = typeof properties.expiration === "string" ? Number(properties.expiration) : Number.NaN
  return {
    id: text(properties.messageId),
    type: text(properties.type),
    app: text(properties.appId),
    timestamp: toTimestamp(properties),
    contentType: text(properties.contentType),
    persistent: properties.deliveryMode === 2,
    ...optional("correlationId", properties.correlationId),
    ...optional("replyTo", properties.replyTo),
    ...(Number.isFinite(expiration) ? { expiration } : {}),
    headers,
    body,
  }
}

/** How often the broker says that a message came back before; quorum queues count, others do not. */
export const deliveryCount = (properties: Properties): number => {
  const count = properties.headers?.[countHeader]
  return typeof count === "number" && count > 0 ? count : 0
}

const text = (value: unknown): string => typeof value === "string" ? value : ""

const optional = <K extends string>(name: K, value: unknown): { readonly [_ in K]?: string } =>
  typeof value === "string" ? { [name]: value } as { readonly [_ in K]: string } : {}

// The exact time counts only where it agrees with the property: a program that repeats a message may set just one.
const toTimestamp = (properties: Properties): number => {
  const seconds = typeof properties.timestamp === "number" ? properties.timestamp : 0
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
    const keys: unknown = entry?.["routing-keys"]
    return {
      queue: text(entry?.["queue"]),
      reason: text(entry?.["reason"]),
      count: Number(entry?.["count"]) || 0,
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
