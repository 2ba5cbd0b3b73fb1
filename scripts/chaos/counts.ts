/**
 * How often each number was seen.
 *
 * Below the ledgers, which have hundreds of thousands of numbers; a number takes two bytes.
 */

/** Counts by number, growing as they must. */
export class Counts {
  #values = new Uint16Array(1 << 16)

  add(n: number): number {
    while (n >= this.#values.length) {
      const wider = new Uint16Array(this.#values.length * 2)
      wider.set(this.#values)
      this.#values = wider
    }
    return this.#values[n] = (this.#values[n] ?? 0) + 1
  }

  at(n: number): number {
    return this.#values[n] ?? 0
  }

  /** The numbers that were counted at least so often, in order. */
  *numbers(least = 1): Generator<number> {
    for (let n = 0; n < this.#values.length; n++) if ((this.#values[n] ?? 0) >= least) yield n
  }

  size(least = 1): number {
    return this.#values.reduce((sum, count) => count >= least ? sum + 1 : sum, 0)
  }
}
