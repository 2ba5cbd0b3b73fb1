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
  const open = <A, E>(name: string, effect: Effect.Effect<A, E>): Effect.Effect<A, E | Disconnected> =>
    Effect.suspend((): Effect.Effect<A, E | Disconnected> =>
      closing === undefined
        ? effect
        : Effect.fail(new Disconnected({ call: name, detail: "this bus was closed", ...unseen }))
    )
  const effect = {
    call: (message: Message<CallSpec>, options?: CallOptions) =>
      open(message.contract.type, bus.call(message, options)),
    emit: (message: Message<EventSpec>, options?: EmitOptions) =>
      open(message.contract.type, bus.emit(message, options)),
    telemetry: bus.telemetry,
  } as BusShape
  const close = () => closing ??= Effect.runPromise(Scope.close(scope, Exit.void))
  return {
    call: (message, { signal, ...options } = {}) => promise(effect.call(message, options), signal),
    emit: (message, { signal, ...options } = {}) => promise(effect.emit(message, options), signal),
    close,
    [Symbol.asyncDispose]: close,
    effect,
  }
}

const promise = <A, E>(effect: Effect.Effect<A, E>, signal: AbortSignal | undefined): Promise<A> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const fiber = Effect.runFork(effect)
    const abort = () => {
      reject(signal?.reason)
      Effect.runFork(Fiber.interrupt(fiber))
    }
    signal?.addEventListener("abort", abort, { once: true })
    fiber.addObserver((exit) => {
      signal?.removeEventListener("abort", abort)
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(Cause.squash(exit.cause))
    })
  })
