/**
 * Things in no order, each of which knows its place: added, taken out and counted in constant time.
 *
 * For what comes and goes with every message, in place of a `Set`. Sets (and maps) leave their old tables behind as they
 * grow and shrink, each pointing to the next: once one of them is old, the collectors of JavaScriptCore and V8 keep what the
 * later ones held until they collect everything (measured on Bun: a tenth of what 64 live entries allocate survived each
 * collection of the young). `Table` and `Ring` are there for the same reason. Taking one out moves the last to its place.
 */

/** What can be in a bag; in one at a time. */
export interface Bagged {
  /** Its place in the bag; means nothing outside. */
  place: number
}

/** The place of what is in no bag. */
export const nowhere = -1

/** See the top of the file. */
export class Bag<A extends Bagged> implements Iterable<A> {
  readonly #items: Array<A> = []

  get size(): number {
    return this.#items.length
  }

  has(item: A): boolean {
    return this.#items[item.place] === item
  }

  /** Adds one that is in no bag. */
  add(item: A): void {
    item.place = this.#items.push(item) - 1
  }

  /** Takes one out; `false`: it was not there. */
  delete(item: A): boolean {
    const { place } = item
    if (this.#items[place] !== item) return false
    const last = this.#items.pop()!
    if (last !== item) {
      this.#items[place] = last
      last.place = place
    }
    item.place = nowhere
    return true
  }

  /** Those that are in it now, whatever becomes of it meanwhile. */
  [Symbol.iterator](): Iterator<A> {
    return [...this.#items][Symbol.iterator]()
  }
}
