/**
 * One queue: what waits in it, who consumes it, and which message goes to whom.
 *
 * Below `Engine`, which finds queues, moves dead letters, keeps the time and calls consumers; above `Consumer` and
 * `Message`. A message is chosen for a consumer at once, but handed over later by the engine, so nothing here
 * calls foreign code. After every operation either nothing is ready or no consumer has room.
 */
import type { QueueCounters } from "./Counters.ts"
import type { Consumer, Owner } from "./Consumer.ts"
import type { DeathReason } from "./deaths.ts"
import type { FullSpec } from "./declare.ts"
import { Hand } from "./Consumer.ts"
import { queueCounters } from "./Counters.ts"
import { Deque } from "./Deque.ts"
import { Heap } from "./Heap.ts"
import type { Message } from "./Message.ts"

/** What a queue needs of its engine. */
export interface Host {
  /** The present, ms. */
  readonly now: () => number
  /** Takes a delivery that is to be handed over. */
  readonly chosen: (hand: Hand) => void
  /** Takes a message that has left the queue for this reason. */
  readonly died: (queue: Queue, message: Message, reason: DeathReason) => void
  /** Told when `due` has changed. */
  readonly rescheduled: (queue: Queue) => void
}

/** A queue. */
export class Queue {
  readonly name: string
  readonly spec: FullSpec
  /** Who may use it; `undefined`: everyone. */
  readonly owner: Owner | undefined
  readonly counters: QueueCounters = queueCounters()
  /** This queue alone, as a route. */
  readonly alone: ReadonlyArray<Queue> = [this]
  /** Open consumers, in the order they came; the first is the single active one. */
  readonly consumers = new Set<Consumer>()
  /** Cancelled consumers that still have messages in hand. */
  readonly leaving = new Set<Consumer>()
  /** When the engine must look at it next, ms; `Infinity`: never. */
  due = Infinity
  /** Where it stands in the engine's heap of due queues; -1: nowhere. */
  slot = -1
  deleted = false
  /** Messages in consumers' hands. */
  unacked = 0
  readonly #host: Host
  /** Never chosen yet, in the order they came. */
  readonly #waiting = new Deque<Message>()
  /** Came back; every one of them belongs before those that wait. */
  readonly #returned = new Heap<Message>({ before: (a, b) => a.place < b.place })
  /** Consumers with room, the next one in front. */
  readonly #line = new Deque<Consumer>()
  #nextPlace = 0
  #unusedSince: number

  constructor(name: string, spec: FullSpec, owner: Owner | undefined, host: Host) {
    this.name = name
    this.spec = spec
    this.owner = owner
    this.#host = host
    this.#unusedSince = spec.expires === undefined ? 0 : host.now()
    this.#reschedule()
  }

  /** Messages that wait for a consumer. */
  get ready(): number {
    return this.#waiting.size + this.#returned.size
  }

  /** Whether a publish would be refused now. */
  get full(): boolean {
    const { maxLength, overflow } = this.spec
    return maxLength !== undefined && overflow === "reject-publish" && this.ready >= maxLength
  }

  /** Takes in a new message at the back; the caller has asked `full`. */
  enter(message: Message): void {
    this.counters.entered++
    message.place = this.#nextPlace++
    if (this.ready > 0) {
      this.#waiting.push(message)
    } else {
      const consumer = this.#next()
      if (consumer !== undefined) return this.#choose(consumer, message)
      this.#waiting.push(message)
      if (message.expiresAt !== Infinity) this.expire(this.#host.now())
    }
    const { maxLength } = this.spec
    if (maxLength !== undefined && this.spec.overflow === "drop-head" && this.ready > maxLength) {
      this.#die(this.#take(), "maxlen")
      this.#reschedule()
    }
  }

  /** Takes in messages in front of all others, in their order. */
  enterFirst(messages: ReadonlyArray<Message>): void {
    let place = Math.min(0, this.#returned.peek()?.place ?? this.#waiting.peek()?.place ?? 0) - messages.length
    for (const message of messages) {
      this.counters.entered++
      message.place = place++
      this.#returned.push(message)
    }
    this.dispatch()
  }

  /** Adds a consumer. */
  join(consumer: Consumer): void {
    this.consumers.add(consumer)
    this.#lineUp(consumer)
    this.dispatch()
  }

  /**
   * Ends a consumer. What it has not been handed yet goes back as it was; what it holds stays in its hand, or goes
   * back too if the consumer is lost.
   */
  leave(consumer: Consumer, lost: boolean): void {
    consumer.open = false
    if (this.consumers.delete(consumer) && this.consumers.size === 0) this.#touch()
    for (const hand of consumer.hands()) {
      if (hand.state === "held" && !lost) continue
      const held = hand.state === "held"
      this.#release(hand, "lost")
      if (held) this.counters.returned++
      this.#putBack(hand.message, held)
    }
    if (consumer.held > 0) this.leaving.add(consumer)
    const first = this.spec.singleActiveConsumer ? this.consumers.values().next().value : undefined
    if (first !== undefined) this.#lineUp(first)
    this.dispatch()
  }

  /** Done with a delivery. */
  ack(hand: Hand): void {
    this.#release(hand, "settled")
    this.counters.acked++
    this.dispatch()
  }

  /** Once more, at its old place. */
  requeue(hand: Hand): void {
    this.#release(hand, "settled")
    this.counters.requeued++
    this.#putBack(hand.message, true)
    this.dispatch()
  }

  /** To the dead-letter exchange. */
  reject(hand: Hand): void {
    this.#release(hand, "settled")
    this.#die(hand.message, "rejected")
    this.dispatch()
  }

  /** A delivery whose time ran out before it was handed over. */
  expireChosen(hand: Hand): void {
    this.#release(hand, "settled")
    this.#die(hand.message, "expired")
    this.dispatch()
  }

  /** Gives messages to consumers while there are both; to be called whenever either may be new. */
  dispatch(): void {
    if (this.ready > 0) {
      for (let consumer = this.#next(); consumer !== undefined; consumer = this.#next()) {
        const message = this.#take()
        if (message === undefined) break
        if (message.expiresAt !== Infinity && message.expiresAt <= this.#host.now()) this.#die(message, "expired")
        else this.#choose(consumer, message)
      }
    }
    this.#reschedule()
  }

  /** Buries what has expired at the head by `now`. */
  expire(now: number): void {
    for (let head = this.#head(); head !== undefined && head.expiresAt <= now; head = this.#head()) {
      this.#die(this.#take(), "expired")
    }
    this.#reschedule()
  }

  /** Until when it may stay unused, ms; `Infinity`: for ever, or it is in use. */
  get unusedUntil(): number {
    const { expires } = this.spec
    return expires === undefined || this.consumers.size > 0 ? Infinity : this.#unusedSince + expires
  }

  /** Counts as a use: the time of `expires` starts anew. */
  touch(): void {
    this.#touch()
    this.#reschedule()
  }

  /** Drops what is ready; says how many. */
  purge(): number {
    const count = this.ready
    this.counters.purged += count
    this.#waiting.clear()
    this.#returned.clear()
    this.#reschedule()
    return count
  }

  /** Ends the queue: everything in it is gone. Says which consumers it had. */
  end(): ReadonlyArray<Consumer> {
    const consumers = [...this.consumers]
    for (const consumer of [...consumers, ...this.leaving]) {
      consumer.open = false
      for (const hand of consumer.hands()) {
        this.#release(hand, "gone")
        this.counters.purged++
      }
    }
    this.consumers.clear()
    this.leaving.clear()
    this.purge()
    this.deleted = true
    this.due = Infinity
    this.#host.rescheduled(this)
    return consumers
  }

  /** Every message, head first, and whether it is in a consumer's hand. */
  contents(): ReadonlyArray<{ readonly message: Message; readonly held: boolean }> {
    const hands = [...this.consumers, ...this.leaving].flatMap((consumer) => consumer.hands())
    return [
      ...hands.map((hand) => ({ message: hand.message, held: hand.state === "held" })),
      ...this.#returned.sorted().map((message) => ({ message, held: false })),
      ...Array.from(this.#waiting, (message) => ({ message, held: false })),
    ].sort((a, b) => a.message.place - b.message.place)
  }

  #head(): Message | undefined {
    return this.#returned.peek() ?? this.#waiting.peek()
  }

  #take(): Message | undefined {
    return this.#returned.pop() ?? this.#waiting.shift()
  }

  /** The consumer whose turn it is, of those with room. */
  #next(): Consumer | undefined {
    for (;;) {
      const consumer = this.#line.peek()
      if (consumer === undefined || (consumer.open && consumer.held < consumer.prefetch)) return consumer
      this.#line.shift()
      consumer.inLine = false
    }
  }

  #lineUp(consumer: Consumer): void {
    if (consumer.inLine || !consumer.open || consumer.held >= consumer.prefetch) return
    if (this.spec.singleActiveConsumer && this.consumers.values().next().value !== consumer) return
    consumer.inLine = true
    this.#line.push(consumer)
  }

  #choose(consumer: Consumer, message: Message): void {
    const hand = new Hand(message, consumer)
    consumer.add(hand)
    this.unacked++
    if (this.#line.size > 1) {
      this.#line.shift()
      consumer.inLine = false
      this.#lineUp(consumer)
    }
    this.#host.chosen(hand)
  }

  #release(hand: Hand, state: "settled" | "lost" | "gone"): void {
    const { consumer } = hand
    hand.state = state
    consumer.remove(hand)
    this.unacked--
    if (consumer.open) this.#lineUp(consumer)
    else if (consumer.held === 0) this.leaving.delete(consumer)
  }

  #putBack(message: Message, used: boolean): void {
    if (used) {
      message.redelivered = true
      if (this.spec.type === "quorum") message.returns++
      const { deliveryLimit } = this.spec
      if (deliveryLimit !== undefined && message.returns > deliveryLimit) {
        this.#die(message, "delivery_limit")
        return
      }
    }
    this.#returned.push(message)
  }

  #die(message: Message | undefined, reason: DeathReason): void {
    if (message === undefined) return
    this.counters[reason]++
    this.#host.died(this, message, reason)
  }

  #touch(): void {
    if (this.spec.expires !== undefined) this.#unusedSince = this.#host.now()
  }

  #reschedule(): void {
    const due = Math.min(this.#head()?.expiresAt ?? Infinity, this.unusedUntil)
    if (due === this.due) return
    this.due = due
    this.#host.rescheduled(this)
  }
}
