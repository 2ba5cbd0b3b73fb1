/**
 * Runs one handler on one message: an Effect, an async or a plain function, all as one exit.
 *
 * Sits between dispatch (which decides when, and what becomes of the message) and the user's code. Gives the
 * code its context, its services, its trace and its time limit; takes whatever it throws.
 */
import { Cause, Context, Effect, Exit, identity, References, Tracer } from "effect"
import { nowhere } from "../collections/mod.ts"
import type { Trace } from "../wire/mod.ts"
import type { BusShape } from "./Bus.ts"
import { type ContextParts, DeliveryContext } from "./context.ts"
import type { CoreShape } from "./Core.ts"
import { type Current, CurrentDelivery, type Hand, spanOf } from "./Current.ts"
import type { Handler } from "./Handler.ts"
import type { OpenStep } from "./Telemetry.ts"
import type { Trail } from "./Trail.ts"

/** A handler with a name, an app and its services. */
export interface Bound<H extends Handler = Handler> {
  readonly app: string
  /** Its export's name: `register`. */
  readonly name: string
  /** `warranty.register`. */
  readonly label: string
  readonly handler: H
  readonly core: CoreShape
  readonly bus: BusShape
  /** Bus and the worker's layer. */
  readonly services: Context.Context<never>
}

/** One message for a handler. */
export interface Invocation {
  readonly id: string
  readonly payload: unknown
  readonly trace: Trace
  /** The span it runs in, where spans are recorded. */
  readonly step: OpenStep | undefined
  readonly attempt: number
  readonly redelivered: boolean
  /** ms since the epoch. */
  readonly deadline: number | undefined
  /** Where the way of the call is noted, if it is. */
  readonly trail?: Trail | undefined
  /** Who follows the message, as its header says it. */
  readonly follow?: string | undefined
}

/** A handler at work. */
export interface Running {
  /** Ends it early; `why` is what its exit will say. */
  readonly stop: (why: Stopped["why"]) => void
}

/** Why a handler was ended before it was through. */
export class Stopped {
  readonly why: "deadline" | "timeout" | "cancelled" | "shutdown"
  constructor(why: Stopped["why"]) {
    this.why = why
  }
}

/** How it ended: a value, what it threw or failed with, or that it was stopped. */
export type Outcome =
  | { readonly _tag: "Done"; readonly value: unknown }
  | { readonly _tag: "Failed"; readonly error: unknown; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "Stopped"; readonly why: Stopped["why"] }

/** What stands around a handler's effect (the Inbox). */
export type Around = (effect: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>

/** Starts the handler at once; `done` is called exactly once. */
export const invoke = (
  bound: Bound,
  invocation: Invocation,
  done: (outcome: Outcome) => void,
  around: Around = identity,
): Running => {
  const run = new Run(bound, invocation, done)
  run.begin(around)
  return run
}

/** One handler on one message. */
class Run implements Running, ContextParts {
  readonly #bound: Bound
  readonly #invocation: Invocation
  readonly #done: (outcome: Outcome) => void
  readonly #context: DeliveryContext
  readonly #until: number
  readonly #isTimed: boolean
  readonly current: Current
  readonly hand: Hand
  #services: Context.Context<never> | undefined
  #stopped: Stopped["why"] | undefined
  #ended = false
  #withdraw: (() => void) | undefined

  constructor(bound: Bound, invocation: Invocation, done: (outcome: Outcome) => void) {
    const { app, label, handler } = bound
    const { id, trace, trail, follow, deadline = Number.POSITIVE_INFINITY } = invocation
    const limit = handler.timeout === undefined ? Number.POSITIVE_INFINITY : bound.core.now() + handler.timeout
    this.#bound = bound
    this.#invocation = invocation
    this.#done = done
    this.#until = Math.min(deadline, limit)
    this.#isTimed = limit <= deadline
    const until = Number.isFinite(this.#until) ? this.#until : undefined
    this.current = { app, handler: label, cause: id, trace, deadline: until, ordinal: 0, follow, trail }
    this.hand = { handler: label, id, fiber: undefined, waiting: 0, isAsync: false, place: nowhere }
    this.#context = new DeliveryContext(this)
  }

  get core(): CoreShape {
    return this.#bound.core
  }

  get bus(): BusShape {
    return this.#bound.bus
  }

  get attempt(): number {
    return this.#invocation.attempt
  }

  get redelivered(): boolean {
    return this.#invocation.redelivered
  }

  /** Most handlers are functions that never ask for them. */
  services(): Context.Context<never> {
    return this.#services ??= withDelivery(this.#bound.services, this.current, this.#invocation.step)
  }

  begin(around: Around): void {
    const { services, handler, core } = this.#bound
    const { payload, step } = this.#invocation
    if (this.current.deadline !== undefined) {
      // before that of any call it makes, which would tell it first that there is no time left
      this.#withdraw = core.deadlines.add(this.#until, () => this.stop(this.#isTimed ? "timeout" : "deadline"))
    }
    // a tracer may want to set up what surrounds the code of its span
    const tracer = step?.tracer ?? Context.getOrUndefined(services, Tracer.Tracer)
    if (around !== identity || tracer?.context !== undefined) {
      this.#fork(around(within(this.#context, run(handler, payload, this.#context, this.hand))))
    } else this.#call()
    // most are through by now
    if (!this.#ended) core.hands.add(this.hand)
  }

  stop(why: Stopped["why"]): void {
    this.#stopped ??= why
    this.#context.interrupt()
    const { fiber, isAsync } = this.hand
    fiber?.interruptUnsafe()
    // a promise cannot be stopped, and nobody waits for it any longer
    if (fiber === undefined && isAsync) this.#end({ _tag: "Stopped", why: this.#stopped })
  }

  /** Calls a plain or async handler as it is; only an Effect gets a fiber. */
  #call(): void {
    const { hand } = this
    let result: unknown
    try {
      result = begin(this.#bound.handler, this.#invocation.payload, this.#context)
      if (result instanceof Promise) {
        hand.isAsync = true
        result.then((value) => this.#end({ _tag: "Done", value }), (error) => this.#end(failed(error)))
      }
    } catch (error) {
      // thrown by the handler, or by a promise that is none
      return this.#end(failed(error))
    }
    if (isEffect(result)) this.#fork(result)
    else if (!hand.isAsync) this.#end({ _tag: "Done", value: result })
    else if (this.#stopped !== undefined) this.#end({ _tag: "Stopped", why: this.#stopped })
  }

  #fork(effect: Effect.Effect<unknown, unknown>): void {
    const fiber = this.hand.fiber = Effect.runForkWith(this.services())(effect)
    fiber.addObserver((exit) => this.#end(outcomeOf(exit, this.#stopped)))
    if (this.#stopped !== undefined) fiber.interruptUnsafe()
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return
    this.#ended = true
    this.#withdraw?.()
    this.core.hands.delete(this.hand)
    this.#done(outcome)
  }
}

const failed = (error: unknown): Outcome => ({ _tag: "Failed", error, cause: Cause.fail(error) })

/** What stands around a handler may have given it services: plain and async handlers find them in their context. */
const within = (context: DeliveryContext, handled: Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> =>
  Effect.withFiber((fiber) => {
    context.enter(fiber.context)
    return handled
  })

/** Calls the handler: gives an Effect, a promise, or its result. */
const begin = (handler: Handler, payload: unknown, context: DeliveryContext): unknown => {
  const result = handler.run(payload, context)
  return !isEffect(result) && isThenable(result) ? Promise.resolve(result) : result
}

// the compile-time check of `worker.ts` has seen to its services
const isEffect = (result: unknown): result is Effect.Effect<unknown, unknown> => Effect.isEffect(result)

/** The handler as part of an Effect. */
const run = (
  handler: Handler,
  payload: unknown,
  context: DeliveryContext,
  hand: Hand,
): Effect.Effect<unknown, unknown> =>
  Effect.suspend((): Effect.Effect<unknown, unknown> => {
    let result: unknown
    try {
      result = begin(handler, payload, context)
    } catch (error) {
      return Effect.fail(error)
    }
    if (isEffect(result)) return result
    if (!(result instanceof Promise)) return Effect.succeed(result)
    hand.isAsync = true
    // it may have been stopped by now, and nobody would hear of a rejection
    result.then(undefined, () => {})
    return Effect.tryPromise({ try: () => result, catch: (error) => error })
  })

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, stopped: Stopped["why"] | undefined): Outcome => {
  if (Exit.isSuccess(exit)) return { _tag: "Done", value: exit.value }
  if (stopped !== undefined) return { _tag: "Stopped", why: stopped }
  return { _tag: "Failed", error: Cause.squash(exit.cause), cause: exit.cause }
}

const withDelivery = (
  services: Context.Context<never>,
  current: Current,
  step: OpenStep | undefined,
): Context.Context<never> => {
  const { traceId } = current.trace
  const spanned = step === undefined
    ? Context.add(services, Tracer.ParentSpan, spanOf(current.trace))
    : Context.add(Context.add(services, Tracer.ParentSpan, step.span), Tracer.Tracer, step.tracer)
  const delivering = Context.add(spanned, CurrentDelivery, current)
  // every line that a handler logs says whose it is
  const { app, handler, cause: id } = current
  return Context.add(delivering, References.CurrentLogAnnotations, { app, handler, id, trace: traceId })
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"

/** Characters of an error that travel; the log has the whole text. */
const longest = 4_000

/** What was thrown, as text for people, of at most 4,000 characters. Never throws, whatever was thrown. */
export const describeError = (error: unknown): string => {
  let text: string
  try {
    text = describe(error)
  } catch {
    text = `something that cannot be shown (${typeof error})`
  }
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text
}

const describe = (error: unknown): string => {
  if (error instanceof Error) {
    if (error.message !== "") return `${error.name}: ${error.message}`
    const fields = JSON.stringify({ ...error })
    return fields === "{}" ? error.name : `${error.name} ${fields}`
  }
  return typeof error === "object" ? JSON.stringify(error) : String(error)
}
