/**
 * A queue that gives first what came first, in constant time.
 */
export class Fifo<A> {
  #items: Array<A> = []
  #head = 0

  /** How many wait. */
  get size(): number {
    return this.#items.length - this.#head
  }

  /** Adds at the end. */
  add(item: A): void {
    this.#items.push(item)
  }

  /** Adds at the front. */
  putBack(item: A): void {
    if (this.#head === 0) this.#items.unshift(item)
    else this.#items[--this.#head] = item
  }

  /** Takes the first. */
  take(): A | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined as A
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes one out, wherever it is. */
  remove(item: A): void {
    const at = this.#items.indexOf(item, this.#head)
    if (at >= 0) this.#items.splice(at, 1)
  }

  /** Takes all out. */
  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
