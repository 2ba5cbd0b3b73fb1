/**
 * W3C trace context as it travels: `traceparent` read and written (https://www.w3.org/TR/trace-context/).
 *
 * Carries identity only; spans are made and exported elsewhere.
 */

/** Where a message stands in a trace. */
export interface Trace {
  /** 32 hex digits, shared by everything one cause set off. */
  readonly traceId: string
  /** 16 hex digits, this step. */
  readonly spanId: string
  readonly sampled: boolean
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

/** A step below `parent`, or the first of a new trace; its ids come from an id made by `Ids` for its message. */
export const nextTrace = (parent: Trace | undefined, id: string): Trace => {
  // the last 16 digits of a UUIDv7 are random; the first 48 bits are its time
  const spanId = id.slice(19, 23) + id.slice(24)
  return parent === undefined
    ? { traceId: id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + spanId, spanId, sampled: true }
    : { traceId: parent.traceId, spanId, sampled: parent.sampled }
}
