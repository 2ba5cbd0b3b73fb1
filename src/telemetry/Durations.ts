/**
 * How many were how long: a histogram with fixed bounds, for the meter.
 *
 * Takes milliseconds, as the runtime counts, and gives seconds, as metrics are named. Bounds are few and the same for
 * all, so that processes can be added up.
 */
import type { Distribution, Labels } from "./Family.ts"

/** Upper bounds of the buckets, ms; the last bucket has none. */
const bounds: ReadonlyArray<number> = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]

/** The bounds in seconds. */
export const seconds: ReadonlyArray<number> = bounds.map((ms) => ms / 1_000)

/** Durations so far. */
export class Durations {
  readonly #buckets: Array<number> = new Array<number>(bounds.length + 1).fill(0)
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Adds one, in ms. */
  add(ms: number): void {
    let i = 0
    while (i < bounds.length && ms > bounds[i]!) i++
    this.#buckets[i]!++
    this.#sum += ms
    if (ms < this.#min) this.#min = ms
    if (ms > this.#max) this.#max = ms
  }

  /** What there is, as a point of a family; none before the first. */
  points(labels: Labels): ReadonlyArray<Distribution> {
    const count = this.#buckets.reduce((sum, n) => sum + n, 0)
    if (count === 0) return []
    return [{
      labels,
      buckets: [...this.#buckets],
      count,
      sum: this.#sum / 1_000,
      min: this.#min / 1_000,
      max: this.#max / 1_000,
    }]
  }
}
