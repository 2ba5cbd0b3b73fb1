/**
 * Where the runtime says that a step of a message begins and ends, so that somebody may record spans of it.
 *
 * A hook, read once by `Core`; by default nobody listens, and the runtime then does no more than look. Who listens gives
 * the step its span: handlers run inside it, and its identity travels in the message. Makes and exports no spans itself.
 */
import { Cause, Context, Effect, Exit, Option, type Tracer } from "effect"
import type { Delivery } from "../transport/mod.ts"
import { Header, type Meta, nextTrace, parseTraceparent, type Trace } from "../wire/mod.ts"
import type { Bound } from "./invoke.ts"

/** One step on the way of a message. */
export interface Step {
  /** An event or a call leaves; an event (or a tick) or a call is handled; a request comes to the gateway. */
  readonly kind: "send" | "call" | "process" | "serve" | "request"
  /** The step's own place in the trace. */
  readonly trace: Trace
  /** The step it belongs to; `undefined`: it is the first one. */
  readonly parent: Trace | undefined
  /** Id of the message. */
  readonly id: string
  /** `sales.orderPlaced`; of a request, its method and route. */
  readonly type: string
  /** The app that acts. */
  readonly app: string
  /** `warranty.register`, where a handler acts. */
  readonly handler: string | undefined
  /** Where it was taken from. */
  readonly queue: string | undefined
  /** 1 for the first. */
  readonly attempt: number
  /** Bytes of the message's body. */
  readonly size: number
  /** The first attempt's span, when this is a later one. */
  readonly first: Trace | undefined
}

/** A step under way. Exactly one of `end` and `fail` is called, once. */
export interface OpenStep {
  /** What travels in its message. */
  readonly trace: Trace
  /** What Effects that run inside it have for their parent. */
  readonly span: Tracer.AnySpan
  /** What makes the spans inside it. */
  readonly tracer: Tracer.Tracer
  /** It is over, as it should be; `error` is told without being a fault. */
  readonly end: (outcome: string, error?: unknown) => void
  /** It went wrong. */
  readonly fail: (outcome: string, error: unknown) => void
}

/** Who listens to steps. Must be cheap and must not throw. */
export interface Telemetry {
  /** The app that speaks where no handler does. */
  readonly app: string
  readonly begin: (step: Step) => OpenStep
}

/** Who listens; by default nobody. */
export const CurrentTelemetry = Context.Reference<Telemetry | undefined>("warren/runtime/Telemetry", {
  defaultValue: () => undefined,
})

/** An effect that is what a step does: its exit ends the step, a success as `outcome` says. */
export const within = <A, E>(
  step: OpenStep | undefined,
  effect: Effect.Effect<A, E>,
  outcome: () => string,
): Effect.Effect<A, E> =>
  step === undefined ? effect : Effect.onExit(effect, (exit) => Effect.sync(() => close(step, exit, outcome)))

/** What a step does is through. */
export const close = (step: OpenStep, exit: Exit.Exit<unknown, unknown>, outcome: () => string): void => {
  if (Exit.isSuccess(exit)) return step.end(outcome())
  const error = Cause.findErrorOption(exit.cause)
  if (Option.isNone(error) && Cause.hasInterruptsOnly(exit.cause)) return step.end("interrupted")
  step.fail("failed", Option.getOrElse(error, () => Cause.squash(exit.cause)))
}

/** Begins the handling of a delivery. `first`: the first attempt's span, where it was in this process. */
export const beginHandling = (
  { core, app, label, handler }: Bound,
  { packet, queue }: Delivery,
  meta: Meta,
  attempt: number,
  first?: Trace,
): OpenStep | undefined =>
  core.telemetry?.begin({
    kind: handler.kind === "call" ? "serve" : "process",
    trace: nextTrace(meta.trace, core.ids.next(core.now())),
    // nobody sends ticks: the trace begins where one is handled
    parent: handler.kind === "schedule" ? undefined : meta.trace,
    id: packet.id,
    type: packet.type,
    app,
    handler: label,
    queue,
    attempt,
    size: packet.body.length,
    first: attempt > 1 ? first ?? parseTraceparent(packet.headers[Header.firstAttempt]) : undefined,
  })
