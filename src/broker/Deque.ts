/**
 * A double-ended queue in a ring of slots: adding at the back, taking from the front, both O(1).
 *
 * Below `Queue` (waiting messages, available consumers) and `Engine` (deliveries to hand out), where
 * `Array.prototype.shift` on a long array would cost its length. Gives its memory back when it runs
 * empty after having been large. Holds no `undefined`: that value means "empty".
 */

const SMALL = 16
const LARGE = 4096

/** First in, first out. */
export class Deque<A> {
  #slots: Array<A | undefined> = new Array<A | undefined>(SMALL).fill(undefined)
  #mask = SMALL - 1
  #head = 0
  #size = 0

  /** How many items are inside. */
  get size(): number {
    return this.#size
  }

  /** Adds an item at the back. */
  push(item: A): void {
    if (this.#size > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#size) & this.#mask] = item
    this.#size++
  }

  /** The item at the front, left where it is; `undefined` when empty. */
  peek(): A | undefined {
    return this.#slots[this.#head]
  }

  /** Takes the item at the front; `undefined` when empty. */
  shift(): A | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#size--
    if (this.#size === 0 && this.#mask >= LARGE) this.clear()
    return item
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots = new Array<A | undefined>(SMALL).fill(undefined)
    this.#mask = SMALL - 1
    this.#head = 0
    this.#size = 0
  }

  /** Front to back. */
  *[Symbol.iterator](): IterableIterator<A> {
    for (let i = 0; i < this.#size; i++) yield this.#slots[(this.#head + i) & this.#mask] as A
  }

  #grow(): void {
    const old = this.#slots
    const length = old.length
    const slots = new Array<A | undefined>(length * 2).fill(undefined)
    for (let i = 0; i < length; i++) slots[i] = old[(this.#head + i) & this.#mask]
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
  }
}
