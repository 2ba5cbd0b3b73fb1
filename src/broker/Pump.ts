/**
 * The one loop that calls consumers.
 *
 * Below `Engine`, which runs it at the end of every operation. Whatever a consumer does from inside its call is queued
 * here and handed over when it has returned, so that no chain of events grows the stack; what it throws stops nothing.
 * Chooses nothing: `Queue` has done that.
 */
import type { Hand } from "./Consumer.ts"
import { Deque } from "./Deque.ts"

/** What the loop needs to know and whom it tells. */
export interface PumpOptions {
  /** The present, ms. */
  readonly now: () => number
  /** Deliveries in one go; then `onBacklog`. */
  readonly budget: number
  /** Told when deliveries are left. */
  readonly onBacklog: () => void
  /** Told what a consumer threw. */
  readonly onDefect: (defect: unknown) => void
  /** Takes a delivery whose time ran out before it was handed over. */
  readonly onExpired: (hand: Hand) => void
}

/** The loop and what waits for it. */
export class Pump {
  readonly #options: PumpOptions
  readonly #hands = new Deque<Hand>()
  readonly #notices = new Deque<() => void>()
  #running = false

  constructor(options: PumpOptions) {
    this.#options = options
  }

  /** Deliveries that wait. */
  get size(): number {
    return this.#hands.size
  }

  /** Whether a run would do anything now. */
  get wanted(): boolean {
    return !this.#running && (this.#hands.size > 0 || this.#notices.size > 0)
  }

  /** Adds a delivery. */
  add(hand: Hand): void {
    this.#hands.push(hand)
  }

  /** Adds something to be said to a consumer once deliveries are handed over. */
  notify(notice: () => void): void {
    this.#notices.push(notice)
  }

  /** Hands over what waits, up to the budget; does nothing from inside itself. */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      let left = this.#options.budget
      for (let hand = this.#hands.shift(); hand !== undefined; hand = this.#hands.shift()) {
        if (hand.state !== "chosen") continue
        this.#handOver(hand)
        if (--left <= 0) break
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
    if (this.#hands.size > 0) this.#options.onBacklog()
  }

  #handOver(hand: Hand): void {
    const { consumer, message } = hand
    if (message.expiresAt !== Infinity && message.expiresAt < this.#options.now()) return this.#options.onExpired(hand)
    hand.state = "held"
    const { counters } = consumer.queue
    counters.delivered++
    if (hand.redelivered) counters.redelivered++
    try {
      consumer.deliver(hand)
    } catch (defect) {
      this.#options.onDefect(defect)
    }
  }
}
