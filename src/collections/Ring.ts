/**
 * A ring of things in order, each of which can leave it in constant time; its head only holds it together.
 *
 * For what waits for a time that hardly ever comes, in place of a `Set` or a `Map`: see `Bag.ts` for why.
 */

/** One of a ring, or its head. In one ring at a time. */
export class Ring {
  #next: Ring = this
  #previous: Ring = this

  /** Whether this head has no others. */
  get isEmpty(): boolean {
    return this.#next === this
  }

  /** Of a head: the first one; itself where there is none. */
  get first(): Ring {
    return this.#next
  }

  /** The one after this one; after the last one it is the head. */
  get next(): Ring {
    return this.#next
  }

  /** Of a head: puts one that is in no ring at the end. */
  add(one: Ring): void {
    one.#previous = this.#previous
    one.#next = this
    this.#previous.#next = one
    this.#previous = one
  }

  /** Leaves the ring; a second time does nothing. */
  leave(): void {
    this.#previous.#next = this.#next
    this.#next.#previous = this.#previous
    this.#next = this
    this.#previous = this
  }
}
