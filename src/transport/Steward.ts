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
 * that allows one consumer at a time it waits in line, and comes back with nothing where there is another.
 *
 * **Changing.** `move` copies a message with all its properties to another queue, and acks the original after the copy
 * is confirmed in that queue: what is interrupted may be there twice, never not at all. `remove` refuses a queue with
 * consumers or with more messages than allowed; quorum queues know no conditional delete, so it asks right before, on
 * the same channel. `unbind` of what is not bound succeeds.
 *
 * No steward declares a queue, and none knows what messages mean.
 */
import type { Effect } from "effect"
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

/** A look into one broker, and a hand in it. */
export interface Steward extends Surveyor {
  /** The queue now; `undefined`: there is none of that name. */
  readonly look: (queue: string) => Effect.Effect<QueueFacts | undefined, StewardError>
  /** At most so many messages from the head. Not for queues that go with their last consumer. */
  readonly peek: (queue: string, most: number) => Effect.Effect<ReadonlyArray<Peeked>, StewardError>
  /** Moves what is ready now, with these headers added; says how many. Messages that come meanwhile may stay. */
  readonly move: (from: string, to: string, headers: Headers) => Effect.Effect<number, StewardError>
  readonly bind: (binding: Binding) => Effect.Effect<void, StewardError>
  readonly unbind: (binding: Binding) => Effect.Effect<void, StewardError>
  /** Deletes a queue that holds at most so many messages; says how many went with it. */
  readonly remove: (queue: string, most: number) => Effect.Effect<number, StewardError>
}
