/**
 * Replies that went straight to their callers and whose receipt has not come yet.
 *
 * A reply into a half-open socket is lost without a word, so whoever sends one waits for its receipt, and sends it once more
 * through the broker when none comes. A caller that gets both drops the second.
 */
import type { CoreShape } from "../Core.ts"

/** How long to wait for a receipt, ms. Receipts of lane `direct` are collected for a while by the caller. */
const patience = 500

/** See the top of the file. */
export class Receipts {
  readonly #core: Pick<CoreShape, "deadlines" | "now">
  readonly #waiting = new Map<string, (received: boolean) => void>()

  constructor(core: Pick<CoreShape, "deadlines" | "now">) {
    this.#core = core
  }

  /** Replies that wait for their receipt. */
  get size(): number {
    return this.#waiting.size
  }

  /** Calls back once, when the receipt is there or will not come any more. */
  expect(token: string, done: (received: boolean) => void): void {
    const withdraw = this.#core.deadlines.add(this.#core.now() + patience, () => this.#end(token, once, false))
    const once = (received: boolean): void => {
      withdraw()
      done(received)
    }
    this.#waiting.set(token, once)
  }

  /** Receipts have come. */
  received(tokens: ReadonlyArray<string>): void {
    for (const token of tokens) {
      const once = this.#waiting.get(token)
      if (once !== undefined) this.#end(token, once, true)
    }
  }

  #end(token: string, once: (received: boolean) => void, received: boolean): void {
    if (this.#waiting.get(token) !== once) return
    this.#waiting.delete(token)
    once(received)
  }
}
