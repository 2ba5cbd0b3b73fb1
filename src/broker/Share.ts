/**
 * What several consumers share: a number of deliveries in hand that is for all of them, and a tap that stops them together.
 *
 * Below `Consumer` and `Engine`. An AMQP channel has one for its global prefetch, a connection one for the bytes that its
 * peer has not taken yet. A consumer has room only if each of its shares has. What was handed over counts until its owner says
 * that it is back (`Engine.settleGroups`), or its consumer is lost: a verdict alone gives nothing back, since with RabbitMQ the
 * channel counts, which also counts what is of other kinds of queues. Change it through `Engine.adjust`, so that consumers
 * that wait learn of it.
 */

/** Whoever waits for room. */
export interface Waiter {
  /** There may be room again: it stands in line, and takes nothing yet. */
  readonly lineUp: () => void
  /** There may be room again: it takes what it can. */
  readonly recheck: () => void
}

/** See the top of the file. */
export class Share {
  /** @internal */
  limit: number
  /** @internal */
  stopped = false
  /** @internal Deliveries that count as being in hand. Below 0 where more were given back at once than counted. */
  taken = 0
  /** In the order in which they are asked. */
  readonly #waiters = new Set<Waiter>()
  /** In the order in which those of one queue stand in line once there is room. */
  readonly #passedOver = new Set<Waiter>()

  /** `limit`: deliveries in hand at most, all consumers together; 0 means no limit. */
  constructor(limit = 0) {
    this.limit = limit > 0 ? limit : Infinity
  }

  /** Whether one more delivery fits. */
  get hasRoom(): boolean {
    return !this.stopped && this.taken < this.limit
  }

  /** @internal Whether no more fits since too many are in hand. */
  get isFull(): boolean {
    return this.taken >= this.limit
  }

  /** @internal So many count no more. Where none counted, none is given back; says whether it was full and is no more. */
  release(count: number): boolean {
    const wasFull = this.isFull
    if (this.taken > 0) this.taken -= count
    return wasFull && !this.isFull
  }

  /** @internal Somebody shares it from now on. */
  join(waiter: Waiter): void {
    this.#waiters.add(waiter)
    this.#passedOver.add(waiter)
  }

  /** @internal Somebody no longer shares it. */
  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    this.#passedOver.delete(waiter)
  }

  /** @internal Somebody had no room when it was their turn: others of their queue that had none before stand in line before. */
  passOver(waiter: Waiter): void {
    if (this.isFull && this.#passedOver.delete(waiter)) this.#passedOver.add(waiter)
  }

  /** @internal Asks each for what it can use; one that got something is asked last from now on. */
  offer(): void {
    // all stand in line before the first one takes something, so that those of one queue take turns
    if (this.hasRoom) { for (const waiter of this.#passedOver) waiter.lineUp() }
    // those that go to the back come by again
    let left = this.#waiters.size
    for (const waiter of this.#waiters) {
      if (left-- === 0 || !this.hasRoom) return
      const { taken } = this
      waiter.recheck()
      if (this.taken > taken && this.#waiters.delete(waiter)) this.#waiters.add(waiter)
    }
  }
}
