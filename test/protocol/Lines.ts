/**
 * What a program in the background prints, one JSON object a line, taken one after the other by a test.
 */
import { setTimeout as delay } from "node:timers/promises"
import type { Background } from "../support/process.ts"

/** One line. */
export type Line = Readonly<Record<string, unknown>>

/** The lines of one program. */
export class Lines {
  readonly program: Background
  /** How many of each kind were taken. */
  readonly #taken = new Map<string, number>()
  #ended = false

  constructor(program: Background) {
    this.program = program
    void program.ended.then(() => this.#ended = true)
  }

  /** The next line of a kind that was not taken yet; fails with all that was printed when there is none in 15 s, or at the program's end. */
  async next(what: string): Promise<Line> {
    const index = this.#taken.get(what) ?? 0
    this.#taken.set(what, index + 1)
    for (let waited = 0; waited < 15_000; waited += 10) {
      const isOver = this.#ended
      const line = this.#of(what)[index]
      if (line !== undefined) return line
      if (isOver) break
      await delay(10)
    }
    throw new Error(`No line "${what}":\n${this.program.output()}`)
  }

  /** How many lines of a kind there are so far. */
  count(what: string): number {
    return this.#of(what).length
  }

  #of(what: string): ReadonlyArray<Line> {
    return this.program.output().split("\n").slice(0, -1).filter((text) => text.startsWith("{"))
      .map((text) => JSON.parse(text) as Line).filter((line) => line["what"] === what)
  }
}
