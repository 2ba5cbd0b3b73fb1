/**
 * Replies that went straight to their callers and whose receipt has not come yet.
 *
 * A reply into a half-open socket is lost without a word, so whoever sends one waits for its receipt, and sends it once more
 * through the broker when none comes. A caller that gets both drops the second.
 */
import { type Keyed, Ring, Table } from "../../collections/mod.ts"
import type { CoreShape } from "../Core.ts"

/** How long to wait for a receipt, ms. Receipts of lane `direct` are collected for a while by the caller. */
const patience = 500

/** ms between two looks at least. */
const glance = 20

class Expected extends Ring implements Keyed<Expected> {
  /** The token. */
  readonly key: string
  chained: Expected | undefined
  /** When it is too late, ms since the epoch. */
  readonly until: number
  readonly done: (received: boolean) => void

  constructor(key: string, until: number, done: (received: boolean) => void) {
    super()
    this.key = key
    this.until = until
    this.done = done
  }
}

/** See the top of the file. */
export class Receipts {
  readonly #core: Pick<CoreShape, "deadlines" | "now">
  readonly #byToken = new Table<Expected>()
  /** In the order in which they are too late. */
  readonly #inOrder = new Ring()
  #isWatched = false

  constructor(core: Pick<CoreShape, "deadlines" | "now">) {
    this.#core = core
  }

  /** Replies that wait for their receipt. */
  get size(): number {
    return this.#byToken.size
  }

  /** Calls back once, when the receipt is there or will not come any more. */
  expect(token: string, done: (received: boolean) => void): void {
    const until = this.#core.now() + patience
    this.#end(this.#byToken.get(token), false)
    const expected = new Expected(token, until, done)
    this.#byToken.add(expected)
    this.#inOrder.add(expected)
    if (!this.#isWatched) this.#watch(until)
  }

  /** Receipts have come. */
  received(tokens: ReadonlyArray<string>): void {
    for (const token of tokens) this.#end(this.#byToken.get(token), true)
  }

  #end(expected: Expected | undefined, received: boolean): void {
    if (expected === undefined) return
    this.#byToken.delete(expected)
    expected.leave()
    expected.done(received)
  }

  /** One timer for all: nearly every receipt comes, and a deadline for each would cost more than the receipt. */
  #watch(at: number): void {
    this.#isWatched = true
    this.#core.deadlines.add(at, () => {
      this.#isWatched = false
      const now = this.#core.now()
      for (let { first } = this.#inOrder; first instanceof Expected; first = this.#inOrder.first) {
        // those that are not late yet; a new one may have begun the watch again
        if (first.until > now) return this.#isWatched ? undefined : this.#watch(Math.max(first.until, now + glance))
        this.#end(first, false)
      }
    })
  }
}
