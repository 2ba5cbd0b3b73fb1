/**
 * The verbs of a test, as types: what `testBus` hands to its body.
 *
 * Every verb is a {@link Step}: `yield*` it in an Effect, `await` it in an async function.
 */
import type { Duration } from "effect"
import type {
  AnyErrorSchema,
  AnySchema,
  CallError,
  CallSpec,
  ContractSpec,
  EmitError,
  EventSpec,
  Match,
  Message,
} from "../contract/mod.ts"
import type {
  Answer,
  Bus,
  CallOptions,
  DeclaredOf,
  EmitOptions,
  Emitted,
  HandlerContext,
  ValueOf,
} from "../runtime/mod.ts"
import type { ExpectationFailed } from "./expectation.ts"
import type { Step } from "./Step.ts"
import type { Timeline } from "./Timeline.ts"

/** What can be expected: a message, part of one, or any message of a contract. */
export type Expectable<C extends ContractSpec> = Message<C> | Match<C> | C

/** Options of `expect`. */
export interface ExpectOptions {
  /** Exactly so many. @default at least one */
  readonly times?: number
}

/** Misbehaviour on demand; each strikes once, the next packet that fits (all fit when nothing is said). */
export interface FaultVerbs {
  /** The broker takes the message, but its confirm never comes. */
  readonly dropConfirm: (wanted?: Expectable<ContractSpec>) => Step<void>
  /** The broker takes the message twice. */
  readonly duplicate: (wanted?: Expectable<ContractSpec>) => Step<void>
  /** The message reaches the broker later. */
  readonly delay: (duration: Duration.Input, wanted?: Expectable<ContractSpec>) => Step<void>
  /** The connection is lost for a while; what is in hand comes again, marked as redelivered. */
  readonly loseConnection: (pause?: Duration.Input) => Step<void>
  /** The broker ends the consumer of a handler (`warranty.register`); says how many it ended. */
  readonly cancelConsumer: (handler: string) => Step<number>
}

/** The verbs of a test. */
export interface TestBus {
  /** An event comes in from outside; resolves when all that it causes at this moment has happened. */
  readonly simulate: <C extends EventSpec>(message: Message<C>, options?: EmitOptions) => Step<Emitted, EmitError>
  /** Calls, and moves the clock as far as the answer needs, at most to the deadline. */
  readonly call: <C extends CallSpec>(
    message: Message<C>,
    options?: CallOptions,
  ) => Step<ValueOf<C>, DeclaredOf<C> | CallError>
  /** The production verb; the same as `simulate`. */
  readonly emit: <C extends EventSpec>(message: Message<C>, options?: EmitOptions) => Step<Emitted, EmitError>
  /** A message was sent, by a handler or by this test; gives the payloads of those that fit. */
  readonly expect: <C extends ContractSpec>(
    wanted: Expectable<C>,
    options?: ExpectOptions,
  ) => Step<ReadonlyArray<C["payload"]["Type"]>, ExpectationFailed>
  /** No such message was sent so far. */
  readonly expectNone: (wanted: Expectable<ContractSpec>) => Step<void, ExpectationFailed>
  /** Stands in for an app that is not in the test; a second time it replaces the first. */
  readonly reply: <P extends AnySchema, R extends AnySchema, F extends AnyErrorSchema>(
    contract: CallSpec<P, R, F>,
    answer: (payload: P["Type"], context: HandlerContext) => Answer<R, F, Bus>,
  ) => Step<void>
  /** Moves the clock, from timer to timer; gives what happened meanwhile. */
  readonly advance: (duration: Duration.Input) => Step<Timeline>
  /** Waits until nothing more happens by itself, without moving the clock. */
  readonly settle: () => Step<void>
  readonly faults: FaultVerbs
  /** Everything so far. */
  readonly timeline: () => Timeline
  /** The test's time, ms since the epoch. */
  readonly now: () => number
}
