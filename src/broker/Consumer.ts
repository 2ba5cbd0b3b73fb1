/**
 * A consumer of one queue, and the deliveries it has in hand.
 *
 * Below `Queue`, which chooses who gets a message, and `Engine`, which calls `deliver`. The deliveries in hand
 * form a linked list in the order they were given, so that settling one and returning all are both cheap.
 * Decides nothing itself.
 */
import type { Packet } from "../transport/mod.ts"
import type { Message } from "./Message.ts"
import type { Queue } from "./Queue.ts"

/** Stands for a connection; compared by identity. Owns consumers and exclusive queues. */
export type Owner = object

/** How to consume a queue of the engine. */
export interface ConsumerOptions {
  /** Dies with this owner. */
  readonly owner: Owner
  /** Deliveries in hand at most; 0 means no limit. */
  readonly prefetch: number
  /** Called once a delivery. What it throws is reported and changes nothing: the delivery stays in hand. */
  readonly deliver: (hand: Hand) => void
  /** Called when the engine ends the consumer: its queue was deleted, or `expel`. @default does nothing */
  readonly cancelled?: (() => void) | undefined
}

/**
 * A delivery's life: `chosen` for a consumer, `held` once handed over, then `settled` by a verdict, `lost` with its
 * consumer (the message went back), or `gone` with its queue.
 */
export type HandState = "chosen" | "held" | "settled" | "lost" | "gone"

/** One message in one consumer's hand. Give it to `Engine.settle` once. */
export class Hand {
  readonly consumer: Consumer
  /** Whether it may have been delivered before. */
  readonly redelivered: boolean
  /** How often it came back before (quorum queues); else 0. */
  readonly deliveryCount: number
  /** @internal */
  readonly message: Message
  /** @internal */
  state: HandState = "chosen"
  /** @internal */
  before: Hand | undefined = undefined
  /** @internal */
  after: Hand | undefined = undefined

  constructor(message: Message, consumer: Consumer) {
    this.message = message
    this.consumer = consumer
    this.redelivered = message.redelivered
    this.deliveryCount = message.returns
  }

  /** What was published. */
  get packet(): Packet {
    return this.message.packet
  }

  /** The queue it came from. */
  get queue(): string {
    return this.consumer.queue.name
  }
}

/** What a settlement came to: applied, `late` (settled before, or its queue is gone), or `lost` (it went back before). */
export type Settlement = "applied" | "late" | "lost"

/** A consumer; the handle to cancel it by. */
export class Consumer {
  readonly _tag = "Consumer"
  readonly owner: Owner
  /** Deliveries in hand at most. */
  readonly prefetch: number
  /** @internal */
  readonly queue: Queue
  /** @internal */
  readonly deliver: (hand: Hand) => void
  /** @internal */
  readonly cancelled: (() => void) | undefined
  /** @internal Whether it still takes messages. */
  open = true
  /** @internal Whether it stands in its queue's line of those with room. */
  inLine = false
  /** @internal */
  held = 0
  /** @internal The oldest in hand. */
  first: Hand | undefined = undefined
  #last: Hand | undefined = undefined

  constructor(queue: Queue, options: ConsumerOptions) {
    this.queue = queue
    this.owner = options.owner
    this.prefetch = options.prefetch > 0 ? options.prefetch : Infinity
    this.deliver = options.deliver
    this.cancelled = options.cancelled
  }

  /** @internal */
  add(hand: Hand): void {
    hand.before = this.#last
    if (this.#last === undefined) this.first = hand
    else this.#last.after = hand
    this.#last = hand
    this.held++
  }

  /** @internal */
  remove(hand: Hand): void {
    if (hand.before === undefined) this.first = hand.after
    else hand.before.after = hand.after
    if (hand.after === undefined) this.#last = hand.before
    else hand.after.before = hand.before
    hand.before = hand.after = undefined
    this.held--
  }

  /** @internal In the order they were given. */
  hands(): Array<Hand> {
    const all: Array<Hand> = []
    for (let hand = this.first; hand !== undefined; hand = hand.after) all.push(hand)
    return all
  }
}
