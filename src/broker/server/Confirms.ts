/**
 * The confirms that one channel owes: which publishes are settled, which wait for the disk, and how to say so in few frames.
 *
 * Below `Channel.ts`. Publishes are numbered from 1. What is not to be kept is confirmed at once, though others wait before
 * it; one frame confirms all up to a number where nothing below it waits.
 */
import type { Method } from "../amqp/mod.ts"
import { Deque } from "../Deque.ts"
import type { Durability } from "./Durability.ts"

/** A publish that waits for the disk. */
interface Waiting {
  readonly number: number
  readonly count: number
}

/** A publish whose outcome is known. */
interface Settled {
  readonly number: number
  readonly outcome: "ack" | "nack"
}

/** See the top of the file. */
export class Confirms {
  readonly #durability: Durability
  readonly #onReady: () => void
  #last = 0
  readonly #waiting = new Deque<Waiting>()
  #settled: Array<Settled> = []

  /** `onReady`: there is something to say that was not known when the publish came. */
  constructor(durability: Durability, onReady: () => void) {
    this.#durability = durability
    this.#onReady = onReady
  }

  /** Publishes without a confirm so far. */
  get pending(): number {
    return this.#waiting.size + this.#settled.length
  }

  /** Notes a publish; `waitsFor`: what must be on disk before, `undefined`: nothing. */
  add(outcome: "ack" | "nack", waitsFor: number | undefined): void {
    const number = ++this.#last
    if (outcome === "nack" || waitsFor === undefined) {
      this.#settled.push({ number, outcome })
    } else {
      this.#waiting.push({ number, count: waitsFor })
      this.#durability.whenStored(waitsFor, (isStored) => this.#stored(waitsFor, isStored))
    }
  }

  /** What is to be said now, in this order: runs of one kind below all that waits, then one by one. */
  take(): ReadonlyArray<Method> {
    if (this.#settled.length === 0) return []
    const settled = this.#settled.sort((a, b) => a.number - b.number)
    this.#settled = []
    const oldest = this.#waiting.peek()?.number ?? Infinity
    const said: Array<Method> = []
    for (let from = 0; from < settled.length;) {
      const { number, outcome } = settled[from]!
      let to = from + 1
      if (number < oldest) {
        while (to < settled.length && settled[to]!.number < oldest && settled[to]!.outcome === outcome) to++
      }
      said.push(confirm(settled[to - 1]!.number, outcome, number < oldest, to - from))
      from = to
    }
    return said
  }

  #stored(count: number, isStored: boolean): void {
    let isNew = false
    for (let next = this.#waiting.peek(); next !== undefined && next.count <= count; next = this.#waiting.peek()) {
      this.#waiting.shift()
      this.#settled.push({ number: next.number, outcome: isStored ? "ack" : "nack" })
      isNew = true
    }
    if (isNew) this.#onReady()
  }
}

/** RabbitMQ's form: a nack is `multiple` wherever it may be. */
const confirm = (deliveryTag: number, outcome: "ack" | "nack", covers: boolean, count: number): Method =>
  outcome === "ack"
    ? { name: "basic.ack", deliveryTag, multiple: count > 1 }
    : { name: "basic.nack", deliveryTag, multiple: covers, requeue: true }
