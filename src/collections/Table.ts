/**
 * Things by their keys, which most do not share: found, added and taken out in constant time.
 *
 * For what comes and goes with every call, in place of a `Map`: see `Bag.ts` for why. Keys are made of random digits or bytes
 * at their end (ids, tokens), of which four choose the slot; what share one are chained through their own field.
 */

/** What can be in a table; in one at a time. */
export interface Keyed<A> {
  readonly key: string
  /** The next one of the same slot; means nothing outside. */
  chained: A | undefined
}

/** Slots of an empty table; a power of two. */
const fewest = 64

/** See the top of the file. */
export class Table<A extends Keyed<A>> implements Iterable<A> {
  #slots: Array<A | undefined> = new Array<A | undefined>(fewest).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** One that has a key. */
  get(key: string): A | undefined {
    let one = this.#slots[this.#slotOf(key)]
    while (one !== undefined && one.key !== key) one = one.chained
    return one
  }

  /** Those that have a key. */
  all(key: string): ReadonlyArray<A> {
    const all: Array<A> = []
    for (let one = this.#slots[this.#slotOf(key)]; one !== undefined; one = one.chained) {
      if (one.key === key) all.push(one)
    }
    return all
  }

  /** Adds one that is in no table. */
  add(one: A): void {
    if (this.#size++ >= this.#slots.length) this.#grow()
    this.#put(one)
  }

  /** Takes one out; `false`: it was not there. */
  delete(one: A): boolean {
    const slot = this.#slotOf(one.key)
    let other = this.#slots[slot]
    if (other === one) this.#slots[slot] = one.chained
    else {
      while (other !== undefined && other.chained !== one) other = other.chained
      if (other === undefined) return false
      other.chained = one.chained
    }
    one.chained = undefined
    this.#size--
    return true
  }

  /** Those that are in it now, whatever becomes of it meanwhile. */
  [Symbol.iterator](): Iterator<A> {
    const all: Array<A> = []
    for (const first of this.#slots) {
      for (let one = first; one !== undefined; one = one.chained) all.push(one)
    }
    return all[Symbol.iterator]()
  }

  #put(one: A): void {
    const slot = this.#slotOf(one.key)
    one.chained = this.#slots[slot]
    this.#slots[slot] = one
  }

  /** Twice the slots. They are not given back: as many may come again. */
  #grow(): void {
    const all = [...this]
    this.#slots = new Array<A | undefined>(this.#slots.length * 2).fill(undefined)
    for (const one of all) this.#put(one)
  }

  #slotOf(key: string): number {
    const end = key.length
    // beyond its start there is NaN, which counts as 0
    const digits = (key.charCodeAt(end - 1) | 0) + (key.charCodeAt(end - 2) | 0) * 31 +
      (key.charCodeAt(end - 3) | 0) * 961 + (key.charCodeAt(end - 4) | 0) * 29_791
    return digits & (this.#slots.length - 1)
  }
}
