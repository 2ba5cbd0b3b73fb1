/**
 * What the running fiber works on: the delivery in hand, if any.
 *
 * Carried by every fiber a handler starts; gives nested calls their deadline, emitted messages their
 * derived ids, and everything its trace.
 */
import { Context, type Fiber, Tracer } from "effect"
import type { Bagged } from "../collections/mod.ts"
import type { Trace } from "../wire/mod.ts"
import type { Trail } from "./Trail.ts"

/** One delivery in hand. */
export interface Current {
  readonly app: string
  /** `warranty.register`. */
  readonly handler: string
  /** Id of the message in hand. */
  readonly cause: string
  readonly trace: Trace
  /** ms since the epoch; nested calls inherit it. */
  readonly deadline: number | undefined
  /** Messages emitted so far. */
  ordinal: number
  /** Who follows it, as the header says it; whatever is sent here is followed, too. */
  readonly follow?: string | undefined
  /** Where the way of its call is noted, if it is; calls made here are noted there too. */
  readonly trail?: Trail | undefined
}

/** The delivery in hand of this fiber. */
export const CurrentDelivery = Context.Reference<Current | undefined>("warren/runtime/Current", {
  defaultValue: () => undefined,
})

/** The `tracestate` that came with a span from outside, among its annotations. */
const TraceState = Context.Reference<string | undefined>("warren/runtime/TraceState", {
  defaultValue: () => undefined,
})

/** A place in a trace as the parent of an Effect's spans. */
export const spanOf = ({ traceId, spanId, sampled, state }: Trace): Tracer.ExternalSpan =>
  Tracer.externalSpan(
    state === undefined
      ? { traceId, spanId, sampled }
      : { traceId, spanId, sampled, annotations: Context.make(TraceState, state) },
  )

/**
 * Where a fiber stands in a trace: at its delivery, else at the Effect span it runs in, if any. Where spans are recorded
 * it is always the span, which may be one of the handler's own.
 */
export const traceOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  current: Current | undefined,
  isRecorded = false,
): Trace | undefined => {
  if (current !== undefined && !isRecorded) return current.trace
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  if (span === undefined) return current?.trace
  const { traceId, spanId, sampled } = span
  // a tracer of another make may number its spans differently; such ids cannot travel
  if (!/^[0-9a-f]{32}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(spanId)) return current?.trace
  const state = current?.trace.traceId === traceId ? current.trace.state : Context.get(span.annotations, TraceState)
  return state === undefined ? { traceId, spanId, sampled } : { traceId, spanId, sampled, state }
}

/** One handler at work, for drains and for the test clock. */
export interface Hand extends Bagged {
  readonly handler: string
  readonly id: string
  /** The fiber that runs the handler's own code. */
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** An async handler's sleeps, calls and emits under way; it does nothing else that the runtime can see. */
  waiting: number
  /** Whether the handler is an async function, whose inner waits only `waiting` shows. */
  isAsync: boolean
}
