/**
 * What travels on links, past the broker: calls, their replies, receipts, and what goes with them.
 *
 * Each message begins with a part that says what it is and, by 128 random bits, which call it belongs to. Pure; reading
 * never fails and never believes more than its limits. Documented in docs/protocol.md.
 */
import type { Headers, HeaderValue, Packet, Parts } from "../transport/mod.ts"
import { Header } from "./headers.ts"
import { encodeText } from "./text.ts"

/** Bytes of a token. */
export const tokenLength = 16

/** What a message is: its first byte. */
const Kind = { call: 1, reply: 2, receipt: 3, cancel: 4, refusal: 5, hello: 6, welcome: 7, urgentReply: 8 } as const

/** The most bytes of what a call says of itself beside its body. */
const longestHead = 64 * 1024

/** The most tokens of a receipt; every other message has one. */
const mostTokens = 64 * 1024

/**
 * Why a server gives a call back: it has too much in hand, or does not serve it (any more), and has not begun; or it ends
 * (`Stopped`), and may have begun.
 */
export type RefusalReason = "Overloaded" | "NoHandler" | "Stopped"

/** A message of a link, read. Tokens are written as 16 characters, one for each byte. */
export type LaneMessage =
  /** `sentAt`: ms on the sender's own monotonic clock. */
  | { readonly _tag: "Call"; readonly token: string; readonly sentAt: number; readonly packet: Packet }
  /** `error`: as the header `warren-error` of a reply; empty: a value. `hops`: as the header `warren-hops`. */
  | {
    readonly _tag: "Reply"
    readonly token: string
    readonly error: string
    readonly body: Uint8Array
    readonly hops: string | undefined
    /** Its receipt is wanted at once. */
    readonly isUrgent: boolean
  }
  /** These replies have arrived. */
  | { readonly _tag: "Receipt"; readonly tokens: ReadonlyArray<string> }
  /** The caller gave up. */
  | { readonly _tag: "Cancel"; readonly token: string; readonly callId: string }
  | { readonly _tag: "Refusal"; readonly token: string; readonly reason: RefusalReason }
  /** The first message of a link: to whom, and the answer when it is the one. `at`: ms since the epoch, if it says so. */
  | { readonly _tag: "Hello"; readonly sentAt: number; readonly to: string; readonly at: number | undefined }
  | { readonly _tag: "Welcome" }

/** Writes a call. Its body is not copied. */
export const callParts = (token: string, sentAt: number, packet: Packet): Parts => {
  const { id, type, app, timestamp, contentType, replyTo, headers } = packet
  return [
    start(Kind.call, token),
    encodeText(JSON.stringify([sentAt, id, type, app, timestamp, contentType, replyTo, headers])),
    packet.body,
  ]
}

/** Writes a reply; `isUrgent`: its receipt is wanted at once. */
export const replyParts = (token: string, { headers, body }: Packet, isUrgent = false): Parts => {
  const error = headers[Header.error]
  const hops = headers[Header.hops]
  const parts = [
    start(isUrgent ? Kind.urgentReply : Kind.reply, token),
    typeof error === "string" ? encodeText(error) : nothing,
    body,
  ]
  return typeof hops === "string" ? [...parts, encodeText(hops)] : parts
}

/** Writes a receipt for several replies. */
export const receiptParts = (tokens: ReadonlyArray<string>): Parts => {
  const bytes = new Uint8Array(1 + tokens.length * tokenLength)
  bytes[0] = Kind.receipt
  tokens.forEach((token, i) => writeToken(token, bytes, 1 + i * tokenLength))
  return [bytes]
}

/** Writes a cancellation. */
export const cancelParts = (token: string, callId: string): Parts => [start(Kind.cancel, token), encodeText(callId)]

/** Writes a refusal. */
export const refusalParts = (token: string, reason: RefusalReason): Parts => [
  start(Kind.refusal, token),
  encodeText(reason),
]

/** Writes the first message of a link. */
export const helloParts = (sentAt: number, to: string, at: number): Parts => [
  Uint8Array.of(Kind.hello),
  encodeText(JSON.stringify([sentAt, to, at])),
]

/** Answers it. */
export const welcomeParts: Parts = [Uint8Array.of(Kind.welcome)]

/** Reads a message; `undefined`: it is none. */
export const readLaneMessage = (parts: Parts): LaneMessage | undefined => {
  const [first, second, body, more] = parts
  if (first === undefined || first.length === 0) return undefined
  if (first[0] === Kind.hello) return readHello(second)
  if (first[0] === Kind.welcome) return { _tag: "Welcome" }
  const tokens = (first.length - 1) / tokenLength
  if (!Number.isInteger(tokens) || tokens < 1 || tokens > (first[0] === Kind.receipt ? mostTokens : 1)) return undefined
  const token = readToken(first, 1)
  switch (first[0]) {
    case Kind.call: {
      const call = second !== undefined && body !== undefined ? readCall(second, body) : undefined
      return call && { _tag: "Call", token, ...call }
    }
    case Kind.reply:
    case Kind.urgentReply:
      return second === undefined || body === undefined || second.length > 255 ? undefined : {
        _tag: "Reply",
        token,
        error: second.length === 0 ? "" : decoder.decode(second),
        body,
        hops: more === undefined || more.length > longestHead ? undefined : decoder.decode(more),
        isUrgent: first[0] === Kind.urgentReply,
      }
    case Kind.receipt:
      return {
        _tag: "Receipt",
        tokens: Array.from({ length: tokens }, (_, i) => readToken(first, 1 + i * tokenLength)),
      }
    case Kind.cancel:
      return second === undefined || second.length > 255
        ? undefined
        : { _tag: "Cancel", token, callId: decoder.decode(second) }
    case Kind.refusal: {
      const reason = second === undefined || second.length > 255 ? "" : decoder.decode(second)
      return isReason(reason) ? { _tag: "Refusal", token, reason } : undefined
    }
    default:
      return undefined
  }
}

/** Where a process is reached past the broker: `zmq+tcp://host:port/<instance>`; the name tells it from others that had the port. */
export interface LaneAddress {
  /** `zmq+tcp://host:port`. */
  readonly endpoint: string
  readonly instance: string
}

/** Writes the address of a process. */
export const formatLaneAddress = ({ endpoint, instance }: LaneAddress): string => `${endpoint}/${instance}`

const laneAddress = /^(zmq\+tcp:\/\/[^/]{1,300})\/([^/]{1,255})$/

/** Reads the address of a process; `undefined`: it is none. */
export const parseLaneAddress = (text: string): LaneAddress | undefined => {
  const parts = laneAddress.exec(text)
  return parts === null ? undefined : { endpoint: parts[1]!, instance: parts[2]! }
}

/** The value of the header `warren-reply`: where a reply may go straight to, and the token it must bear. */
export const formatReplyAddress = (address: string, token: string): string => `${address}/${toHex(token)}`

/** Reads the header `warren-reply`; `undefined`: it is none. */
export const parseReplyAddress = (
  value: HeaderValue | undefined,
): { readonly address: string; readonly token: string } | undefined => {
  const parts = typeof value === "string" ? /^(.{1,600})\/([0-9a-f]{32})$/.exec(value) : null
  return parts === null ? undefined : { address: parts[1]!, token: fromHex(parts[2]!) }
}

/** Makes tokens; `random` fills bytes. */
export const makeTokens = (random: (bytes: Uint8Array) => void): () => string => {
  // many at a time: asking the system for 16 bytes costs as much as for 4096
  const pool = new Uint8Array(256 * tokenLength)
  let at = pool.length
  return () => {
    if (at === pool.length) {
      random(pool)
      at = 0
    }
    const token = readToken(pool, at)
    at += tokenLength
    return token
  }
}

const decoder = new TextDecoder()
const nothing = new Uint8Array(0)

const start = (kind: number, token: string): Uint8Array => {
  const bytes = new Uint8Array(1 + tokenLength)
  bytes[0] = kind
  writeToken(token, bytes, 1)
  return bytes
}

const writeToken = (token: string, bytes: Uint8Array, at: number): void => {
  for (let i = 0; i < tokenLength; i++) bytes[at + i] = token.charCodeAt(i)
}

// one by one, in one call: a text that grows by a character at a time, and `apply`, take five times as long (measured)
// deno-fmt-ignore
const readToken = (b: Uint8Array, i: number): string =>
  String.fromCharCode(
    b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
    b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!,
  )

const hex: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const toHex = (token: string): string => {
  let text = ""
  for (let i = 0; i < token.length; i++) text += hex[token.charCodeAt(i)]
  return text
}

const fromHex = (hex: string): string => {
  let token = ""
  for (let i = 0; i < hex.length; i += 2) token += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16))
  return token
}

const isReason = (text: string): text is RefusalReason =>
  text === "Overloaded" || text === "NoHandler" || text === "Stopped"

// what it gives is looked at field by field, and nobody walks through it
const json = (bytes: Uint8Array | undefined): unknown => {
  if (bytes === undefined || bytes.length > longestHead) return undefined
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

const readHello = (bytes: Uint8Array | undefined): LaneMessage | undefined => {
  const read = json(bytes)
  const [sentAt, to, at] = Array.isArray(read) ? read as ReadonlyArray<unknown> : []
  if (!isTime(sentAt) || !isName(to)) return undefined
  return { _tag: "Hello", sentAt, to, at: isTime(at) ? at : undefined }
}

const readCall = (head: Uint8Array, body: Uint8Array) => {
  const read = json(head)
  if (!Array.isArray(read)) return undefined
  const [sentAt, id, type, app, timestamp, contentType, replyTo, headers] = read as ReadonlyArray<unknown>
  if (
    !isTime(sentAt) || !isName(id) || !isName(type) || !isName(app) || !isTime(timestamp) ||
    typeof contentType !== "string" || !isName(replyTo) || !isHeaders(headers)
  ) return undefined
  const timeout = headers[Header.timeout]
  const packet: Packet = {
    id,
    type,
    app,
    timestamp,
    contentType,
    persistent: false,
    correlationId: id,
    replyTo,
    expiration: isTime(timeout) ? Math.max(0, timeout) : undefined,
    headers,
    body,
  }
  return { sentAt, packet }
}

// JSON has numbers that are infinite here, such as 1e999
const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const isName = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= 255

const isHeaders = (value: unknown): value is Headers =>
  typeof value === "object" && value !== null && !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one === "string" || typeof one === "number" || typeof one === "boolean")
