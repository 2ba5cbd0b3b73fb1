/**
 * W3C trace context as it travels: `traceparent` and `tracestate` read and written (https://www.w3.org/TR/trace-context/).
 *
 * Carries identity, and what other tracing systems say beside it; spans are made and exported elsewhere.
 */

/** Where a message stands in a trace. */
export interface Trace {
  /** 32 hex digits, shared by everything one cause set off. */
  readonly traceId: string
  /** 16 hex digits, this step. */
  readonly spanId: string
  readonly sampled: boolean
  /** What tracing systems on the way noted (`tracestate`); handed on as it came. */
  readonly state?: string
}

const pattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/
const noTrace = "0".repeat(32)
const noSpan = "0".repeat(16)

/** Reads a `traceparent`; `undefined` when it is absent or malformed, as the standard asks. */
export const parseTraceparent = (header: unknown): Trace | undefined => {
  if (typeof header !== "string" || header.length !== 55 || !pattern.test(header)) return undefined
  const traceId = header.slice(3, 35)
  const spanId = header.slice(36, 52)
  if (traceId === noTrace || spanId === noSpan) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(header.slice(53), 16) & 1) === 1 }
}

/** Writes a `traceparent`. */
export const formatTraceparent = (trace: Trace): string =>
  `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`

/** Characters and members of a `tracestate` that are carried; a longer one is dropped, since half of it would mislead. */
const longestState = 512
const mostMembers = 32

const member =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Reads a `tracestate`; `undefined` when it is absent, empty, malformed or too long. */
export const parseTracestate = (header: unknown): string | undefined => {
  if (typeof header !== "string" || header.length === 0 || header.length > longestState) return undefined
  const members = header.split(",").map((text) => text.replace(/^[ \t]+|[ \t]+$/g, "")).filter((text) => text !== "")
  return members.length >= 1 && members.length <= mostMembers && members.every((text) => member.test(text))
    ? header
    : undefined
}

/** A trace with the `tracestate` that came with it; one without a readable `traceparent` means nothing. */
export const withState = (trace: Trace | undefined, header: unknown): Trace | undefined => {
  // most messages have none: nothing is made for them
  if (trace === undefined || header === undefined) return trace
  const state = parseTracestate(header)
  return state === undefined ? trace : { ...trace, state }
}

/** A step below `parent`, or the first of a new trace; its ids come from an id made by `Ids` for its message. */
export const nextTrace = (parent: Trace | undefined, id: string): Trace => {
  // the last 16 digits of a UUIDv7 are random; the first 48 bits are its time
  const spanId = id.slice(19, 23) + id.slice(24)
  if (parent === undefined) {
    return { traceId: id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + spanId, spanId, sampled: true }
  }
  const { traceId, sampled, state } = parent
  return state === undefined ? { traceId, spanId, sampled } : { traceId, spanId, sampled, state }
}
