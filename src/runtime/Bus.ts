/**
 * The typed front door: emit an event, call a call.
 *
 * Everyone speaks through it, handlers, the gateway, programs and tests. It knows contracts and their
 * errors; below it are packets. The implementation is in `BusLive.ts`.
 */
import { Context, type Duration, Effect, type Exit } from "effect"
import type { CallError, CallSpec, EmitError, EventSpec, Message } from "../contract/mod.ts"
import type { Telemetry } from "./Telemetry.ts"
import type { CallTrail } from "./Trail.ts"

/** Options of an emit. */
export interface EmitOptions {
  /** Repeats the id of an earlier emit whose outcome is unknown; listeners with `dedupe` take it once. */
  readonly id?: string
  /** Longest wait for the broker's confirm. @default "5 seconds" */
  readonly timeout?: Duration.Input
  /** Who follows it, as `Follows.ask` gives it. @default who follows the message in hand; else nobody */
  readonly follow?: string | undefined
}

/** Options of a call. */
export interface CallOptions {
  /** Time for everything, connecting included; never longer than what the running handler has left. @default "5 seconds" */
  readonly timeout?: Duration.Input
  /** Is told the way of the call, hop by hop, just before its outcome is known. @default nobody */
  readonly onTrail?: ((trail: CallTrail) => void) | undefined
  /** Who follows it, as `Follows.ask` gives it. @default who follows the message in hand; else nobody */
  readonly follow?: string | undefined
}

/** What an emit gives: the message's id, confirmed by the broker. */
export interface Emitted {
  readonly id: string
}

/** The value a call gives. */
export type ValueOf<C extends CallSpec> = C["returns"]["Type"]

/** The errors a call declares. */
export type DeclaredOf<C extends CallSpec> = C["fails"]["Type"]

/** The members of the bus. */
export interface BusShape {
  /** Succeeds when the broker has confirmed; nobody listening is not an error. */
  readonly emit: <C extends EventSpec>(
    message: Message<C>,
    options?: EmitOptions,
  ) => Effect.Effect<Emitted, EmitError>
  /** Succeeds with the value; fails with a declared error or one {@link CallError}. Interrupting it interrupts the handler. */
  readonly call: <C extends CallSpec>(
    message: Message<C>,
    options?: CallOptions,
  ) => Effect.Effect<ValueOf<C>, DeclaredOf<C> | CallError>
  /**
   * `call` for those who have no fiber, such as promises: `resume` is told the outcome, once. The result gives the call up, which
   * interrupts the handler, and nothing is told any more; afterwards it does nothing. It throws where `call` would die. A fiber
   * more costs a twentieth of a call that goes straight. @default `call` is all there is
   */
  readonly begin?:
    | (<C extends CallSpec>(
      message: Message<C>,
      options: CallOptions | undefined,
      resume: (exit: Exit.Exit<ValueOf<C>, DeclaredOf<C> | CallError>) => void,
    ) => () => void)
    | undefined
  /** Who records spans of it; what stands in front of it has its own recorded there too. @default nobody */
  readonly telemetry?: Telemetry | undefined
}

/** The bus as a service: `yield* Bus`, or `Bus.call(...)` and `Bus.emit(...)` directly. */
export class Bus extends Context.Service<Bus, BusShape>()("warren/runtime/Bus") {
  /** {@link BusShape.emit} of the bus in the context. */
  static emit<C extends EventSpec>(message: Message<C>, options?: EmitOptions): Effect.Effect<Emitted, EmitError, Bus> {
    return Effect.flatMap(Bus, (bus) => bus.emit(message, options))
  }

  /** {@link BusShape.call} of the bus in the context. */
  static override call<C extends CallSpec>(
    message: Message<C>,
    options?: CallOptions,
  ): Effect.Effect<ValueOf<C>, DeclaredOf<C> | CallError, Bus> {
    return Effect.flatMap(Bus, (bus) => bus.call(message, options))
  }
}
