/**
 * What an engine is asked, and what it answers; plain data.
 *
 * Beside `Engine`. Refusals are those of `declare.ts`.
 */
import type { Packet } from "../transport/mod.ts"
import type { Consumer, Hand, Owner } from "./Consumer.ts"
import type { Refusal } from "./declare.ts"
import type { Journal } from "./Journal.ts"
import type { Payload } from "./Payload.ts"

/** How an engine is connected to its surroundings. */
export interface EngineOptions<P = Packet> {
  /** What it must know of what it carries. */
  readonly payload: Payload<P>
  /** The present, ms; need not be the time of day. */
  readonly now: () => number
  /** Told when `nextDue` has become earlier than the owner was last told. @default does nothing */
  readonly onDue?: (due: number) => void
  /** Deliveries handed over before the owner is asked for another `pump`. @default Infinity */
  readonly budget?: number
  /** Told when the budget is used up and deliveries are left: call `pump` soon. @default does nothing */
  readonly onBacklog?: () => void
  /** Told what a consumer threw; must not throw. @default does nothing */
  readonly onDefect?: (defect: unknown) => void
  /** Told of what must outlive the engine. @default nothing must */
  readonly journal?: Journal<P>
}

/** Those that end together, and deliveries that go back with them. */
export interface Abandoned<P> {
  readonly consumers: ReadonlyArray<Consumer<P>>
  /** Of nobody who is a consumer, or of consumers that have ended. */
  readonly hands: ReadonlyArray<Hand<P>>
}

/** What became of a publish. */
export type Published =
  /** At least one queue has a copy, and none refused it. */
  | { readonly _tag: "Routed" }
  /** No queue was bound for it. */
  | { readonly _tag: "Unroutable" }
  /** These queues were full; others on its way got their copy. */
  | { readonly _tag: "Rejected"; readonly queues: ReadonlyArray<string> }
  /** The exchange is unknown. */
  | Extract<Refusal, { _tag: "NotFound" }>
  /** The exchange takes nothing from outside. */
  | Extract<Refusal, { _tag: "Forbidden" }>

/** How to get a message. */
export interface GetOptions {
  readonly owner: Owner
  /** It is done at once. @default false */
  readonly noAck?: boolean
}

/** When a queue is to stay after all. */
export interface DeleteOptions {
  /** It has consumers. @default false */
  readonly ifUnused?: boolean
  /** Messages are ready in it. @default false */
  readonly ifEmpty?: boolean
}

/** What came of a move: how many went, and whether it ended because the other queue took no more. */
export interface Moved {
  readonly _tag: "Moved"
  readonly moved: number
  readonly isFull: boolean
}

/** A message that waits, as it is. */
export interface Seen<P> {
  readonly packet: P
  /** The routing key it came with. */
  readonly key: string
  readonly redelivered: boolean
  /** How often it came back, as far as its queue counts; else 0. */
  readonly deliveryCount: number
}

/** A message that was asked for, and how many more are ready. */
export interface Got<P = Packet> {
  readonly _tag: "Got"
  readonly hand: Hand<P>
  readonly left: number
}

/** What came of a sift: how many are out, and what ended it before the last of those it was to look at. */
export interface Sifted {
  readonly _tag: "Sifted"
  readonly through: number
  readonly failure: Refusal | { readonly _tag: "Full"; readonly name: string } | undefined
}
