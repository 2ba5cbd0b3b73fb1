/**
 * The last few hundred durations of one thing, and how often it happens.
 *
 * Figures in typed arrays alone: whatever is kept of a message would outlive the collector's first round.
 */

const room = 256
/** Over so long the rate is taken, ms. */
const window = 10_000

/** See the top of the file. Times in ms. */
export class Durations {
  readonly #took = new Float64Array(room)
  readonly #at = new Float64Array(room)
  #count = 0

  /** It happened at a time, and took so long. */
  add(at: number, ms: number): void {
    const place = this.#count++ & (room - 1)
    this.#took[place] = ms
    this.#at[place] = at
  }

  /** Halves and almost all took at most so long; a second, over the last ten. */
  view(
    now: number,
  ): { readonly count: number; readonly p50: number; readonly p99: number; readonly perSecond: number } {
    const size = Math.min(this.#count, room)
    const took = this.#took.slice(0, size).sort()
    let recent = 0
    let first = now
    for (let i = 0; i < size; i++) {
      const at = this.#at[i]!
      if (at < now - window) continue
      recent++
      if (at < first) first = at
    }
    // where all that is remembered is recent, it was more: the rate of those that are
    const span = recent === room ? Math.max(1, now - first) : window
    return {
      count: this.#count,
      p50: took[Math.floor(size * 0.5)] ?? 0,
      p99: took[Math.min(size - 1, Math.floor(size * 0.99))] ?? 0,
      perSecond: Math.round(recent * 10_000 / span) / 10,
    }
  }
}
