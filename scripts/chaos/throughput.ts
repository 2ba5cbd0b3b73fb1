/**
 * How much was done in each moment, and how soon after a fault it is as much as before.
 *
 * Pure. The reference is the median of the 5 s before the fault; it is back at the end of the first second, beginning
 * after the fault was over, in which at least 90 % of it was done.
 */

/** Width of a bin, ms. */
const bin = 100
const second = 1_000

/** Counts of what happened, in bins of time. */
export class Series {
  readonly #counts = new Map<number, number>()

  /** One thing happened at that time, ms since the epoch. */
  add(at: number): void {
    const key = Math.floor(at / bin)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** How many from a time on, for so many ms. */
  count(from: number, ms: number): number {
    const first = Math.ceil(from / bin)
    let sum = 0
    for (let key = first; key < first + ms / bin; key++) sum += this.#counts.get(key) ?? 0
    return sum
  }
}

/** How one kind of throughput came back. */
export interface Recovery {
  /** A second, before the fault. */
  readonly reference: number
  /** s from the end of the fault; `undefined`: not until the next fault. */
  readonly seconds: number | undefined
}

/** Median of the last seconds before a time. */
export const reference = (series: Series, before: number, seconds = 5): number => {
  const each = Array.from({ length: seconds }, (_, i) => series.count(before - (i + 1) * second, second))
  return each.toSorted((a, b) => a - b)[Math.floor(seconds / 2)] ?? 0
}

/** How soon it came back: between the end of the fault and the next one. */
export const recovery = (series: Series, from: number, over: number, next: number): Recovery => {
  const usual = reference(series, from)
  for (let at = over; at + second <= next; at += bin) {
    if (series.count(at, second) >= 0.9 * usual) return { reference: usual, seconds: (at + second - over) / second }
  }
  return { reference: usual, seconds: undefined }
}
