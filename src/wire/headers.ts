/**
 * The headers Warren gives to packets, by name, and how they are read from foreign hands.
 *
 * Reading never fails: a header that is absent or of the wrong kind reads as its default, because any
 * AMQP client may have written it. Bodies are checked by contracts, not here.
 */
import type { Headers, HeaderValue, Packet } from "../transport/mod.ts"
import { formatTraceparent, parseTraceparent, type Trace, withState } from "./trace.ts"

/** Header names of wire protocol v1. */
export const Header = {
  traceparent: "traceparent",
  tracestate: "tracestate",
  version: "warren-version",
  schema: "warren-schema",
  deadline: "warren-deadline",
  timeout: "warren-timeout",
  /** On calls and notices: when it was sent, on a clock of the sender that nobody sets. */
  sent: "warren-sent",
  attempt: "warren-attempt",
  /** On retry copies: the `traceparent` of the first attempt's span, where spans are recorded. */
  firstAttempt: "warren-first-attempt",
  /** The message that caused this one. */
  cause: "warren-cause",
  /** On calls: where the reply may go straight to, past the broker. */
  reply: "warren-reply",
  /** On replies that are failures: `declared`, or the tag of a call error. */
  error: "warren-error",
  /** On calls: the reply is to tell what happened on the way; on their replies: what did. */
  hops: "warren-hops",
  /** Who is to be told what becomes of it, and of what it causes: see `hop.ts`. */
  follow: "warren-follow",
  /** On dead letters: why, what was thrown, where, by whom, when. */
  deadReason: "warren-dead-reason",
  deadError: "warren-dead-error",
  /** Where it was thrown: frames of the handler's own files, one a line. */
  deadStack: "warren-dead-stack",
  deadHandler: "warren-dead-handler",
  deadAt: "warren-dead-at",
  /** The process that gave it up: `4711@warranty-1`. */
  deadBy: "warren-dead-by",
  /** On a dead letter that went back to its handler with another payload: when that was. */
  edited: "warren-edited",
} as const

/** What the headers of a packet say, with defaults. */
export interface Meta {
  readonly trace: Trace | undefined
  readonly version: string
  readonly schema: string
  /** ms since the epoch on the sender's clock; `undefined`: none. */
  readonly deadline: number | undefined
  /** ms that were left when it was sent; `undefined`: none. */
  readonly timeout: number | undefined
  /** ms on a clock of the sender that nobody sets; `undefined`: it does not say. */
  readonly sent: number | undefined
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly cause: string | undefined
}

/** Reads the headers of a packet. */
export const readMeta = ({ headers }: Packet): Meta => ({
  trace: withState(parseTraceparent(headers[Header.traceparent]), headers[Header.tracestate]),
  version: text(headers[Header.version]) ?? "",
  schema: text(headers[Header.schema]) ?? "",
  deadline: number(headers[Header.deadline]),
  timeout: number(headers[Header.timeout]),
  sent: number(headers[Header.sent]),
  attempt: Math.max(1, Math.trunc(number(headers[Header.attempt]) ?? 1)),
  cause: text(headers[Header.cause]),
})

/** Writes headers; what is `undefined` is left out. */
export const writeMeta = (
  meta: {
    readonly trace?: Trace | undefined
    readonly version?: string | undefined
    readonly schema?: string | undefined
    readonly deadline?: number | undefined
    readonly timeout?: number | undefined
    readonly sent?: number | undefined
    readonly cause?: string | undefined
    readonly hops?: string | undefined
    readonly follow?: string | undefined
  },
): Headers => {
  const headers: Record<string, HeaderValue> = {}
  if (meta.trace !== undefined) headers[Header.traceparent] = formatTraceparent(meta.trace)
  if (meta.trace?.state !== undefined) headers[Header.tracestate] = meta.trace.state
  if (meta.version !== undefined) headers[Header.version] = meta.version
  if (meta.schema !== undefined) headers[Header.schema] = meta.schema
  if (meta.deadline !== undefined) headers[Header.deadline] = meta.deadline
  if (meta.timeout !== undefined) headers[Header.timeout] = meta.timeout
  if (meta.sent !== undefined) headers[Header.sent] = meta.sent
  if (meta.cause !== undefined) headers[Header.cause] = meta.cause
  if (meta.hops !== undefined) headers[Header.hops] = meta.hops
  if (meta.follow !== undefined) headers[Header.follow] = meta.follow
  return headers
}

const text = (value: HeaderValue | undefined): string | undefined => typeof value === "string" ? value : undefined

const number = (value: HeaderValue | undefined): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined
