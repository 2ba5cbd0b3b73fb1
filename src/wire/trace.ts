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

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** Reads a `traceparent`; `undefined` when it is absent or malformed, as the standard asks. */
export const parseTraceparent = (header: unknown): Trace | undefined => {
  const found = typeof header === "string" ? pattern.exec(header) : null
  if (found === null) return undefined
  const [, traceId, spanId, flags] = found as unknown as [string, string, string, string]
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Writes a `traceparent`. */
export const formatTraceparent = (trace: Trace): string =>
  `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`

/** A step below `parent`, or the first of a new trace; its ids come from a message id made for it. */
export const nextTrace = (parent: Trace | undefined, id: string): Trace => {
  const digits = id.replaceAll("-", "")
  // the last 16 digits are random; the first 48 bits of an id are its time
  const spanId = digits.slice(16)
  return parent === undefined
    ? { traceId: digits, spanId, sampled: true }
    : { traceId: parent.traceId, spanId, sampled: parent.sampled }
}
