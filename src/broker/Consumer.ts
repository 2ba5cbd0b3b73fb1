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
import type { Share } from "./Share.ts"

/** Deliveries chosen for a consumer that can be stopped, and not handed over yet, at most: more would have to go back. */
const chosenAtOnce = 64

/** Stands for a connection; compared by identity. Owns consumers and exclusive queues. */
export type Owner = object

/** How to consume a queue of the engine. */
export interface ConsumerOptions<P = Packet> {
  /** Dies with this owner. */
  readonly owner: Owner
  /** Deliveries in hand at most; 0 means no limit. */
  readonly prefetch: number
  /** Called once a delivery. What it throws is reported and changes nothing: the delivery stays in hand. */
  readonly deliver: (hand: Hand<P>) => void
  /** Called when the engine ends the consumer: its queue was deleted, or `expel`. @default does nothing */
  readonly cancelled?: (() => void) | undefined
  /** Each delivery is done once it is handed over; `prefetch` then counts for nothing. @default false */
  readonly noAck?: boolean
  /** Nobody else consumes the queue. @default false */
  readonly exclusive?: boolean
  /** Those with more go first while they have room. @default 0 */
  readonly priority?: number
  /** What it shares with others. @default nothing */
  readonly shares?: ReadonlyArray<Share>
}

/**
 * A delivery's life: `chosen` for a consumer, `held` once handed over, then `settled` by a verdict, `lost` with its
 * consumer (the message went back), or `gone` with its queue.
 */
export type HandState = "chosen" | "held" | "settled" | "lost" | "gone"

/** One message in one consumer's hand. Give it to `Engine.settle` once. */
export class Hand<P = Packet> {
  readonly consumer: Consumer<P>
  /** Whether it may have been delivered before. */
  readonly redelivered: boolean
  /** How often it came back before (quorum queues); else 0. */
  readonly deliveryCount: number
  /** @internal */
  readonly message: Message<P>
  /** @internal */
  state: HandState = "chosen"
  /** @internal */
  before: Hand<P> | undefined = undefined
  /** @internal */
  after: Hand<P> | undefined = undefined

  constructor(message: Message<P>, consumer: Consumer<P>) {
    this.message = message
    this.consumer = consumer
    this.redelivered = message.redelivered
    this.deliveryCount = message.returns
  }

  /** What was published. */
  get packet(): P {
    return this.message.packet
  }

  /** The exchange it was published to. */
  get exchange(): string {
    return this.message.exchange
  }

  /** The routing key it was published with. */
  get key(): string {
    return this.message.key
  }

  /** The queue it came from. */
  get queue(): string {
    return this.consumer.queue.name
  }
}

/** What a settlement came to: applied, `late` (settled before, or its queue is gone), or `lost` (it went back before). */
export type Settlement = "applied" | "late" | "lost"

/** A consumer; the handle to cancel it by. */
export class Consumer<P = Packet> {
  readonly _tag = "Consumer"
  readonly owner: Owner
  /** Deliveries in hand at most. */
  readonly prefetch: number
  /** @internal */
  readonly queue: Queue<P>
  /** @internal */
  readonly deliver: (hand: Hand<P>) => void
  /** @internal */
  readonly cancelled: (() => void) | undefined
  /** @internal Whether it still takes messages. */
  open: boolean
  /** @internal */
  readonly isHolder: boolean
  /** Each delivery is done once it is handed over. */
  readonly noAck: boolean
  /** Nobody else consumes its queue. */
  readonly exclusive: boolean
  readonly priority: number
  /** @internal */
  readonly shares: ReadonlyArray<Share> | undefined
  /** @internal Whether it stands in its queue's line of those with room. */
  inLine = false
  /** @internal */
  held = 0
  /** @internal Of those, how many are not handed over yet. */
  chosen = 0
  /** @internal The oldest in hand. */
  first: Hand<P> | undefined = undefined
  #last: Hand<P> | undefined = undefined

  /** `isHolder`: it is no consumer, and stands for somebody who gets single messages. */
  constructor(queue: Queue<P>, options: ConsumerOptions<P>, isHolder = false) {
    this.isHolder = isHolder
    this.open = !isHolder
    this.queue = queue
    this.owner = options.owner
    this.noAck = options.noAck ?? false
    this.exclusive = options.exclusive ?? false
    this.priority = options.priority ?? 0
    this.shares = options.shares
    this.prefetch = options.prefetch > 0 && !this.noAck ? options.prefetch : Infinity
    this.deliver = options.deliver
    this.cancelled = options.cancelled
  }

  /** @internal Whether one more delivery fits. */
  get hasRoom(): boolean {
    if (!this.open || this.held >= this.prefetch) return false
    if (this.shares === undefined) return true
    if (this.chosen >= chosenAtOnce) return false
    for (const share of this.shares) if (!share.hasRoom) return false
    return true
  }

  /** @internal Whether nothing may be handed over for now. */
  get isStopped(): boolean {
    if (this.shares !== undefined) { for (const share of this.shares) if (share.stopped) return true }
    return false
  }

  /** @internal It had no room when it was its turn: those it shares with are asked before it. */
  passedOver(): void {
    if (this.shares !== undefined) { for (const share of this.shares) share.passOver(this) }
  }

  /** @internal There may be room again; takes nothing yet. */
  lineUp(): void {
    this.queue.lineUp(this)
  }

  /** @internal There may be room again. */
  recheck(): void {
    this.queue.recheck(this)
  }

  /** @internal */
  add(hand: Hand<P>): void {
    hand.before = this.#last
    if (this.#last === undefined) this.first = hand
    else this.#last.after = hand
    this.#last = hand
    this.held++
    this.chosen++
    if (this.shares !== undefined && !this.noAck) { for (const share of this.shares) share.taken++ }
  }

  /** @internal */
  remove(hand: Hand<P>): void {
    if (hand.before === undefined) this.first = hand.after
    else hand.before.after = hand.after
    if (hand.after === undefined) this.#last = hand.before
    else hand.after.before = hand.before
    hand.before = hand.after = undefined
    this.held--
  }

  /** @internal In the order they were given. */
  hands(): Array<Hand<P>> {
    const all: Array<Hand<P>> = []
    for (let hand = this.first; hand !== undefined; hand = hand.after) all.push(hand)
    return all
  }
}
