/**
 * A naive broker that the engine is held against: arrays, scans and no cleverness.
 *
 * It is told what is done to the engine before that happens, and every delivery as it arrives; it says what each
 * queue must then hold, and refuses a delivery that is not the one due. It does not choose consumers: which of
 * several gets a message is checked by the test. Below `model.test.ts`.
 */
import * as assert from "node:assert/strict"
import type { QueueSpec } from "../../src/transport/mod.ts"

/** One copy in one queue. */
export interface Copy {
  readonly id: string
  place: number
  readonly expiresAt: number
  returns: number
  redelivered: boolean
  /** Queues and reasons, latest first. */
  readonly deaths: ReadonlyArray<readonly [queue: string, reason: Reason]>
}

type Reason = "expired" | "rejected" | "delivery_limit" | "maxlen"

/** What one queue must hold, and what became of the rest. */
export class ModelQueue {
  readonly spec: QueueSpec
  ready: Array<Copy> = []
  held = new Map<string, Copy>()
  next = 0
  nextReturn = -1_000_000
  entered = 0
  acked = 0
  expired = 0
  rejected = 0
  delivery_limit = 0
  maxlen = 0
  deadLettered = 0
  dropped = 0
  refused = 0
  delivered = 0
  redelivered = 0
  requeued = 0
  returned = 0
  purged = 0
  /** Whether somebody has published to it, and is refused now (quorum queues). */
  isKnown = false
  isClosed = false

  constructor(spec: QueueSpec) {
    this.spec = spec
  }

  /** Whether it takes nothing more now: at its limit, or a quorum queue that has closed; asked when somebody publishes. */
  refuses(): boolean {
    const { maxLength = Infinity, overflow, type } = this.spec
    if (overflow === "drop-head") return false
    if (type !== "quorum") return this.ready.length >= maxLength
    if (!this.isKnown) this.isClosed = this.ready.length > maxLength
    this.isKnown = true
    return this.isClosed
  }

  /** A quorum queue closes for whoever it knows when it is beyond its limit, and opens when four fifths of it are left. */
  rest(): void {
    const { maxLength = Infinity } = this.spec
    if (this.ready.length > maxLength) this.isClosed = this.isKnown
    else if (this.ready.length <= Math.floor(maxLength * 0.8)) this.isClosed = false
  }
}

/** The naive broker. Dead letters go through the default exchange; every queue's name is its only key. */
export class Model {
  now = 0
  circles = 0
  readonly queues: ReadonlyMap<string, ModelQueue>

  constructor(specs: ReadonlyArray<QueueSpec>) {
    this.queues = new Map(specs.map((spec) => [spec.name, new ModelQueue(spec)]))
  }

  /** The queue of that name. */
  queue(name: string): ModelQueue {
    const queue = this.queues.get(name)
    assert.ok(queue, `no queue ${name}`)
    return queue
  }

  /** A publish that reaches these queues; says which refuse it. */
  publish(id: string, targets: ReadonlyArray<string>, expiration: number | undefined): ReadonlyArray<string> {
    return targets.filter((name) => {
      const queue = this.queue(name)
      const refuses = queue.refuses()
      if (refuses) queue.refused++
      else this.#enter(queue, id, expiration, [])
      return refuses
    })
  }

  /** A delivery has arrived. */
  delivered(name: string, id: string): Copy {
    this.sweep()
    const queue = this.queue(name)
    const copy = queue.ready.shift()
    assert.equal(id, copy?.id, `${name} must deliver its head`)
    assert.ok(copy !== undefined && copy.expiresAt > this.now, "nothing is delivered after its time")
    assert.ok(!queue.held.has(id), "a copy is in one hand")
    queue.held.set(id, copy)
    queue.delivered++
    if (copy.redelivered) queue.redelivered++
    return copy
  }

  /** A verdict is about to be given on these. */
  settle(name: string, ids: ReadonlyArray<string>, verdict: "ack" | "requeue" | "reject"): void {
    const queue = this.queue(name)
    for (const copy of this.#release(queue, ids)) {
      if (verdict === "ack") queue.acked++
      else if (verdict === "reject") this.#die(queue, copy, "rejected")
      else {
        queue.requeued++
        // at the back where nothing else would end it
        const isLast = queue.spec.type === "quorum" && queue.spec.deliveryLimit === undefined
        this.#giveBack(queue, copy, isLast ? queue.next++ : undefined)
      }
    }
    this.#shed(queue)
  }

  /** Whoever holds these is about to be lost. */
  lose(name: string, ids: ReadonlyArray<string>): void {
    const queue = this.queue(name)
    for (const copy of this.#release(queue, ids)) {
      queue.returned++
      this.#giveBack(queue, copy)
    }
    this.#shed(queue)
  }

  #release(queue: ModelQueue, ids: ReadonlyArray<string>): ReadonlyArray<Copy> {
    return ids.map((id) => {
      const copy = queue.held.get(id)
      assert.ok(copy)
      queue.held.delete(id)
      return copy
    })
  }

  /** What is ready is about to be purged. */
  purge(name: string): void {
    const queue = this.queue(name)
    queue.purged += queue.ready.length
    queue.ready = []
  }

  /** A step is over. */
  rest(): void {
    this.sweep()
    for (const queue of this.queues.values()) queue.rest()
  }

  /** Buries what has expired at the heads. */
  sweep(): void {
    for (const queue of this.queues.values()) {
      for (let head = queue.ready[0]; head !== undefined && head.expiresAt <= this.now; head = queue.ready[0]) {
        queue.ready.shift()
        this.#die(queue, head, "expired")
      }
    }
  }

  #giveBack(queue: ModelQueue, copy: Copy, place?: number): void {
    copy.redelivered = true
    if (queue.spec.type === "quorum") {
      copy.returns++
      copy.place = place ?? queue.nextReturn++
    }
    if (copy.returns > (queue.spec.deliveryLimit ?? Infinity)) return this.#die(queue, copy, "delivery_limit")
    queue.ready = [...queue.ready, copy].sort((a, b) => a.place - b.place)
  }

  /** Drops the oldest of what is too much. */
  #shed(queue: ModelQueue): void {
    const { maxLength = Infinity, overflow } = queue.spec
    while (overflow === "drop-head" && queue.ready.length > maxLength) {
      const head = queue.ready.shift()
      if (head !== undefined) this.#die(queue, head, "maxlen")
    }
  }

  #enter(queue: ModelQueue, id: string, expiration: number | undefined, deaths: Copy["deaths"]): void {
    queue.entered++
    const ttl = Math.min(expiration ?? Infinity, queue.spec.messageTtl ?? Infinity)
    queue.ready.push({ id, place: queue.next++, expiresAt: this.now + ttl, returns: 0, redelivered: false, deaths })
    this.#shed(queue)
    queue.rest()
  }

  #die(queue: ModelQueue, copy: Copy, reason: Reason): void {
    queue[reason]++
    const deaths = [
      [queue.spec.name, reason] as const,
      ...copy.deaths.filter(([name, why]) => name !== queue.spec.name || why !== reason),
    ]
    const target = queue.spec.deadLetterExchange === "" ? queue.spec.deadLetterKey : undefined
    if (target === undefined) {
      queue.dropped++
      return
    }
    const before = deaths.findIndex(([name]) => name === target)
    if (reason !== "rejected" && before >= 0 && deaths.slice(0, before + 1).every(([, why]) => why !== "rejected")) {
      this.circles++
      queue.dropped++
      return
    }
    queue.deadLettered++
    this.#enter(this.queue(target), copy.id, undefined, deaths)
  }
}
