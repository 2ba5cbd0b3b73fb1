/**
 * Replies that went straight to their callers and whose receipt has not come yet.
 *
 * A reply into a half-open socket is lost without a word, so whoever sends one waits for its receipt, and sends it once more
 * through the broker when none comes. A caller that gets both drops the second.
 */
import type { CoreShape } from "../Core.ts"

/** How long to wait for a receipt, ms. Receipts of lane `direct` are collected for a while by the caller. */
const patience = 500

/** ms between two looks at least. */
const glance = 20

interface Expected {
  /** When it is too late, ms since the epoch. */
  readonly until: number
  readonly done: (received: boolean) => void
}

/** See the top of the file. */
export class Receipts {
  readonly #core: Pick<CoreShape, "deadlines" | "now">
  /** In the order in which they are too late. */
  readonly #waiting = new Map<string, Expected>()
  #isWatched = false

  constructor(core: Pick<CoreShape, "deadlines" | "now">) {
    this.#core = core
  }

  /** Replies that wait for their receipt. */
  get size(): number {
    return this.#waiting.size
  }

  /** Calls back once, when the receipt is there or will not come any more. */
  expect(token: string, done: (received: boolean) => void): void {
    const until = this.#core.now() + patience
    this.#waiting.get(token)?.done(false)
    this.#waiting.delete(token)
    this.#waiting.set(token, { until, done })
    if (!this.#isWatched) this.#watch(until)
  }

  /** Receipts have come. */
  received(tokens: ReadonlyArray<string>): void {
    for (const token of tokens) {
      const expected = this.#waiting.get(token)
      if (expected === undefined) continue
      this.#waiting.delete(token)
      expected.done(true)
    }
  }

  /** One timer for all: nearly every receipt comes, and a deadline for each would cost more than the receipt. */
  #watch(at: number): void {
    this.#isWatched = true
    this.#core.deadlines.add(at, () => {
      this.#isWatched = false
      const now = this.#core.now()
      for (const [token, { until, done }] of this.#waiting) {
        // those that are not late yet; a new one may have begun the watch again
        if (until > now) return this.#isWatched ? undefined : this.#watch(Math.max(until, now + glance))
        this.#waiting.delete(token)
        done(false)
      }
    })
  }
}
