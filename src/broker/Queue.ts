/**
 * One queue: what waits in it, who consumes it, and which message goes to whom.
 *
 * Below `Engine`, which finds queues, moves dead letters, keeps the time and calls consumers; above `Backlog`, `Line`,
 * `Consumer` and `Message`. A message is chosen for a consumer at once, but handed over later by the engine, so nothing here
 * calls foreign code. After every operation either nothing is ready or no consumer has room.
 */
import type { QueueCounters } from "./Counters.ts"
import type { DeathReason } from "./deaths.ts"
import type { FullSpec } from "./declare.ts"
import type { Load } from "./Load.ts"
import type { Message } from "./Message.ts"
import type { Recorder } from "./Recorder.ts"
import type { Share } from "./Share.ts"
import { type Backlog, PlainBacklog, PriorityBacklog } from "./Backlog.ts"
import { Consumer, Hand, type Owner } from "./Consumer.ts"
import { queueCounters } from "./Counters.ts"
import { Gate } from "./Gate.ts"
import { Line } from "./Line.ts"

/** What a queue needs of its engine. */
export interface Host<P> {
  /** The present, ms. */
  readonly now: () => number
  /** Takes a delivery that is to be handed over. */
  readonly chosen: (hand: Hand<P>) => void
  /** Takes a message that has left the queue for this reason. */
  readonly died: (queue: Queue<P>, message: Message<P>, reason: DeathReason) => void
  /** Told when `due` has changed. */
  readonly rescheduled: (queue: Queue<P>) => void
  /** Told that what several consumers share has room again. */
  readonly freed: (share: Share) => void
  /** Whether others may wait for room in it. */
  readonly isAwaited: (share: Share) => boolean
  /** Told that a consumer is gone with all it had in hand. */
  readonly gone: (consumer: Consumer<P>) => void
  /** What is more urgent. */
  readonly priority: (packet: P) => number
  readonly load: Load
  /** Where messages are recorded, if anywhere. */
  readonly recorder: Recorder<P> | undefined
}

/** Far before every place that a queue gives to what is new. */
const firstReturn = -(2 ** 50)

/** A queue. */
export class Queue<P> {
  readonly name: string
  readonly spec: FullSpec
  /** Who may use it; `undefined`: everyone. */
  readonly owner: Owner | undefined
  readonly counters: QueueCounters = queueCounters()
  /** This queue alone, as a route. */
  readonly alone: ReadonlyArray<Queue<P>> = [this]
  /** Open consumers, in the order they came. */
  readonly consumers = new Set<Consumer<P>>()
  /** Consumers that are over and still have messages in hand, and whoever got one without being a consumer. */
  readonly leaving = new Set<Consumer<P>>()
  /** The only one that is served, where that is asked for. */
  active: Consumer<P> | undefined = undefined
  /** When the engine must look at it next, ms; `Infinity`: never. */
  due = Infinity
  /** Where it stands in the engine's heap of due queues; -1: nowhere. */
  slot = -1
  deleted = false
  /** Messages in hands. */
  unacked = 0
  /** Of their bodies. */
  unackedBytes = 0
  readonly #host: Host<P>
  readonly #load: Load
  readonly #recorder: Recorder<P> | undefined
  readonly #backlog: Backlog<P>
  /** Consumers with room, the next one in front. */
  readonly #line = new Line<P>()
  /** Quorum queues differ in more than what they promise: see `requeue`, `dispatch` and `refuses`. */
  readonly #isQuorum: boolean
  /** Of a quorum queue that refuses what is too much. */
  readonly #gate = new Gate()
  /** Whether newcomers can be refused. */
  readonly #refuses: boolean
  /** Whether the oldest can be dropped. */
  readonly #sheds: boolean
  #nextPlace = 0
  /** Places of what comes back to a quorum queue: before all that never left, behind what came back earlier. */
  #nextReturn = firstReturn
  #unusedSince: number

  constructor(name: string, spec: FullSpec, owner: Owner | undefined, host: Host<P>) {
    this.name = name
    this.spec = spec
    this.owner = owner
    this.#host = host
    this.#load = host.load
    this.#recorder = spec.durable && !spec.exclusive ? host.recorder : undefined
    this.#backlog = spec.maxPriority === undefined
      ? new PlainBacklog()
      : new PriorityBacklog(spec.maxPriority, host.priority)
    const isLimited = spec.maxLength !== undefined || spec.maxBytes !== undefined
    this.#isQuorum = spec.type === "quorum"
    this.#sheds = isLimited &&
      (spec.overflow === "drop-head" || (this.#isQuorum && spec.overflow === "reject-publish-dlx"))
    this.#refuses = isLimited && !this.#sheds
    this.#unusedSince = spec.expires === undefined ? 0 : host.now()
    this.#reschedule()
  }

  /** Messages that wait for a consumer. */
  get ready(): number {
    return this.#backlog.size
  }

  /** Of their bodies. */
  get readyBytes(): number {
    return this.#backlog.bytes
  }

  /** Whether a publish of so many bytes would be refused now: beyond its limit, or in a quorum queue as its gate says. */
  refuses(size: number, publisher?: object): boolean {
    if (!this.#refuses) return false
    if (!this.#isQuorum) return this.#isBeyond(this.ready + 1, this.readyBytes + size)
    return !this.#gate.admits(publisher, this.#isBeyond(this.ready, this.readyBytes))
  }

  /** Whether a dead letter of so many bytes is refused: quorum queues of RabbitMQ take each. */
  refusesDead(size: number): boolean {
    return !this.#isQuorum && this.refuses(size)
  }

  /** A quorum queue closes when it is beyond its limit, and opens when four fifths of that are left. */
  #openOrClose(): void {
    const { maxLength = Infinity, maxBytes = Infinity } = this.spec
    // what has expired counts no more
    if ((this.head?.expiresAt ?? Infinity) <= this.#host.now()) return
    if (this.#isBeyond(this.ready, this.readyBytes)) this.#gate.close()
    else if (this.ready <= Math.floor(maxLength * 0.8) && this.readyBytes <= Math.floor(maxBytes * 0.8)) {
      this.#gate.open()
    }
  }

  /** Counts a publish that is refused; it may be a dead letter at once. */
  refuse(message: Message<P>): void {
    this.counters.refused++
    if (this.spec.overflow !== "reject-publish-dlx") return
    this.counters.entered++
    this.counters.maxlen++
    this.#host.died(this, message, "maxlen")
  }

  /** Takes in a new message at the back; the caller has asked `refuses`. */
  enter(message: Message<P>): void {
    message.place = this.#nextPlace++
    this.#admit(message)
    if (this.ready > 0) {
      this.#backlog.push(message)
    } else {
      const consumer = this.#line.next()
      if (consumer !== undefined) return this.#choose(consumer, message)
      this.#backlog.push(message)
      if (message.expiresAt !== Infinity) {
        if (this.#sheds) this.#shed()
        this.expire(this.#host.now())
      }
    }
    if (this.#sheds) {
      // what is next now may have expired
      if (this.#shed() && !this.#isQuorum) this.expire(this.#host.now())
    } else if (this.spec.maxPriority !== undefined || this.#refuses) this.#reschedule()
  }

  /** Takes in messages in front of all others, in their order. */
  enterFirst(messages: ReadonlyArray<Message<P>>): void {
    let place = Math.min(0, this.#backlog.peek()?.place ?? 0) - messages.length
    for (const message of messages) {
      message.place = place++
      this.#admit(message)
      this.#backlog.putBack(message)
    }
    this.dispatch()
  }

  /** Takes in what was recorded, in the order of places, which they keep; the queue was empty. */
  load(messages: ReadonlyArray<Message<P>>): void {
    for (const message of messages) {
      this.#nextPlace = Math.max(this.#nextPlace, message.place + 1)
      this.counters.entered++
      this.#load.add(message)
      // it has ended too many processes that this broker lived in
      const { deliveryLimit } = this.spec
      if (deliveryLimit !== undefined && message.returns > Math.max(0, deliveryLimit)) {
        this.#die(message, "delivery_limit")
        continue
      }
      this.#backlog.push(message)
    }
    this.expire(this.#host.now())
  }

  /** Adds a consumer. */
  join(consumer: Consumer<P>): void {
    this.consumers.add(consumer)
    if (consumer.shares !== undefined) { for (const share of consumer.shares) share.join(consumer) }
    if (this.spec.singleActiveConsumer) this.active ??= consumer
    // who comes while what it shares is used up has its turn as those who were there, and is passed over
    if (!this.spec.singleActiveConsumer || this.active === consumer) this.#line.add(consumer)
    this.dispatch()
  }

  /**
   * Ends a consumer. What it has not been handed yet goes back as it was; what it holds stays in its hand, or goes
   * back too if the consumer is lost. Says whether it was one until now. Is followed by `dispatch`.
   */
  leave(consumer: Consumer<P>, lost: boolean): boolean {
    consumer.open = false
    if (consumer.shares !== undefined) { for (const share of consumer.shares) share.leave(consumer) }
    const wasOpen = this.consumers.delete(consumer)
    if (wasOpen) this.#line.leave(consumer)
    if (wasOpen && this.consumers.size === 0) this.#touch()
    for (const hand of consumer.hands()) {
      if (hand.state === "chosen") this.giveUp(hand)
      else if (lost) this.giveBack(hand)
    }
    if (consumer.held > 0) this.leaving.add(consumer)
    else this.#host.gone(consumer)
    if (this.active === consumer) {
      this.active = this.#first()
      if (this.active !== undefined) this.lineUp(this.active)
    }
    return wasOpen
  }

  /** Messages in the hands of whoever fetched them without a consumer. */
  get fetched(): number {
    let count = 0
    for (const one of this.leaving) if (one.isHolder) count += one.held
    return count
  }

  /** A consumer with room stands in line. */
  lineUp(consumer: Consumer<P>): void {
    if (consumer.inLine || !consumer.hasRoom) return
    if (this.spec.singleActiveConsumer && this.active !== consumer) return
    this.#line.add(consumer)
  }

  /** There may be room again at a consumer. */
  recheck(consumer: Consumer<P>): void {
    this.lineUp(consumer)
    this.dispatch()
  }

  /** Takes the head for somebody who is no consumer; `undefined`: nothing is ready. */
  get(owner: Owner, noAck: boolean): { readonly hand: Hand<P>; readonly left: number } | undefined {
    this.#touch()
    this.expire(this.#host.now())
    const message = this.#backlog.take()
    if (message === undefined) return undefined
    const holder = this.#holder(owner)
    const hand = this.#place(holder, message)
    this.leaving.add(holder)
    this.handOver(hand)
    if (noAck) this.ack(hand)
    // what is next may have expired behind it: a quorum queue finds out afterwards
    const { ready } = this
    this.expire(this.#host.now())
    return { hand, left: this.#isQuorum && !noAck ? ready : this.ready }
  }

  /** A delivery is handed over now. */
  handOver(hand: Hand<P>): void {
    hand.state = "held"
    hand.consumer.chosen--
    this.counters.delivered++
    if (hand.redelivered) this.counters.redelivered++
    if (hand.consumer.noAck) this.ack(hand)
    else if (this.#recorder !== undefined) this.#recorder.handed(this.name, hand.message)
  }

  /** Done with a delivery. Like the other verdicts it is followed by `dispatch`. */
  ack(hand: Hand<P>): void {
    this.#release(hand, "settled")
    this.counters.acked++
    this.#depart(hand.message)
  }

  /** Once more, at its old place; in a quorum queue without a delivery limit at the back, so that it blocks nothing for ever. */
  requeue(hand: Hand<P>): void {
    this.#release(hand, "settled")
    this.counters.requeued++
    if (!this.#isQuorum || this.spec.deliveryLimit !== undefined) return this.#putBack(hand.message, true)
    const { message } = hand
    if (this.#recorder !== undefined) this.#recorder.left(this.name, message)
    message.returns++
    message.redelivered = true
    message.place = this.#nextPlace++
    if (this.#recorder !== undefined) this.#recorder.entered(this.name, message)
    this.#backlog.push(message)
  }

  /** To the dead-letter exchange. */
  reject(hand: Hand<P>): void {
    this.#release(hand, "settled")
    this.#die(hand.message, "rejected")
  }

  /** Back, since whoever held it is lost. */
  giveBack(hand: Hand<P>): void {
    this.#release(hand, "lost")
    this.counters.returned++
    this.#putBack(hand.message, true)
  }

  /** Back, as it was: it was chosen and not handed over. */
  giveUp(hand: Hand<P>): void {
    this.#release(hand, "lost")
    this.#putBack(hand.message, false)
  }

  /** A delivery whose time ran out before it was handed over. */
  expireChosen(hand: Hand<P>): void {
    this.#release(hand, "settled")
    this.#die(hand.message, "expired")
  }

  /** Gives messages to consumers while there are both; to be called whenever either may be new. */
  dispatch(): void {
    // what came back may be too much
    if (this.#sheds && !this.#isQuorum) this.#shed()
    // whose turn it is is asked only where there is a message
    while (this.ready > 0) {
      const consumer = this.#line.next()
      const message = consumer === undefined ? undefined : this.#backlog.take()
      if (consumer === undefined || message === undefined) break
      if (message.expiresAt !== Infinity && message.expiresAt <= this.#host.now()) this.#die(message, "expired")
      else this.#choose(consumer, message)
    }
    if (this.#sheds && this.#isQuorum) this.#shed()
    // what came back may have expired meanwhile
    const { head } = this
    if (!this.#isQuorum && head !== undefined && head.expiresAt !== Infinity) this.expire(this.#host.now())
    else this.#reschedule()
  }

  /** Buries what has expired at the head by `now`. */
  expire(now: number): void {
    for (let head = this.head; head !== undefined && head.expiresAt <= now; head = this.head) {
      this.#die(this.#backlog.take(), "expired")
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
    if (count > 0) { for (const message of this.#backlog.first(count)) this.#depart(message) }
    this.#backlog.clear()
    this.#reschedule()
    return count
  }

  /** Ends the queue: everything in it is gone. Says which consumers it had. */
  end(): ReadonlyArray<Consumer<P>> {
    this.deleted = true
    const consumers = [...this.consumers]
    for (const consumer of [...consumers, ...this.leaving]) {
      consumer.open = false
      if (consumer.shares !== undefined) { for (const share of consumer.shares) share.leave(consumer) }
      for (const hand of consumer.hands()) {
        this.#release(hand, "gone")
        this.counters.purged++
        this.#depart(hand.message)
      }
      this.#host.gone(consumer)
    }
    this.consumers.clear()
    this.leaving.clear()
    this.active = undefined
    this.purge()
    this.due = Infinity
    this.#host.rescheduled(this)
    return consumers
  }

  /** The first messages that are ready, head first; they stay where they are, as they are. */
  first(most: number): ReadonlyArray<Message<P>> {
    return this.#backlog.first(most)
  }

  /** The message that is next; it stays. */
  get head(): Message<P> | undefined {
    return this.#backlog.peek()
  }

  /** The head leaves the queue, as if somebody were done with it. */
  pass(): void {
    const message = this.#backlog.take()
    if (message !== undefined) {
      this.counters.acked++
      this.#depart(message)
    }
    this.#reschedule()
  }

  /** Messages that are ready leave the queue, wherever they stand, as if somebody were done with them. */
  passAll(messages: ReadonlySet<Message<P>>): void {
    if (messages.size === 0) return
    this.#backlog.takeOut(messages)
    this.counters.acked += messages.size
    for (const message of messages) this.#depart(message)
    this.#reschedule()
  }

  /** Every message, head first, and whether it is in a hand. */
  contents(): ReadonlyArray<{ readonly message: Message<P>; readonly held: boolean }> {
    const hands = [...this.consumers, ...this.leaving].flatMap((consumer) => consumer.hands())
    const all = [
      ...hands.map((hand) => ({ message: hand.message, held: hand.state === "held" })),
      ...this.#backlog.first(Infinity).map((message) => ({ message, held: false })),
    ].sort((a, b) => a.message.place - b.message.place)
    if (this.spec.maxPriority === undefined) return all
    const urgency = ({ message }: (typeof all)[number]) => this.#host.priority(message.packet)
    return all.sort((a, b) => urgency(b) - urgency(a))
  }

  #admit(message: Message<P>): void {
    this.counters.entered++
    this.#load.add(message)
    if (this.#recorder !== undefined) this.#recorder.entered(this.name, message)
  }

  /** A message is out of the queue for good. */
  #depart(message: Message<P>): void {
    this.#load.take(message)
    if (this.#recorder !== undefined && !this.deleted) this.#recorder.left(this.name, message)
  }

  #isBeyond(length: number, bytes: number): boolean {
    const { maxLength = Infinity, maxBytes = Infinity } = this.spec
    return length > maxLength || bytes > maxBytes
  }

  /** Drops the oldest of what is too much; says whether there was any. */
  #shed(): boolean {
    const before = this.ready
    const dropped: Array<Message<P> | undefined> = []
    while (this.#isBeyond(this.ready, this.readyBytes)) {
      const oldest = this.#backlog.take()
      if (this.#isQuorum) dropped.push(oldest)
      else this.#die(oldest, "maxlen")
    }
    // of many at once, a quorum queue of RabbitMQ sends the last one on first
    for (const message of dropped.reverse()) this.#die(message, "maxlen")
    const isLess = this.ready < before
    this.#reschedule()
    return isLess
  }

  /** The one to be active: of the highest priority (which quorum queues do not ask for), the first that came. */
  #first(): Consumer<P> | undefined {
    if (this.#isQuorum) return this.consumers.values().next().value
    let best: Consumer<P> | undefined
    for (const consumer of this.consumers) if (best === undefined || consumer.priority > best.priority) best = consumer
    return best
  }

  #choose(consumer: Consumer<P>, message: Message<P>): void {
    const hand = this.#place(consumer, message)
    // who has no room left keeps its place with a classic queue until it would be its turn
    if (this.#isQuorum && !consumer.hasRoom) this.#line.skip(consumer)
    else this.#line.turn(consumer)
    this.#host.chosen(hand)
  }

  #place(consumer: Consumer<P>, message: Message<P>): Hand<P> {
    const hand = new Hand(message, consumer)
    consumer.add(hand)
    this.unacked++
    this.unackedBytes += message.size
    return hand
  }

  /** Stands for somebody who gets messages without being a consumer. */
  #holder(owner: Owner): Consumer<P> {
    for (const one of this.leaving) if (one.owner === owner && one.isHolder) return one
    return new Consumer(this, { owner, prefetch: 0, deliver: () => {} }, true)
  }

  #release(hand: Hand<P>, state: "settled" | "lost" | "gone"): void {
    const { consumer } = hand
    const { shares } = consumer
    // else whoever has it in hand gives it back to what is shared
    const isBack = !consumer.noAck && (hand.state === "chosen" || state === "lost")
    if (hand.state === "chosen") consumer.chosen--
    hand.state = state
    consumer.remove(hand)
    this.unacked--
    this.unackedBytes -= hand.message.size
    // where others waited for what it gave back, it waits its turn
    if (isBack && shares !== undefined) this.#free(shares)
    const isFirst = shares === undefined || !shares.some((share) => this.#host.isAwaited(share))
    if (consumer.open) {
      if (isFirst) this.lineUp(consumer)
    } else if (consumer.held === 0 && this.leaving.delete(consumer)) {
      this.#host.gone(consumer)
    }
  }

  #free(shares: ReadonlyArray<Share>): void {
    for (const share of shares) if (share.release(1)) this.#host.freed(share)
  }

  #putBack(message: Message<P>, used: boolean): void {
    if (used) {
      if (this.#isQuorum) {
        message.returns++
        message.place = this.#nextReturn++
      }
      if (this.#recorder !== undefined) this.#recorder.returned(this.name, message)
      message.redelivered = true
      const { deliveryLimit } = this.spec
      if (deliveryLimit !== undefined && message.returns > deliveryLimit) {
        this.#die(message, "delivery_limit")
        return
      }
    }
    this.#backlog.putBack(message)
  }

  #die(message: Message<P> | undefined, reason: DeathReason): void {
    if (message === undefined) return
    this.counters[reason]++
    this.#depart(message)
    this.#host.died(this, message, reason)
  }

  #touch(): void {
    if (this.spec.expires !== undefined) this.#unusedSince = this.#host.now()
  }

  #reschedule(): void {
    if (this.#isQuorum && this.#refuses) this.#openOrClose()
    const due = Math.min(this.head?.expiresAt ?? Infinity, this.unusedUntil)
    if (due === this.due) return
    this.due = due
    this.#host.rescheduled(this)
  }
}
