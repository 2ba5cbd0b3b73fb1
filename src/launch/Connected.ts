/**
 * The bus in promises, for programs that are not written with Effect.
 *
 * Stands on any `BusShape`. Rejects with the errors themselves, so that `error instanceof UnknownPart` holds; a signal
 * interrupts like any interruption: the remote handler is interrupted too.
 */
import { Cause, Effect, Exit, Fiber, Scope } from "effect"
import { type CallSpec, Disconnected, type EventSpec, type Message, unseen } from "../contract/mod.ts"
import type { BusShape, CallOptions, EmitOptions, Emitted, ValueOf } from "../runtime/mod.ts"

/** Options of a promised verb. */
export interface Abortable {
  /** Gives up: the promise rejects with the signal's reason, the handler is interrupted. */
  readonly signal?: AbortSignal | undefined
}

/** A connected program. */
export interface Connected {
  /** Resolves with the value; rejects with a declared error or one `CallError`. */
  readonly call: <C extends CallSpec>(message: Message<C>, options?: CallOptions & Abortable) => Promise<ValueOf<C>>
  /** Resolves once the broker has confirmed. */
  readonly emit: <C extends EventSpec>(message: Message<C>, options?: EmitOptions & Abortable) => Promise<Emitted>
  /** Finishes what is in hand and closes; a second time it waits for the first. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
  /** The same bus for Effect programs and for `gateway`. */
  readonly effect: BusShape
}

/** Promises over a bus; `close` closes the scope. */
export const promised = (bus: BusShape, scope: Scope.Closeable): Connected => {
  let closing: Promise<void> | undefined
  /** What a verb does now. */
  const open = <A, E>(name: string, effect: Effect.Effect<A, E>): Effect.Effect<A, E | Disconnected> =>
    closing === undefined
      ? effect
      : Effect.fail(new Disconnected({ call: name, detail: "this bus was closed", ...unseen }))
  const call = <C extends CallSpec>(message: Message<C>, options?: CallOptions) =>
    open(message.contract.type, bus.call(message, options))
  const emit = <C extends EventSpec>(message: Message<C>, options?: EmitOptions) =>
    open(message.contract.type, bus.emit(message, options))
  const effect: BusShape = {
    // it may be closed by the time that it is run
    call: (message, options) => Effect.suspend(() => call(message, options)),
    emit: (message, options) => Effect.suspend(() => emit(message, options)),
    telemetry: bus.telemetry,
  }
  const close = () => closing ??= Effect.runPromise(Scope.close(scope, Exit.void))
  return {
    call: (message, options) => {
      const { begin } = bus
      return begin === undefined || closing !== undefined
        ? promise(call(message, options), options?.signal)
        : promiseOf((resume) => begin(message, options, resume), options?.signal)
    },
    emit: (message, options) => promise(emit(message, options), options?.signal),
    close,
    [Symbol.asyncDispose]: close,
    effect,
  }
}

const promise = <A, E>(effect: Effect.Effect<A, E>, signal: AbortSignal | undefined): Promise<A> =>
  promiseOf((resume) => {
    const fiber = Effect.runFork(effect)
    fiber.addObserver(resume)
    return () => void Effect.runFork(Fiber.interrupt(fiber))
  }, signal)

/** A promise of what `begin` tells; its result gives it up. */
const promiseOf = <A, E>(
  begin: (resume: (exit: Exit.Exit<A, E>) => void) => () => void,
  signal: AbortSignal | undefined,
): Promise<A> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    let isOver = false
    const onAbort = () => {
      reject(signal?.reason)
      giveUp()
    }
    const giveUp = begin((exit) => {
      isOver = true
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(Cause.squash(exit.cause))
    })
    if (!isOver) signal?.addEventListener("abort", onAbort, { once: true })
  })
