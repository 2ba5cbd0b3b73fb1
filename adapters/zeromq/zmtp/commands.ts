/**
 * Commands: what peers say to each other that is no message (ZMTP 3.1, "Commands").
 *
 * Bodies of frames with the command flag. Pure: bytes in, values out. Knows the words of the NULL handshake, of
 * heartbeats and of subscriptions; those of CURVE are in `curve/`.
 */
import { concat, readUint32, toBytes, toQuoted, toText, writeUint32 } from "./bytes.ts"
import { broken, type ProtocolError } from "./ProtocolError.ts"

/** One command. */
export interface Command {
  readonly name: string
  readonly data: Uint8Array
}

/** Writes the body of a command. */
export const encodeCommand = (name: string, ...data: ReadonlyArray<Uint8Array>): Uint8Array =>
  concat(Uint8Array.of(name.length), toBytes(name), ...data)

/** Reads the body of a command. */
export const decodeCommand = (body: Uint8Array): Command | ProtocolError => {
  const length = body[0] ?? 0
  if (length === 0 || body.length < 1 + length) {
    return broken(`It sends a command of ${body.length} bytes without a name`)
  }
  return { name: toText(body.subarray(1, 1 + length)), data: body.subarray(1 + length) }
}

/** Properties of a peer: lower-case name to value. */
export type Metadata = ReadonlyMap<string, Uint8Array>

/** Most properties a peer may have. */
const mostProperties = 64

/** Writes properties. */
export const encodeMetadata = (properties: ReadonlyArray<readonly [name: string, value: Uint8Array]>): Uint8Array =>
  concat(...properties.flatMap(([name, value]) => {
    const size = new Uint8Array(4)
    writeUint32(value.length, size, 0)
    return [Uint8Array.of(name.length), toBytes(name), size, value]
  }))

/** Reads properties. The last of two with the same name counts. */
export const decodeMetadata = (bytes: Uint8Array): Metadata | ProtocolError => {
  const found = new Map<string, Uint8Array>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes[at]!
    const valueAt = nameEnd + 4
    if (bytes[at] === 0 || valueAt > bytes.length) return broken("It sends properties that end in the middle of a name")
    const valueEnd = valueAt + readUint32(bytes, nameEnd)
    if (valueEnd > bytes.length) return broken("It sends properties that end in the middle of a value")
    if (found.size === mostProperties) return broken(`It sends more than ${mostProperties} properties`)
    found.set(toText(bytes.subarray(at + 1, nameEnd)).toLowerCase(), bytes.subarray(valueAt, valueEnd))
    at = valueEnd
  }
  return found
}

/** The reason in the data of an ERROR, for people. */
export const decodeError = (data: Uint8Array): string => {
  const reason = data.subarray(1, 1 + (data[0] ?? 0))
  return reason.length === 0 ? "no reason given" : toQuoted(reason)
}

/** Writes an ERROR. */
export const encodeError = (reason: string): Uint8Array => {
  const text = toBytes(reason).subarray(0, 255)
  return encodeCommand("ERROR", Uint8Array.of(text.length), text)
}

/** A heartbeat: for how long the peer should wait for the next one, ms, and a context that comes back. */
export interface Ping {
  readonly ttl: number
  readonly context: Uint8Array
}

/** The longest context of a PING, bytes. */
const longestContext = 16

/** Writes a PING; its time to live travels in tenths of a second. */
export const encodePing = (ttl: number): Uint8Array => {
  const tenths = Math.min(Math.ceil(ttl / 100), 0xffff)
  return encodeCommand("PING", Uint8Array.of(tenths >> 8, tenths & 0xff))
}

/** Reads the data of a PING. */
export const decodePing = (data: Uint8Array): Ping | ProtocolError => {
  if (data.length < 2) return broken(`It sends a PING of ${data.length} bytes; expected at least 2`)
  if (data.length > 2 + longestContext) return broken(`It sends a PING with a context of over ${longestContext} bytes`)
  return { ttl: (data[0]! << 8 | data[1]!) * 100, context: data.subarray(2) }
}

/** Answers a PING. */
export const encodePong = (context: Uint8Array): Uint8Array => encodeCommand("PONG", context)

/** A change of what a subscriber wants. */
export interface Subscription {
  readonly wanted: boolean
  readonly topic: Uint8Array
}

/** Writes a subscription: a command for 3.1, the body of a message for 3.0. */
export const encodeSubscription = (minor: number, { wanted, topic }: Subscription): Uint8Array =>
  minor === 0 ? concat(Uint8Array.of(wanted ? 1 : 0), topic) : encodeCommand(wanted ? "SUBSCRIBE" : "CANCEL", topic)

/** Reads a subscription that travels as a message, as 3.0 has it; `undefined`: it is none. */
export const decodeSubscription = (body: Uint8Array): Subscription | undefined =>
  body[0] === 1 || body[0] === 0 ? { wanted: body[0] === 1, topic: body.subarray(1) } : undefined
