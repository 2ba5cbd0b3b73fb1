/**
 * The queue engine: a broker as a synchronous state machine with RabbitMQ's semantics.
 *
 * Above `Catalog` (what exists), `Publisher`, `Queue`, `Undertaker`, `Timetable` and `Pump`; below the in-process transport
 * and the AMQP server. Does no I/O, starts no timers and makes no promises: it reads the time from `now`, and the owner calls
 * `tick` at `nextDue`. Consumers are called from one loop, never from inside each other, so a chain of any length
 * keeps the stack flat. Knows no connections (an owner is any object), no wire and no Effect.
 */
import type { Packet, Verdict } from "../transport/mod.ts"
import type { ConsumerOptions, Hand, Owner, Settlement } from "./Consumer.ts"
import type { Refusal } from "./declare.ts"
import type { Loaded } from "./Journal.ts"
import type {
  Abandoned,
  DeleteOptions,
  EngineOptions,
  GetOptions,
  Got,
  Moved,
  Published,
  Seen,
  Sifted,
} from "./operations.ts"
import type { Payload } from "./Payload.ts"
import type { Share } from "./Share.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { Binding, ExchangeBinding, ExchangeSpec, QueueSpec } from "./specs.ts"
import type { QueueView, View } from "./View.ts"
import { Catalog } from "./Catalog.ts"
import { Consumer } from "./Consumer.ts"
import { add, type Counters, queueCounters } from "./Counters.ts"
import { byQueue } from "./loading.ts"
import { Load } from "./Load.ts"
import { Owners } from "./Owners.ts"
import { Publisher } from "./Publisher.ts"
import { Pump } from "./Pump.ts"
import { type Host, Queue } from "./Queue.ts"
import { Recorder } from "./Recorder.ts"
import { reviveAll, takeSnapshot } from "./Snapshot.ts"
import { Timetable } from "./Timetable.ts"
import { move, seen, sift } from "./transfers.ts"
import { Undertaker } from "./Undertaker.ts"
import { viewQueue } from "./View.ts"

/** A queue engine. Every method is synchronous; those that hand over messages may call consumers. */
export class Engine<P = Packet> {
  readonly #now: () => number
  readonly #payload: Payload<P>
  readonly #catalog: Catalog<P>
  readonly #timetable: Timetable<P>
  readonly #pump: Pump<P>
  readonly #publisher: Publisher<P>
  readonly #undertaker: Undertaker<P>
  readonly #host: Host<P>
  readonly #owners = new Owners<P>()
  readonly #load = new Load()
  readonly #recorder: Recorder<P> | undefined
  /** Shares that have room again since the operation began. */
  readonly #freed = new Set<Share>()
  /** Engine-wide counts, and the sums of queues that are gone. */
  readonly #counters: Counters = {
    ...queueCounters(),
    published: 0,
    unroutable: 0,
    circles: 0,
    late: 0,
    defects: 0,
  }

  constructor(options: EngineOptions<P>) {
    const { now, payload, journal } = options
    this.#now = now
    this.#payload = payload
    this.#catalog = new Catalog(payload, journal)
    this.#recorder = journal === undefined ? undefined : new Recorder(journal)
    this.#publisher = new Publisher({ now, payload, catalog: this.#catalog, counters: this.#counters })
    this.#undertaker = new Undertaker({
      payload,
      now,
      route: (exchange, keys, packet) => this.#catalog.routeAll(exchange, keys, packet),
      copy: (queue, packet, exchange, keys, common) => this.#publisher.copy(queue, packet, exchange, keys, common),
      counters: this.#counters,
    })
    this.#timetable = new Timetable(options.onDue ?? (() => {}))
    this.#pump = new Pump({
      now,
      budget: options.budget ?? Infinity,
      onBacklog: options.onBacklog ?? (() => {}),
      onDefect: (defect) => {
        this.#counters.defects++
        options.onDefect?.(defect)
      },
      onExpired: (hand) => {
        const { queue } = hand.consumer
        queue.expireChosen(hand)
        queue.dispatch()
        this.#settleDown()
      },
      onStopped: (hand) => {
        const { queue } = hand.consumer
        queue.giveUp(hand)
        queue.dispatch()
        this.#settleDown()
      },
      onDrained: (consumer) => {
        consumer.recheck()
        this.#settleDown()
      },
    })
    this.#host = {
      now,
      chosen: (hand) => this.#pump.add(hand),
      died: (queue, message, reason) => this.#undertaker.take(queue, message, reason),
      rescheduled: (queue) => this.#timetable.changed(queue),
      freed: (share) => this.#freed.add(share),
      isAwaited: (share) => share.isFull || this.#freed.has(share),
      gone: (consumer) => this.#owners.leave(consumer),
      priority: payload.priority,
      load: this.#load,
      recorder: this.#recorder,
    }
  }

  /** Declares an exchange; an equal one may exist. */
  declareExchange(spec: ExchangeSpec): Refusal | undefined {
    return this.#catalog.declareExchange(spec)
  }

  /** Deletes an exchange and its bindings; an unknown one is no error. `ifUnused`: it stays while bindings start there. */
  deleteExchange(name: string, { ifUnused = false }: Pick<DeleteOptions, "ifUnused"> = {}): Refusal | undefined {
    return this.#catalog.deleteExchange(name, ifUnused)
  }

  /** Declares a queue; an equal one may exist. `owner` is needed for an exclusive one. Counts as a use of it. */
  declareQueue(spec: QueueSpec, owner?: Owner): Refusal | undefined {
    const queue = this.#catalog.declareQueue(spec, owner, this.#host)
    if (queue instanceof Queue) this.#owners.own(queue)
    this.#finish()
    return queue instanceof Queue ? undefined : queue
  }

  /** Deletes a queue with all its messages, and tells its consumers; says how many were ready. */
  deleteQueue(name: string, owner?: Owner, { ifUnused, ifEmpty }: DeleteOptions = {}): number | Refusal {
    const queue = this.#catalog.find(name, owner)
    if (!(queue instanceof Queue)) return queue
    const { ready, consumers, spec } = queue
    if (spec.type === "quorum" && (ifUnused === true || ifEmpty === true)) {
      return {
        _tag: "Unsupported",
        name,
        detail: `queue "${name}" is a quorum queue: it is deleted without conditions`,
      }
    }
    if (ifUnused === true && consumers.size > 0) {
      return { _tag: "InUse", name, detail: `queue "${name}" has ${consumers.size} consumers` }
    }
    if (ifEmpty === true && ready > 0) {
      return { _tag: "NotEmpty", name, detail: `queue "${name}" has ${ready} messages` }
    }
    this.#delete(queue)
    this.#finish()
    return ready
  }

  /** Drops what is ready in a queue; says how many. */
  purge(name: string, owner?: Owner): number | Refusal {
    const queue = this.#catalog.find(name, owner)
    if (!(queue instanceof Queue)) return queue
    const count = queue.purge()
    this.#finish()
    return count
  }

  /** The first messages that are ready in a queue, head first. Nothing about them changes, and nothing is counted. */
  peek(name: string, most: number): ReadonlyArray<Seen<P>> | Refusal {
    const queue = this.#catalog.find(name, undefined)
    if (!(queue instanceof Queue)) return queue
    return queue.first(most).map(seen)
  }

  /** Moves what is ready in a queue to the back of another, in one step; where that takes no more, the rest stays. */
  move(from: string, to: string, copy: (packet: P) => P): Moved | Refusal {
    const [source, target] = [this.#catalog.find(from, undefined), this.#catalog.find(to, undefined)]
    if (!(source instanceof Queue)) return source
    if (!(target instanceof Queue)) return target
    const moved = move(this.#ground, source, target, copy)
    this.#finish()
    return moved
  }

  /**
   * Takes chosen ones of the first messages out of a queue, in one step: they are dropped, or a copy enters another queue. It
   * ends at the first copy that cannot, and after so many copies.
   */
  sift(
    from: string,
    most: number,
    copies: number,
    choose: (message: Seen<P>) => "keep" | "drop" | { readonly to: string; readonly packet: P },
  ): Sifted | Refusal {
    const source = this.#catalog.find(from, undefined)
    if (!(source instanceof Queue)) return source
    const sifted = sift(this.#ground, source, most, copies, choose)
    this.#finish()
    return sifted
  }

  /** Binds a queue to an exchange; an equal binding may exist. */
  bind(binding: Binding, owner?: Owner): Refusal | undefined {
    return this.#catalog.bind(binding, owner)
  }

  /** Takes a binding away; an unknown one is no error. */
  unbind(binding: Binding, owner?: Owner): Refusal | undefined {
    return this.#catalog.unbind(binding, owner)
  }

  /** Binds an exchange to another, so that what reaches `exchange` goes on to `target`; an equal binding may exist. */
  bindExchange(binding: ExchangeBinding): Refusal | undefined {
    return this.#catalog.bindExchange(binding)
  }

  /** Takes such a binding away; an unknown one is no error. */
  unbindExchange(binding: ExchangeBinding): Refusal | undefined {
    return this.#catalog.unbindExchange(binding)
  }

  /**
   * Routes a packet into queues; the exchange `""` leads to the queue named by the key. `from`: who publishes it, which a quorum
   * queue that refuses what is too much asks for. @default one publisher for all that say nothing
   */
  publish(exchange: string, key: string, packet: P, from?: Owner): Published {
    const published = this.#publisher.publish(exchange, key, packet, from)
    this.#finish()
    return published
  }

  /** Finds where a packet goes as things are; the result puts it into those queues that are still there. */
  prepare(exchange: string, key: string, packet: P, from?: Owner): () => Published {
    const put = this.#publisher.prepare(exchange, key, packet, from)
    return () => {
      const published = put()
      this.#finish()
      return published
    }
  }

  /** Starts a consumer; what is ready reaches it before this returns (unless a consumer is running). */
  consume(name: string, options: ConsumerOptions<P>): Consumer<P> | Refusal {
    const queue = this.#catalog.find(name, options.owner)
    if (!(queue instanceof Queue)) return queue
    const { consumers, spec } = queue
    // quorum queues do not look at it
    if (
      spec.type === "classic" && consumers.size > 0 &&
      (options.exclusive === true || consumers.values().next().value?.exclusive === true)
    ) {
      return { _tag: "InUse", name, detail: `queue "${name}" has a consumer, and one of them is exclusive` }
    }
    const consumer = new Consumer(queue, options)
    this.#owners.join(consumer)
    queue.join(consumer)
    this.#finish()
    return consumer
  }

  /** Ends a consumer at its own wish: nothing more reaches it, what it has in hand is still to be settled. */
  cancel(consumer: Consumer<P>): void {
    if (!consumer.open) return
    this.#leave(consumer, false)
    if (!consumer.queue.deleted) consumer.queue.dispatch()
    this.#finish()
  }

  /** Ends a consumer at the broker's wish: as `cancel`, and it is told. */
  expel(consumer: Consumer<P>): void {
    if (!consumer.open) return
    this.#notify(consumer)
    this.cancel(consumer)
  }

  /** Ends a consumer that died: what it has in hand goes back, marked and counted. */
  loseConsumer(consumer: Consumer<P>): void {
    this.#lose([consumer], [])
    this.#finish()
  }

  /** Ends all an owner has: its consumers are lost, its exclusive queues deleted. */
  loseOwner(owner: Owner): void {
    this.#lose(this.#owners.consumersOf(owner), [])
    for (const queue of this.#owners.queuesOf(owner)) this.#delete(queue)
    this.#finish()
  }

  /**
   * Ends many, as a channel does that closes: of each step the deliveries go back, and what its consumers have in hand, who are
   * lost, in this order. None of it is passed on to another one of the step; before the next one it goes its way.
   */
  abandon(...steps: ReadonlyArray<Abandoned<P>>): void {
    for (const { consumers, hands } of steps) {
      this.#lose(consumers, hands)
      this.#finish()
    }
  }

  /**
   * Changes what consumers share; those that have room again get what waits. A limit of 0 means none. `taken`: how many count
   * as being in hand where there was no limit before. @default those that were handed over and not released
   */
  adjust(
    share: Share,
    { limit, stopped, taken }: { readonly limit?: number; readonly stopped?: boolean; readonly taken?: number },
  ): void {
    if (limit !== undefined) {
      if (share.limit === Infinity) share.taken = taken ?? share.taken
      share.limit = limit > 0 ? limit : Infinity
    }
    if (stopped !== undefined) share.stopped = stopped
    this.#freed.add(share)
    this.#finish()
  }

  /**
   * The next message of a queue, for somebody who is no consumer; `undefined`: none is ready. It stays in their hand until
   * it is settled, or their owner is lost; with `noAck` it is done at once.
   */
  get(name: string, { owner, noAck = false }: GetOptions): Got<P> | Refusal | undefined {
    const queue = this.#catalog.find(name, owner)
    if (!(queue instanceof Queue)) return queue
    if (queue.spec.type === "quorum" && queue.spec.singleActiveConsumer) {
      return { _tag: "Locked", name, detail: `queue "${name}" gives messages to its single active consumer only` }
    }
    const got = queue.get(owner, noAck)
    if (got !== undefined && !noAck) this.#owners.join(got.hand.consumer)
    this.#finish()
    return got === undefined ? undefined : { _tag: "Got", ...got }
  }

  /** Gives the verdict on a delivery; the first one counts. */
  settle(hand: Hand<P>, verdict: Verdict): Settlement {
    if (hand.state !== "held") {
      this.#counters.late++
      return hand.state === "lost" ? "lost" : "late"
    }
    const { queue } = hand.consumer
    this.#apply(queue, hand, verdict)
    queue.dispatch()
    this.#finish()
    return "applied"
  }

  /** Gives one verdict on many deliveries, in their order and in one step; says for how many it counted. */
  settleAll(hands: Iterable<Hand<P>>, verdict: Verdict): number {
    return this.settleGroups([{ hands, verdict }])
  }

  /**
   * The same for several such groups, one after another; what dies of it goes its way after the last one. `back`: how many
   * deliveries are no longer in hand of those who share, each number a step; who waited for room comes after the verdicts.
   */
  settleGroups(
    groups: Iterable<{ readonly hands: Iterable<Hand<P>>; readonly verdict: Verdict }>,
    back?: { readonly share: Share; readonly counts: ReadonlyArray<number> },
  ): number {
    for (const count of back?.counts ?? []) if (back?.share.release(count)) this.#freed.add(back.share)
    let applied = 0
    for (const { hands, verdict } of groups) applied += this.#settleGroup(hands, verdict)
    this.#finish()
    return applied
  }

  #settleGroup(hands: Iterable<Hand<P>>, verdict: Verdict): number {
    let applied = 0
    const queues = new Set<Queue<P>>()
    for (const hand of verdict === "reject" ? byUrgency(hands, this.#payload) : hands) {
      if (hand.state !== "held") {
        this.#counters.late++
        continue
      }
      const { queue } = hand.consumer
      this.#apply(queue, hand, verdict)
      queues.add(queue)
      applied++
    }
    for (const queue of queues) queue.dispatch()
    return applied
  }

  /** The consumers of a queue, in the order they came. */
  consumers(name: string): ReadonlyArray<Consumer<P>> {
    return [...this.#catalog.queues.get(name)?.consumers ?? []]
  }

  /** Deliveries chosen for a consumer and not yet handed over; 0 unless a consumer is running or the budget was used up. */
  get backlog(): number {
    return this.#pump.size
  }

  /** When `tick` has something to do, ms; `undefined`: never, as things are. Asking counts as being told. */
  nextDue(): number | undefined {
    return this.#timetable.next()
  }

  /** Does what is due: expires messages and deletes unused queues. */
  tick(): void {
    const now = this.#now()
    for (let queue = this.#timetable.first; queue !== undefined && queue.due <= now; queue = this.#timetable.first) {
      const { unusedUntil } = queue
      // what expired before its queue did dies of that
      queue.expire(Math.min(now, unusedUntil))
      if (unusedUntil <= now) this.#delete(queue)
    }
    this.#finish()
  }

  /** Hands over what is chosen, up to the budget; to be called after `onBacklog`. */
  pump(): void {
    this.#pump.resume()
  }

  /** One queue as it is now; whoever asks. */
  queue(name: string): QueueView | undefined {
    const queue = this.#catalog.queues.get(name)
    return queue === undefined ? undefined : viewQueue(queue)
  }

  /** The same for an owner, who may not see into the exclusive ones of others; the passive declaration. */
  look(name: string, owner: Owner): QueueView | Refusal {
    const queue = this.#catalog.find(name, owner)
    if (!(queue instanceof Queue)) return queue
    queue.touch()
    return viewQueue(queue)
  }

  /** Bytes of what is carried in all queues, ready and in hand; what one publish put into several counts once. Cheap. */
  get bytes(): number {
    return this.#load.bytes
  }

  /** Messages in all queues, ready and in hand. Cheap. */
  get messages(): number {
    return this.#load.messages
  }

  /** One exchange. */
  exchange(name: string): ExchangeSpec | undefined {
    return this.#catalog.exchanges.get(name)?.spec
  }

  /** Everything as it is now. */
  view(): View {
    const counters = { ...this.#counters }
    for (const queue of this.#catalog.queues.values()) add(counters, queue.counters)
    return {
      exchanges: Array.from(this.#catalog.exchanges.values(), (exchange) => exchange.spec),
      queues: Array.from(this.#catalog.queues.values(), viewQueue),
      bindings: this.#catalog.bindings(),
      links: this.#catalog.links(),
      counters,
    }
  }

  /** Everything that outlives its owners, as plain data; changes nothing. `held: false` leaves out what consumers hold. */
  snapshot({ held: withHeld = true }: { readonly held?: boolean } = {}): Snapshot<P> {
    return takeSnapshot(this.#catalog, withHeld, this.#now())
  }

  /**
   * Takes in a snapshot: what is missing is declared, what exists stays as it is, and messages go before those that
   * wait. No length limit applies. Returns what could not be declared.
   */
  restore(snapshot: Snapshot<P>): ReadonlyArray<Refusal> {
    const refusals = [
      ...snapshot.exchanges.map((spec) => this.declareExchange(spec)),
      ...snapshot.queues.map((spec) => this.declareQueue(spec)),
      ...snapshot.bindings.map((binding) => this.bind(binding)),
      ...(snapshot.links ?? []).map((binding) => this.bindExchange(binding)),
    ].filter((refusal) => refusal !== undefined)
    for (const [name, list] of reviveAll(snapshot.messages, this.#now(), this.#payload)) {
      this.#catalog.queues.get(name)?.enterFirst(list)
    }
    this.#finish()
    return refusals
  }

  /**
   * Takes in what a store has read back, into an engine that is empty. The journal is not told of it, though of what has
   * expired meanwhile. Returns what could not be declared; messages for queues that are not there are left out.
   */
  load(loaded: Loaded<P>): ReadonlyArray<Refusal> {
    const { journal } = this.#catalog
    this.#catalog.journal = undefined
    const refusals = [
      ...loaded.exchanges.map((spec) => this.declareExchange(spec)),
      ...loaded.queues.map((spec) => this.declareQueue(spec)),
      ...loaded.bindings.map((binding) => "target" in binding ? this.bindExchange(binding) : this.bind(binding)),
    ].filter((refusal) => refusal !== undefined)
    this.#catalog.journal = journal
    for (const [name, messages] of byQueue(loaded.messages, this.#payload)) {
      for (const { id } of messages) this.#recorder?.skip(id)
      this.#catalog.queues.get(name)?.load(messages)
    }
    this.#finish()
    return refusals
  }

  get #ground() {
    return {
      now: this.#now,
      find: (name: string) => this.#catalog.find(name, undefined),
      make: (queue: Queue<P>, packet: P) => this.#publisher.copy(queue, packet, "", [queue.name]),
    }
  }

  #apply(queue: Queue<P>, hand: Hand<P>, verdict: Verdict): void {
    if (verdict === "ack") queue.ack(hand)
    else if (verdict === "requeue") queue.requeue(hand)
    else queue.reject(hand)
  }

  #leave(consumer: Consumer<P>, lost: boolean): void {
    const { queue } = consumer
    if (queue.deleted) return
    const wasOpen = queue.leave(consumer, lost)
    if (wasOpen && queue.spec.autoDelete && queue.consumers.size === 0) this.#delete(queue)
  }

  /** All of it goes back before any of it is passed on: in its order, and to none of them. */
  #lose(consumers: ReadonlyArray<Consumer<P>>, hands: ReadonlyArray<Hand<P>>): void {
    const queues = new Set<Queue<P>>()
    for (const consumer of consumers) {
      queues.add(consumer.queue)
      consumer.open = false
    }
    for (const hand of hands) {
      if (hand.state !== "held") continue
      queues.add(hand.consumer.queue)
      hand.consumer.queue.giveBack(hand)
    }
    for (const consumer of consumers) this.#leave(consumer, true)
    for (const queue of queues) if (!queue.deleted) queue.dispatch()
  }

  #delete(queue: Queue<P>): void {
    this.#undertaker.bury()
    this.#catalog.remove(queue)
    this.#owners.disown(queue)
    for (const consumer of queue.end()) this.#notify(consumer)
    add(this.#counters, queue.counters)
  }

  #notify(consumer: Consumer<P>): void {
    if (consumer.cancelled !== undefined) this.#pump.notify(consumer.cancelled)
  }

  /** What is shared goes to whoever waits, dead letters move on, the owner learns of an earlier due time. */
  #settleDown(): void {
    if (this.#freed.size > 0) {
      const shares = [...this.#freed]
      this.#freed.clear()
      for (const share of shares) share.offer()
    }
    this.#undertaker.bury()
    this.#timetable.announce()
  }

  /** Ends every operation: all is settled down, and consumers are called. */
  #finish(): void {
    this.#settleDown()
    if (this.#pump.wanted) this.#pump.run()
  }
}

/** What is more urgent dies first, where queues have priorities; else in their order. */
const byUrgency = <P>(hands: Iterable<Hand<P>>, { priority }: Payload<P>): Iterable<Hand<P>> => {
  const all = [...hands]
  if (all.every(({ consumer }) => consumer.queue.spec.maxPriority === undefined)) return all
  const urgency = ({ consumer: { queue: { spec } }, packet }: Hand<P>) =>
    spec.maxPriority === undefined ? 0 : Math.min(spec.maxPriority, priority(packet))
  return all.sort((a, b) => urgency(b) - urgency(a))
}
