/**
 * Builds the packets of wire protocol v1: events, calls, replies, ticks, cancellations, retry and dead copies.
 *
 * Pure: bodies arrive as bytes, ids and times as arguments. Which exchange a packet goes to
 * is said in `topology.ts`.
 */
import type { Headers, HeaderValue, Packet } from "../transport/mod.ts"
import { Header, writeMeta } from "./headers.ts"
import { deriveId } from "./ids.ts"
import { formatTraceparent, parseTraceparent, type Trace, withState } from "./trace.ts"

const contentType = "application/json"

/** Characters of an id to which more may be added: none takes more than three bytes, of 255 for all. */
const longestStem = 80

/** What every message that starts a step says of itself. */
export interface Origin {
  readonly id: string
  readonly type: string
  /** The sending app. */
  readonly app: string
  readonly now: number
  readonly trace: Trace
  readonly version: string
  readonly schema: string
  readonly cause: string | undefined
  /** Who follows it, as the header says it. */
  readonly follow?: string | undefined
}

/** An event: survives restarts, has no deadline. */
export const eventPacket = (origin: Origin, body: Uint8Array): Packet => ({
  id: origin.id,
  type: origin.type,
  app: origin.app,
  timestamp: origin.now,
  contentType,
  persistent: true,
  headers: writeMeta(origin),
  body,
})

/**
 * A call: expires in the broker when its deadline passes, is answered to `replyTo`; `hops`: its reply tells of its way; `sent`:
 * ms on a clock that nobody sets.
 */
export const callPacket = (
  origin: Origin,
  body: Uint8Array,
  replyTo: string,
  deadline: number,
  hops: boolean = false,
  sent?: number,
): Packet => {
  const timeout = Math.max(0, deadline - origin.now)
  return {
    id: origin.id,
    type: origin.type,
    app: origin.app,
    timestamp: origin.now,
    contentType,
    persistent: false,
    correlationId: origin.id,
    replyTo,
    expiration: timeout,
    headers: writeMeta({
      trace: origin.trace,
      version: origin.version,
      schema: origin.schema,
      cause: origin.cause,
      follow: origin.follow,
      deadline,
      timeout,
      sent,
      hops: hops ? "1" : undefined,
    }),
    body,
  }
}

/** What a reply says: the value, a declared error, or the facts of a call error of that tag; each as bytes. */
export type ReplyBody =
  | { readonly _tag: "Value"; readonly body: Uint8Array }
  | { readonly _tag: "Declared"; readonly body: Uint8Array }
  | { readonly _tag: "Failure"; readonly tag: string; readonly body: Uint8Array }

/** The reply to a call packet; `hops`: what is told of its way. */
export const replyPacket = (call: Packet, app: string, now: number, reply: ReplyBody, hops?: string): Packet => ({
  // a foreign id may take all the room there is
  id: call.id.length > longestStem ? deriveId(call.id, "reply", 0) : `${call.id}.reply`,
  type: call.type,
  app,
  timestamp: now,
  contentType,
  persistent: false,
  correlationId: call.correlationId,
  headers: replyHeaders(call, reply, hops),
  body: reply.body,
})

/**
 * Whether a reply goes to a caller's channel, as RabbitMQ's direct reply-to has it, and to no queue: the broker calls it
 * unroutable although it arrives, and a name that it cannot read ends the connection that used it (RabbitMQ 3.10).
 */
export const isDirect = (replyTo: string | undefined): boolean => replyTo?.startsWith("amq.rabbitmq.reply-to.") === true

const replyHeaders = (call: Packet, reply: ReplyBody, hops: string | undefined): Headers => {
  const headers: Record<string, HeaderValue> = {}
  const trace = call.headers[Header.traceparent]
  if (trace !== undefined) headers[Header.traceparent] = trace
  const given = call.headers[Header.tracestate]
  const state = given === undefined ? undefined : withState(parseTraceparent(trace), given)?.state
  if (state !== undefined) headers[Header.tracestate] = state
  if (reply._tag !== "Value") headers[Header.error] = reply._tag === "Declared" ? "declared" : reply.tag
  if (hops !== undefined) headers[Header.hops] = hops
  return headers
}

/** Asks whoever runs or holds this call to stop; `until` is when the call would have ended anyway. */
export const cancelPacket = (callId: string, type: string, app: string, now: number, until: number): Packet => ({
  id: `${callId}.cancel`,
  type,
  app,
  timestamp: now,
  contentType,
  persistent: false,
  correlationId: callId,
  expiration: Math.max(0, until - now),
  headers: { [Header.deadline]: until },
  body: new Uint8Array(0),
})

/**
 * The same message once more: next attempt, without the broker's death records (it would take the copy for a cycle).
 * `first`: the span of the first attempt, which later ones refer to.
 */
export const retryCopy = (packet: Packet, attempt: number, first?: Trace): Packet => ({
  ...packet,
  persistent: true,
  expiration: undefined,
  headers: {
    ...withoutDeaths(packet.headers),
    [Header.attempt]: attempt,
    ...(first !== undefined && { [Header.firstAttempt]: formatTraceparent(first) }),
  },
})

/** What is written on a dead letter. */
export interface Death {
  readonly reason: "failed" | "undecodable" | "unknown" | "crashed"
  readonly error: string
  /** Frames of the handler's own files, one a line; `undefined`: none are known. */
  readonly stack?: string | undefined
  /** `app.handler`, or the queue's name where no handler was found. */
  readonly handler: string
  readonly attempt: number
  readonly now: number
  /** Its process, as `<pid>@<host>`; `undefined`: nobody says. */
  readonly by?: string | undefined
}

/** The same message with the story of its failure. */
export const deadCopy = (packet: Packet, death: Death): Packet => ({
  ...packet,
  persistent: true,
  expiration: undefined,
  headers: {
    ...withoutDeaths(packet.headers),
    [Header.attempt]: death.attempt,
    [Header.deadReason]: death.reason,
    // header values are limited in some brokers' frames; the log has the whole text
    [Header.deadError]: death.error.slice(0, 4096),
    ...(death.stack !== undefined && { [Header.deadStack]: death.stack.slice(0, 4096) }),
    [Header.deadHandler]: death.handler,
    [Header.deadAt]: death.now,
    ...(death.by !== undefined && { [Header.deadBy]: death.by }),
  },
})

/** Headers that a dead letter has and its message had not: they are taken off before it goes back to its handler. */
export const deathHeaders: ReadonlyArray<string> = [
  Header.deadReason,
  Header.deadError,
  Header.deadStack,
  Header.deadHandler,
  Header.deadAt,
  Header.deadBy,
  // it starts anew, as the first attempt
  Header.attempt,
  Header.firstAttempt,
  // whoever followed it was told of its death
  Header.follow,
]

/** A dead letter as its handler gets it once more: the first attempt of the same message, of that payload if it was edited. */
export const revivedCopy = (
  packet: Packet,
  edit?: { readonly body: Uint8Array; readonly schema: string; readonly now: number },
): Packet => {
  const headers: Record<string, HeaderValue> = { ...withoutDeaths(packet.headers) }
  for (const name of deathHeaders) delete headers[name]
  if (edit !== undefined) Object.assign(headers, { [Header.schema]: edit.schema, [Header.edited]: edit.now })
  return { ...packet, persistent: true, expiration: undefined, headers, body: edit?.body ?? packet.body }
}

const withoutDeaths = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) =>
      !(name === "x-death" || name.startsWith("x-first-death") || name.startsWith("x-last-death") ||
        name.startsWith("x-death-") || name === "x-delivery-count")
    ),
  )
