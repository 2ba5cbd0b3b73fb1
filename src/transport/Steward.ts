/**
 * The port for looking into a broker and tidying it, beside the one that messages go through. This comment is its contract.
 *
 * **Seeing.** AMQP cannot list queues. `survey` returns everything below a prefix where a source can list
 * (`complete`), else those of the known names that exist. Figures of a survey may be seconds old, or `null`; those of
 * `look` are the broker's own at that moment, and it alone decides anything.
 *
 * **Reading.** `peek` takes messages from the head and gives them back there, in their order; among messages that had
 * come back before, those go behind the others. The broker counts that as a delivery: a quorum queue buries a message
 * after so many (its delivery limit, 20 in Warren's queues), so peek at few, and only when somebody asked. On a queue
 * that allows one consumer at a time it waits in line, and comes back with nothing where there is another. `browse` does
 * the same with many (what is beyond 65,535 may come back before them): it holds them all until it has seen enough, so
 * nobody else can have them meanwhile, and it waits for a moment where somebody else does so.
 *
 * **Changing.** `move` copies a message with all its properties to another queue, and acks the original after the copy
 * is confirmed in that queue: what is interrupted may be there twice, never not at all. `sift` does that with chosen ones
 * of a queue, as `browse` reads them, and gives the others back. `remove` refuses a queue with
 * consumers or with more messages than allowed; quorum queues know no conditional delete, so it asks right before, on
 * the same channel. `unbind` of what is not bound succeeds.
 *
 * **Receiving.** `receive` declares a queue that is this steward's alone, of the name that it is given, and hands over what
 * comes to it, until the scope closes; then, and when the steward or its process is gone, so is the queue, with whatever is
 * in it. Nothing in it survives anything. Of more than `most` messages that wait in it the oldest are dropped, so that
 * nobody who publishes to it is ever held up. `take` is called for each, synchronously, and must not throw. It fails `Clash`
 * or `Forbidden` where there is a queue of that name; `onLost` is called once when it ends before its scope.
 *
 * No steward declares any other queue, and none knows what messages mean.
 */
import type { Effect, Scope } from "effect"
import type { Insight } from "./Insight.ts"
import type { Headers, Packet } from "./Packet.ts"
import type { StewardError } from "./StewardError.ts"
import type { Binding } from "./Topology.ts"

/** A queue as the broker has it. `null`: the source does not say. */
export interface QueueFacts {
  readonly name: string
  /** `quorum`, `classic`, … */
  readonly type: string | null
  readonly ready: number | null
  /** Delivered to somebody, and not settled. */
  readonly unacked: number | null
  readonly consumers: number | null
}

/** What to look for. */
export interface SurveyRequest {
  /** How the names of wanted queues begin: `warren.`. */
  readonly prefix: string
  /** The exchange whose bindings are wanted. */
  readonly exchange: string
  /** Names that a source looks up when it cannot list. */
  readonly known: ReadonlyArray<string>
}

/** What was found. */
export interface Survey {
  /** Whether these are all queues below the prefix, rather than those of known names. */
  readonly complete: boolean
  readonly queues: ReadonlyArray<QueueFacts>
  /** Bindings of the exchange to queues; `undefined`: the source cannot see them. */
  readonly bindings: ReadonlyArray<Binding> | undefined
}

/** A source of surveys. */
export interface Surveyor {
  /** For people: what it looks through, without a password. */
  readonly source: string
  readonly survey: (request: SurveyRequest) => Effect.Effect<Survey, StewardError>
  /** More than counts; `undefined`: this source cannot see it. */
  readonly insight?: Insight | undefined
}

/** A message that was looked at and is still where it was. */
export interface Peeked {
  readonly packet: Packet
  /** The routing key it came with. */
  readonly key: string
  readonly redelivered: boolean
  /** How often it was delivered before, this look left out, as far as the broker counts; else 0. */
  readonly deliveryCount: number
}

/** How much of a queue is read at most, whichever comes first. */
export interface BrowseLimits {
  readonly messages: number
  /** Of bodies. */
  readonly bytes: number
}

/** What a browse came to. */
export interface Browsed {
  /** What was ready when it began. */
  readonly ready: number
  /** So many of them were read, from the head. */
  readonly read: number
  /** Consumers that the queue had besides: what they have in hand was not seen. */
  readonly others: number
}

/** A copy of a message, in another queue. */
export interface Copy {
  /** The queue. */
  readonly to: string
  /** Headers that the copy has, in place of those of the same name. */
  readonly set: Headers
  /** Headers that it has not. */
  readonly unset: ReadonlyArray<string>
  /** @default that of the message */
  readonly body?: Uint8Array | undefined
}

/** What becomes of a message: it stays, it goes for good, or a copy takes its place elsewhere. */
export type Fate = "keep" | "drop" | Copy

/** How a queue is sifted. */
export interface Sifting {
  /** So many messages are looked at, from the head; what comes later stays behind them. */
  readonly most: number
  /** Called once or more for each of them, synchronously; must not throw. */
  readonly decide: (message: Peeked) => Fate
  /** Told after each message that is through: its copy is confirmed and it is acked, or it is dropped. Must not throw. */
  readonly done: (message: Peeked, fate: Exclude<Fate, "keep">) => void
  /** Copies a second at most. @default as fast as they are confirmed */
  readonly perSecond?: number | undefined
}

/** A queue of a steward's own. */
export interface Receiving {
  /** Messages that may wait in it. */
  readonly most: number
  readonly take: (packet: Packet) => void
  /** It was deleted, or the connection is lost; why, for people. */
  readonly onLost: (why: string) => void
}

/** A look into one broker, and a hand in it. */
export interface Steward extends Surveyor {
  /** The queue now; `undefined`: there is none of that name. */
  readonly look: (queue: string) => Effect.Effect<QueueFacts | undefined, StewardError>
  /** At most so many messages from the head. Not for queues that go with their last consumer. */
  readonly peek: (queue: string, most: number) => Effect.Effect<ReadonlyArray<Peeked>, StewardError>
  /** Reads what is ready, from the head; `visit` is called for each message, synchronously, and must not throw. */
  readonly browse: (
    queue: string,
    limits: BrowseLimits,
    visit: (message: Peeked) => void,
  ) => Effect.Effect<Browsed, StewardError>
  /** Takes chosen messages out of a queue. Of a message that `done` was told of nothing is left there. */
  readonly sift: (queue: string, sifting: Sifting) => Effect.Effect<void, StewardError>
  /** Moves what is ready now, with these headers added; says how many. Messages that come meanwhile may stay. */
  readonly move: (from: string, to: string, headers: Headers) => Effect.Effect<number, StewardError>
  /** Has a queue of its own until the scope closes; `bind` reaches it too. */
  readonly receive: (queue: string, receiving: Receiving) => Effect.Effect<void, StewardError, Scope.Scope>
  readonly bind: (binding: Binding) => Effect.Effect<void, StewardError>
  readonly unbind: (binding: Binding) => Effect.Effect<void, StewardError>
  /** Deletes a queue that holds at most so many messages; says how many went with it. */
  readonly remove: (queue: string, most: number) => Effect.Effect<number, StewardError>
}
