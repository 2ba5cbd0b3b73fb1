/**
 * Turns the runtime's steps into spans, by OpenTelemetry's conventions for messaging and calls.
 *
 * An event is a PRODUCER span `send sales.orderPlaced` and, at each listener, a CONSUMER span `process sales.orderPlaced`,
 * its child: Warren handles one message at a time, so that a cause and all it sets off are one tree. A call is waited for,
 * so its two ends are CLIENT (`call sales.quote`) and SERVER (`process sales.quote`), as with any remote call. Exports nothing.
 */
import { type Clock, Context, Exit, Option, Tracer } from "effect"
import { describeError, type OpenStep, spanOf, type Step, type Telemetry } from "../runtime/mod.ts"
import { type Ids, nextTrace, type Trace } from "../wire/mod.ts"
import type { Sampler } from "./sampler.ts"
import { Span } from "./Span.ts"

/** What spans are recorded with. */
export interface RecorderOptions {
  /** `rabbitmq`, `in-process`. */
  readonly system: string
  /** The app that speaks where no handler does. */
  readonly app: string
  readonly clock: Clock.Clock
  readonly ids: Ids
  readonly sampler: Sampler
  /** Takes each sampled span that is over. */
  readonly done: (span: Span) => void
}

const kinds: Readonly<Record<Step["kind"], Tracer.SpanKind>> = {
  send: "producer",
  call: "client",
  process: "consumer",
  serve: "server",
  request: "server",
}

const operations = { send: "send", call: "call", process: "process", serve: "process" } as const

/** A listener to the runtime's steps that records them. */
export const makeRecorder = ({ system, app: speaker, clock, ids, sampler, done }: RecorderOptions): Telemetry => {
  /** One for each app, since a span says whose it is. */
  const tracers = new Map<string, Tracer.Tracer>()

  const tracerOf = (app: string): Tracer.Tracer => {
    let tracer = tracers.get(app)
    if (tracer === undefined) tracers.set(app, tracer = makeTracer(app))
    return tracer
  }

  /** For the Effects of handlers. */
  const makeTracer = (app: string): Tracer.Tracer =>
    Tracer.make({
      span: ({ name, parent, annotations, links, startTime, kind, root, sampled }) => {
        const above = root ? undefined : Option.getOrUndefined(parent)
        const trace = nextTrace(above, ids.next(clock.currentTimeMillisUnsafe()))
        const isSampled = sampled && (above === undefined ? sampler(trace.traceId, undefined) : trace.sampled)
        return new Span({
          name,
          trace: { ...trace, sampled: isSampled },
          parent: Option.fromUndefinedOr(above),
          annotations,
          links,
          kind,
          startTime,
          app,
          done,
        })
      },
    })

  const begin = (step: Step): OpenStep => {
    const { kind, parent, type, app } = step
    const trace: Trace = { ...step.trace, sampled: sampler(step.trace.traceId, parent) }
    const span = new Span({
      name: kind === "request" ? type : `${operations[kind]} ${type}`,
      trace,
      parent: parent === undefined ? Option.none() : Option.some(spanOf(parent)),
      annotations: Context.empty(),
      links: step.first === undefined
        ? []
        : [{ span: spanOf(step.first), attributes: { "warren.link": "first attempt" } }],
      kind: kinds[kind],
      startTime: clock.currentTimeNanosUnsafe(),
      app,
      done,
    })
    // a span that goes nowhere needs to say nothing
    if (trace.sampled) describe(span, step, system)
    const finish = (outcome: string, exit: Exit.Exit<unknown, unknown>, error: unknown) => {
      span.attribute("warren.outcome", outcome)
      if (error !== undefined) span.attribute("error.type", errorType(error))
      if (kind === "request" && /^\d{3}$/.test(outcome)) span.attribute("http.response.status_code", Number(outcome))
      span.end(clock.currentTimeNanosUnsafe(), exit)
    }
    return {
      trace,
      span,
      tracer: tracerOf(app),
      end: (outcome, error) => finish(outcome, Exit.void, error),
      fail: (outcome, error) => finish(outcome, Exit.fail(error), error),
    }
  }

  return { app: speaker, begin }
}

/** Everything known at the beginning; samplers and collectors may go by it. */
const describe = (span: Span, step: Step, system: string): void => {
  const { kind, type, app, handler, queue, attempt, id, size } = step
  span.attribute("warren.app", app)
  if (handler !== undefined) span.attribute("warren.handler", handler)
  if (kind === "request") {
    const [method, route] = type.split(" ")
    span.attribute("http.request.method", method)
    span.attribute("http.route", route)
    return
  }
  const isHandling = kind === "process" || kind === "serve"
  span.attribute("messaging.system", system)
  span.attribute("messaging.operation.type", isHandling ? "process" : "send")
  span.attribute("messaging.operation.name", operations[kind])
  span.attribute("messaging.destination.name", type)
  span.attribute("messaging.message.id", id)
  span.attribute("messaging.message.body.size", size)
  if (system === "rabbitmq") span.attribute("messaging.rabbitmq.destination.routing_key", type)
  if (kind === "call" || kind === "serve") {
    span.attribute("rpc.system.name", "warren")
    span.attribute("rpc.method", type.replace(".", "/"))
  }
  if (!isHandling) return
  if (kind === "process") span.attribute("messaging.consumer.group.name", handler)
  if (queue !== undefined) span.attribute("messaging.destination.subscription.name", queue)
  span.attribute("warren.attempt", attempt)
}

/** A short name for what went wrong, of few values: a tag, a class, or the runtime's own word for it. */
const errorType = (error: unknown): string => {
  if (typeof error === "string") return /^[\w-]{1,60}$/.test(error) ? error : "error"
  try {
    const { _tag, name } = (error ?? {}) as { readonly _tag?: unknown; readonly name?: unknown }
    if (typeof _tag === "string") return _tag.slice(0, 100)
    if (error instanceof Error && typeof name === "string") return name.slice(0, 100)
  } catch {
    return describeError(error).slice(0, 100)
  }
  return typeof error
}
