/**
 * The one loop that calls consumers.
 *
 * Below `Engine`, which runs it at the end of every operation. Whatever a consumer does from inside its call is queued
 * here and handed over when it has returned, so that no chain of events grows the stack; what it throws stops nothing.
 * Chooses nothing: `Queue` has done that.
 */
import type { Consumer, Hand } from "./Consumer.ts"
import { Deque } from "./Deque.ts"

/** What the loop needs to know and whom it tells. */
export interface PumpOptions<P> {
  /** The present, ms. */
  readonly now: () => number
  /** Deliveries until the next `resume`; then `onBacklog`. */
  readonly budget: number
  /** Told, once, when the budget is spent and deliveries are left. */
  readonly onBacklog: () => void
  /** Told what a consumer threw. */
  readonly onDefect: (defect: unknown) => void
  /** Takes a delivery whose time ran out before it was handed over. */
  readonly onExpired: (hand: Hand<P>) => void
  /** Takes a delivery that may not be handed over now, since its consumer was stopped. */
  readonly onStopped: (hand: Hand<P>) => void
  /** Told when a consumer that can be stopped has been handed all that was chosen for it. */
  readonly onDrained: (consumer: Consumer<P>) => void
}

/** The loop and what waits for it. */
export class Pump<P> {
  readonly #options: PumpOptions<P>
  readonly #hands = new Deque<Hand<P>>()
  readonly #notices = new Deque<() => void>()
  #running = false
  #spent = 0
  /** The budget is spent, and `resume` is on its way. */
  #waiting = false
  /** How many of the next deliveries have waited for `resume`: their time may have run out meanwhile. */
  #late = 0

  constructor(options: PumpOptions<P>) {
    this.#options = options
  }

  /** Deliveries that wait. */
  get size(): number {
    return this.#hands.size
  }

  /** Whether a run would do anything now. */
  get wanted(): boolean {
    return !this.#running && !this.#waiting && (this.#hands.size > 0 || this.#notices.size > 0)
  }

  /** Adds a delivery. */
  add(hand: Hand<P>): void {
    this.#hands.push(hand)
  }

  /** Adds something to be said to a consumer once deliveries are handed over. */
  notify(notice: () => void): void {
    this.#notices.push(notice)
  }

  /** Goes on with a fresh budget. */
  resume(): void {
    this.#waiting = false
    this.#spent = 0
    this.#late = this.#hands.size
    this.run()
  }

  /**
   * Hands over what waits, up to what is left of the budget; does nothing from inside itself. The budget spans runs: a chain
   * of events that goes through promises starts a run for each, and would never let the event loop have its turn.
   */
  run(): void {
    if (this.#running || this.#waiting) return
    this.#running = true
    const { budget } = this.#options
    try {
      while (this.#spent < budget) {
        const hand = this.#hands.shift()
        if (hand === undefined) break
        const isLate = this.#late > 0
        if (isLate) this.#late--
        if (hand.state !== "chosen") continue
        this.#spent++
        this.#handOver(hand, isLate)
      }
      for (let notice = this.#notices.shift(); notice !== undefined; notice = this.#notices.shift()) {
        try {
          notice()
        } catch (defect) {
          this.#options.onDefect(defect)
        }
      }
    } finally {
      this.#running = false
    }
    if (this.#hands.size === 0) return
    this.#waiting = true
    this.#options.onBacklog()
  }

  #handOver(hand: Hand<P>, isLate: boolean): void {
    const { consumer, message } = hand
    // what was given to a consumer in time is not late because a clock went on in between
    if (isLate && message.expiresAt !== Infinity && message.expiresAt < this.#options.now()) {
      return this.#options.onExpired(hand)
    }
    if (consumer.shares !== undefined && consumer.isStopped) return this.#options.onStopped(hand)
    consumer.queue.handOver(hand)
    try {
      consumer.deliver(hand)
    } catch (defect) {
      this.#options.onDefect(defect)
    }
    if (consumer.shares !== undefined && consumer.chosen === 0) this.#options.onDrained(consumer)
  }
}
