/**
 * The port between Warren and a broker, five members, untyped packets. This comment is its contract.
 *
 * **Publishing.** `publish` succeeds once the broker has taken responsibility (a publisher confirm):
 * `routed` when at least one queue got a copy, `unroutable` when none did. It fails `Rejected` when a
 * queue on the way is full and `Disconnected` when the confirm did not come. Packets published one
 * after another to one queue arrive in that order.
 *
 * **Consuming.** `consume` returns once the broker has accepted the consumer, which lives until the scope
 * closes. `deliver` is called once a delivery, synchronously, never with more than `prefetch` unsettled,
 * and must not throw. A delivery is settled exactly once; a second settlement is ignored. `requeue`
 * puts it back near the head, or at the back of a quorum queue without a delivery limit; `reject` sends it to
 * the queue's dead-letter exchange. Deliveries that are unsettled when the consumer's connection is lost come
 * again, with `redelivered` set and `deliveryCount` grown by one. Closing the scope stops new deliveries and
 * leaves those in hand to be settled.
 *
 * **Declaring.** Idempotent; an equal declaration succeeds, a different one fails `Clash` and changes nothing. What a
 * declaration tolerates does not count as a difference.
 *
 * **Losing the connection.** The transport connects again by itself. While it cannot, every member fails `Disconnected`
 * at once, and nothing that was sent is sent again. Before the status is `Ready` once more, everything declared has been
 * declared again, and each consumer is either held again or told `onCancelled`.
 *
 * **Closing.** Ends with the layer's scope: consumers are cancelled, exclusive queues deleted.
 *
 * The port knows no contracts, deadlines or retries: those are the runtime's.
 */
import { Context, type Effect, type Scope, type Stream } from "effect"
import type { Packet } from "./Packet.ts"
import type { Topology } from "./Topology.ts"
import type { TransportError } from "./TransportError.ts"

/** Where a packet is published. `exchange` `""` is the default exchange: `key` names the queue. */
export interface Route {
  readonly exchange: string
  readonly key: string
}

/** What the broker said of a publish. */
export type Confirm = "routed" | "unroutable"

/** What becomes of a delivery: done, once more, or to the dead-letter exchange. */
export type Verdict = "ack" | "requeue" | "reject"

/** One packet in hand. */
export interface Delivery {
  readonly packet: Packet
  readonly queue: string
  /** Whether it may have been delivered before. */
  readonly redelivered: boolean
  /** How often it came back before, as far as the broker counts (quorum queues); else 0. */
  readonly deliveryCount: number
  /** Whether it has gone back already, with its connection or channel: no verdict reaches the broker any more. */
  readonly isGone: () => boolean
  /** Gives the verdict; the first one counts. */
  readonly settle: (verdict: Verdict) => Effect.Effect<void, TransportError>
  /** Where the packet came past the broker, which holds no copy of it. */
  readonly straight?: Straight
}

/** What is owed to whoever sent a packet past the broker. It ends with one of the last two. */
export interface Straight {
  /** Sends the reply the same way; `otherwise` is called when it did not arrive. */
  readonly answer: (reply: Packet, otherwise: () => void) => void
  /** It is through: answered, or nobody waits for an answer. */
  readonly done: () => void
  /** It will not be answered; `begun`: it may have had effects. */
  readonly giveBack: (begun: boolean) => void
}

/** How to consume a queue. */
export interface ConsumeOptions {
  /** Unsettled deliveries at most, at least 1. */
  readonly prefetch: number
  /**
   * Called once when it is over, though the scope is open: the broker ended it (queue deleted, leader lost, channel
   * closed), or would not take it back after a lost connection.
   */
  readonly onCancelled?: () => void
}

/** What a transport promises beyond the contract; the behaviour suite reads it. */
export interface Traits {
  /** For people: `in-process`, `amqp`. */
  readonly name: string
  /** Messages outlive the process. */
  readonly durable: boolean
  /** Other processes can be reached. */
  readonly shared: boolean
  /** Body bytes at most. */
  readonly maxBytes: number
}

/** The connection's life. `Ready` means publishing and every consumer work, not merely that TCP is up. */
export type Status =
  | { readonly _tag: "Connecting"; readonly attempt: number }
  /** `local`: this side's address of the line to it; `cluster`: the name of its cluster; where there are such. */
  | {
    readonly _tag: "Ready"
    readonly server: string
    readonly local?: string | undefined
    readonly cluster?: string | undefined
  }
  | { readonly _tag: "Blocked"; readonly reason: string }
  /** `passes`: its host has ended, and another one is expected to go on with it at once. */
  | { readonly _tag: "Disconnected"; readonly reason: string; readonly passes?: boolean }
  | { readonly _tag: "Closed" }

/** The port; see the file's comment for its contract. */
export class Transport extends Context.Service<Transport, {
  readonly traits: Traits
  /** The present status, then each change. */
  readonly status: Stream.Stream<Status>
  readonly declare: (topology: Topology) => Effect.Effect<void, TransportError>
  readonly publish: (route: Route, packet: Packet) => Effect.Effect<Confirm, TransportError>
  readonly consume: (
    queue: string,
    options: ConsumeOptions,
    deliver: (delivery: Delivery) => void,
  ) => Effect.Effect<void, TransportError, Scope.Scope>
}>()("warren/transport/Transport") {}
