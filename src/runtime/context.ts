/**
 * The second parameter of handlers, made for one delivery: promises over the runtime's bus and clock.
 *
 * Whatever it starts ends with the handler: interrupting the delivery aborts `signal` and interrupts
 * calls, emits and sleeps under way.
 */
import { Cause, Context, Effect, Exit, type Fiber } from "effect"
import type { BusShape } from "./Bus.ts"
import type { CoreShape } from "./Core.ts"
import type { Current, Hand } from "./Current.ts"
import type { HandlerContext, Log } from "./Handler.ts"

/** What a delivery's context is made of. */
export interface ContextParts {
  readonly core: CoreShape
  readonly bus: BusShape
  readonly current: Current
  readonly hand: Hand
  /** The services of the handler's fibers, the delivery included. */
  readonly services: () => Context.Context<never>
  readonly attempt: number
  readonly redelivered: boolean
}

/** A {@link HandlerContext} that can be interrupted. Its members may be taken out of it (`{ emit }`). */
export class DeliveryContext implements HandlerContext<unknown> {
  readonly #parts: ContextParts
  #fibers: Set<Fiber.Fiber<unknown, unknown>> | undefined
  #abort: AbortController | undefined
  #interrupted = false
  #log: Log | undefined
  #services: Context.Context<never> | undefined

  constructor(parts: ContextParts) {
    this.#parts = parts
  }

  /** Takes the services in force where the handler starts. */
  enter(services: Context.Context<never>): void {
    this.#services = services
  }

  get id(): string {
    return this.#parts.current.cause
  }

  get attempt(): number {
    return this.#parts.attempt
  }

  get redelivered(): boolean {
    return this.#parts.redelivered
  }

  get deadline(): number | undefined {
    return this.#parts.current.deadline
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#interrupted) this.#abort.abort()
    }
    return this.#abort.signal
  }

  get log(): Log {
    return this.#log ??= makeLog((effect) => void this.#fork(effect))
  }

  // most handlers take one or two of these: each is made when it is asked for, not for every delivery

  get call(): HandlerContext["call"] {
    return (message, options) => this.#promise(this.#parts.bus.call(message, options))
  }

  get emit(): HandlerContext["emit"] {
    return (message, options) => this.#promise(this.#parts.bus.emit(message, options))
  }

  get sleep(): HandlerContext["sleep"] {
    return (duration) => this.#promise(Effect.sleep(duration))
  }

  get now(): () => number {
    return this.#parts.core.now
  }

  get uuid(): () => string {
    const { core } = this.#parts
    return () => core.ids.next(core.now())
  }

  // the compile-time check of `HandlerContext` has seen to it that the service is there
  get get(): HandlerContext<unknown>["get"] {
    const services = this.#inForce() as Context.Context<unknown>
    return (service) => Context.getUnsafe(services, service as Context.Key<unknown, never>)
  }

  /** Ends everything the handler has under way. */
  interrupt(): void {
    this.#interrupted = true
    this.#abort?.abort()
    for (const fiber of this.#fibers ?? []) fiber.interruptUnsafe()
  }

  #fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.#inForce())(effect)
  }

  #inForce(): Context.Context<never> {
    return this.#services ??= this.#parts.services()
  }

  #promise<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    const { hand } = this.#parts
    const promise = new Promise<A>((resolve, reject) => {
      if (this.#interrupted) return reject(new Error("Cannot go on: the handler was interrupted"))
      const fiber = this.#fork(effect)
      hand.waiting++
      const fibers = this.#fibers ??= new Set()
      fibers.add(fiber)
      fiber.addObserver((exit) => {
        hand.waiting--
        fibers.delete(fiber)
        if (Exit.isSuccess(exit)) resolve(exit.value)
        else reject(Cause.squash(exit.cause))
      })
    })
    // a handler that does not await it must not take the process down; the journal has the failure
    promise.catch(() => {})
    return promise
  }
}

const makeLog = (run: (effect: Effect.Effect<void>) => void): Log => {
  const at = (level: (...message: ReadonlyArray<unknown>) => Effect.Effect<void>) =>
  (
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ) => run(Effect.annotateLogs(level(message), fields))
  return {
    debug: at(Effect.logDebug),
    info: at(Effect.logInfo),
    warn: at(Effect.logWarning),
    error: at(Effect.logError),
  }
}
