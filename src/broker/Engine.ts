/**
 * The queue engine: a broker as a synchronous state machine with RabbitMQ's semantics.
 *
 * Above `Catalog` (what exists), `Queue`, `Undertaker`, `Timetable` and `Pump`; below the in-process transport and the AMQP
 * server. Does no I/O, starts no timers and makes no promises: it reads the time from `now`, and the owner calls
 * `tick` at `nextDue`. Consumers are called from one loop, never from inside each other, so a chain of any length
 * keeps the stack flat. Knows no connections (an owner is any object), no wire and no Effect.
 */
import type { Binding, ExchangeSpec, Packet, Verdict } from "../transport/mod.ts"
import type { ConsumerOptions, Hand, Owner, Settlement } from "./Consumer.ts"
import type { Counters } from "./Counters.ts"
import type { EngineQueueSpec, Refusal } from "./declare.ts"
import type { Snapshot } from "./Snapshot.ts"
import type { QueueView, View } from "./View.ts"
import { Catalog } from "./Catalog.ts"
import { Consumer } from "./Consumer.ts"
import { add, queueCounters } from "./Counters.ts"
import { expiry, Message } from "./Message.ts"
import { Pump } from "./Pump.ts"
import { type Host, Queue } from "./Queue.ts"
import { reviveAll, takeSnapshot } from "./Snapshot.ts"
import { Timetable } from "./Timetable.ts"
import { Undertaker } from "./Undertaker.ts"
import { viewQueue } from "./View.ts"

/** How an engine is connected to its surroundings. */
export interface EngineOptions {
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

const ROUTED: Published = { _tag: "Routed" }
const UNROUTABLE: Published = { _tag: "Unroutable" }

/** A queue engine. Every method is synchronous; those that hand over messages may call consumers. */
export class Engine {
  readonly #now: () => number
  readonly #catalog = new Catalog()
  readonly #timetable: Timetable
  readonly #pump: Pump
  readonly #undertaker: Undertaker
  readonly #host: Host
  /** Engine-wide counts, and the sums of queues that are gone. */
  readonly #counters: Counters = {
    ...queueCounters(),
    published: 0,
    unroutable: 0,
    circles: 0,
    late: 0,
    defects: 0,
  }

  constructor(options: EngineOptions) {
    this.#now = options.now
    this.#undertaker = new Undertaker({
      now: options.now,
      route: (exchange, key) => this.#catalog.route(exchange, key),
      counters: this.#counters,
    })
    this.#timetable = new Timetable(options.onDue ?? (() => {}))
    this.#pump = new Pump({
      now: options.now,
      budget: options.budget ?? Infinity,
      onBacklog: options.onBacklog ?? (() => {}),
      onDefect: (defect) => {
        this.#counters.defects++
        options.onDefect?.(defect)
      },
      onExpired: (hand) => {
        hand.consumer.queue.expireChosen(hand)
        this.#undertaker.bury()
        this.#timetable.announce()
      },
    })
    this.#host = {
      now: options.now,
      chosen: (hand) => this.#pump.add(hand),
      died: (queue, message, reason) => this.#undertaker.take(queue, message, reason),
      rescheduled: (queue) => this.#timetable.changed(queue),
    }
  }

  /** Declares an exchange; an equal one may exist. */
  declareExchange(spec: ExchangeSpec): Refusal | undefined {
    return this.#catalog.declareExchange(spec)
  }

  /** Deletes an exchange and its bindings; an unknown one is no error. */
  deleteExchange(name: string): void {
    this.#catalog.exchanges.delete(name)
  }

  /** Declares a queue; an equal one may exist. `owner` is needed for an exclusive one. Counts as a use of it. */
  declareQueue(spec: EngineQueueSpec, owner?: Owner): Refusal | undefined {
    const refusal = this.#catalog.declareQueue(spec, owner, this.#host)
    this.#finish()
    return refusal
  }

  /** Deletes a queue with all its messages, and tells its consumers; says how many were ready. */
  deleteQueue(name: string, owner?: Owner): number | Refusal {
    const queue = this.#catalog.find(name, owner)
    if (!(queue instanceof Queue)) return queue
    const { ready } = queue
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

  /** Binds a queue to an exchange; an equal binding may exist. */
  bind(binding: Binding, owner?: Owner): Refusal | undefined {
    return this.#catalog.bind(binding, owner)
  }

  /** Takes a binding away; an unknown one is no error. */
  unbind(binding: Binding, owner?: Owner): Refusal | undefined {
    return this.#catalog.unbind(binding, owner)
  }

  /** Routes a packet into queues; the exchange `""` leads to the queue named by the key. */
  publish(exchange: string, key: string, packet: Packet): Published {
    const queues = this.#catalog.route(exchange, key)
    if (queues === undefined) return { _tag: "NotFound", kind: "exchange", name: exchange }
    this.#counters.published++
    if (queues.length === 0) {
      this.#counters.unroutable++
      return UNROUTABLE
    }
    let refused: Array<string> | undefined
    for (const queue of queues) {
      if (queue.full) {
        queue.counters.refused++
        refused = [...refused ?? [], queue.name]
      } else {
        queue.enter(new Message(packet, exchange, key, expiry(packet.expiration, queue.spec.messageTtl, this.#now)))
      }
    }
    this.#finish()
    return refused === undefined ? ROUTED : { _tag: "Rejected", queues: refused }
  }

  /** Starts a consumer; what is ready reaches it before this returns (unless a consumer is running). */
  consume(name: string, options: ConsumerOptions): Consumer | Refusal {
    const queue = this.#catalog.find(name, options.owner)
    if (!(queue instanceof Queue)) return queue
    const consumer = new Consumer(queue, options)
    queue.join(consumer)
    this.#finish()
    return consumer
  }

  /** Ends a consumer at its own wish: nothing more reaches it, what it has in hand is still to be settled. */
  cancel(consumer: Consumer): void {
    if (!consumer.open) return
    this.#leave(consumer, false)
    this.#finish()
  }

  /** Ends a consumer at the broker's wish: as `cancel`, and it is told. */
  expel(consumer: Consumer): void {
    if (!consumer.open) return
    this.#notify(consumer)
    this.cancel(consumer)
  }

  /** Ends a consumer that died: what it has in hand goes back, marked and counted. */
  loseConsumer(consumer: Consumer): void {
    this.#leave(consumer, true)
    this.#finish()
  }

  /** Ends all an owner has: its consumers are lost, its exclusive queues deleted. */
  loseOwner(owner: Owner): void {
    const lost: Array<Consumer> = []
    for (const queue of this.#catalog.queues.values()) {
      for (const consumer of [...queue.consumers, ...queue.leaving]) if (consumer.owner === owner) lost.push(consumer)
    }
    // closed all together, so that no message is passed on to one that is next
    for (const consumer of lost) consumer.open = false
    for (const consumer of lost) if (!consumer.queue.deleted) this.#leave(consumer, true)
    for (const queue of [...this.#catalog.queues.values()]) if (queue.owner === owner) this.#delete(queue)
    this.#finish()
  }

  /** Gives the verdict on a delivery; the first one counts. */
  settle(hand: Hand, verdict: Verdict): Settlement {
    if (hand.state !== "held") {
      this.#counters.late++
      return hand.state === "lost" ? "lost" : "late"
    }
    const { queue } = hand.consumer
    if (verdict === "ack") queue.ack(hand)
    else if (verdict === "requeue") queue.requeue(hand)
    else queue.reject(hand)
    this.#finish()
    return "applied"
  }

  /** The consumers of a queue, in the order they came. */
  consumers(name: string): ReadonlyArray<Consumer> {
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
      if (queue.unusedUntil <= now) this.#delete(queue)
      else queue.expire(now)
    }
    this.#finish()
  }

  /** Hands over what is chosen, up to the budget; to be called after `onBacklog`. */
  pump(): void {
    this.#pump.resume()
  }

  /** One queue as it is now; the passive declaration. */
  queue(name: string): QueueView | undefined {
    const queue = this.#catalog.queues.get(name)
    return queue === undefined ? undefined : viewQueue(queue)
  }

  /** Everything as it is now. */
  view(): View {
    const counters = { ...this.#counters }
    for (const queue of this.#catalog.queues.values()) add(counters, queue.counters)
    return {
      exchanges: Array.from(this.#catalog.exchanges.values(), (exchange) => exchange.spec),
      queues: Array.from(this.#catalog.queues.values(), viewQueue),
      bindings: this.#catalog.bindings(),
      counters,
    }
  }

  /** Everything that outlives its owners, as plain data; changes nothing. `held: false` leaves out what consumers hold. */
  snapshot({ held: withHeld = true }: { readonly held?: boolean } = {}): Snapshot {
    return takeSnapshot(this.#catalog, withHeld, this.#now())
  }

  /**
   * Takes in a snapshot: what is missing is declared, what exists stays as it is, and messages go before those that
   * wait. No length limit applies. Returns what could not be declared.
   */
  restore(snapshot: Snapshot): ReadonlyArray<Refusal> {
    const refusals = [
      ...snapshot.exchanges.map((spec) => this.declareExchange(spec)),
      ...snapshot.queues.map((spec) => this.declareQueue(spec)),
      ...snapshot.bindings.map((binding) => this.bind(binding)),
    ].filter((refusal) => refusal !== undefined)
    for (const [name, list] of reviveAll(snapshot.messages, this.#now())) {
      this.#catalog.queues.get(name)?.enterFirst(list)
    }
    this.#finish()
    return refusals
  }

  #leave(consumer: Consumer, lost: boolean): void {
    const { queue } = consumer
    if (queue.deleted) return
    queue.leave(consumer, lost)
    if (queue.spec.autoDelete && queue.consumers.size === 0) this.#delete(queue)
  }

  #delete(queue: Queue): void {
    this.#undertaker.bury()
    this.#catalog.remove(queue)
    for (const consumer of queue.end()) this.#notify(consumer)
    add(this.#counters, queue.counters)
  }

  #notify(consumer: Consumer): void {
    if (consumer.cancelled !== undefined) this.#pump.notify(consumer.cancelled)
  }

  /** Ends every operation: dead letters move on, the owner learns of an earlier due time, consumers are called. */
  #finish(): void {
    this.#undertaker.bury()
    this.#timetable.announce()
    if (this.#pump.wanted) this.#pump.run()
  }
}
