/**
 * A span as OTLP writes it.
 *
 * Pure. The status is left unset unless something went wrong, as the conventions ask of libraries; what went wrong is an
 * `exception` event too. Batches and sends nothing.
 */
import { Cause, Exit, Option } from "effect"
import { OtlpResource, type OtlpTracer } from "effect/observability"
import { describeError } from "../runtime/mod.ts"
import type { Span } from "./Span.ts"

/** What OTLP calls a span, with the two fields of the format that Effect's type leaves out. */
export type OtlpSpan = OtlpTracer.ScopeSpan["spans"][number] & { readonly traceState?: string; readonly flags: number }

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

const status = { unset: 0, error: 2 } as const

/** Whether the parent is known, and that it is in another process (bits 8 and 9 of the flags). */
const remote = 0x300
const local = 0x100

/** Writes a span that is over. */
export const otlpSpan = (span: Span): OtlpSpan => {
  const { status: life, parent } = span
  const endTime = life._tag === "Ended" ? life.endTime : life.startTime
  const failure = life._tag === "Ended" && Exit.isFailure(life.exit) ? life.exit.cause : undefined
  const error = failure === undefined || Cause.hasInterruptsOnly(failure) ? undefined : Cause.squash(failure)
  const message = error === undefined ? undefined : describeError(error)
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.state !== undefined && { traceState: span.state }),
    flags: (Option.isSome(parent) && parent.value._tag === "ExternalSpan" ? remote : local) | 1,
    parentSpanId: Option.isSome(parent) ? parent.value.spanId : undefined,
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: String(life.startTime),
    endTimeUnixNano: String(endTime),
    attributes: OtlpResource.entriesToAttributes(span.attributes),
    droppedAttributesCount: 0,
    events: [
      ...span.events.map(([name, at, attributes]) => eventOf(name, at, attributes)),
      ...(message === undefined ? [] : [eventOf("exception", endTime, {
        "exception.type": error instanceof Error ? error.name : typeof error,
        "exception.message": message,
        ...(error instanceof Error && error.stack !== undefined && { "exception.stacktrace": error.stack }),
      })]),
    ],
    droppedEventsCount: 0,
    status: message === undefined ? { code: status.unset } : { code: status.error, message },
    links: span.links.map((link) => ({
      traceId: link.span.traceId,
      spanId: link.span.spanId,
      attributes: OtlpResource.entriesToAttributes(Object.entries(link.attributes)),
      droppedAttributesCount: 0,
    })),
    droppedLinksCount: 0,
  }
}

const eventOf = (
  name: string,
  at: bigint,
  attributes: Readonly<Record<string, unknown>>,
): OtlpSpan["events"][number] => ({
  name,
  timeUnixNano: String(at),
  attributes: OtlpResource.entriesToAttributes(Object.entries(attributes)),
  droppedAttributesCount: 0,
})
