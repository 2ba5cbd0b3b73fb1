/**
 * A binary heap: the smallest item on top; adding, taking and moving are O(log n).
 *
 * Below `Queue` (messages that came back, by their place in the queue) and `Engine` (queues, by the time
 * they next need attention). Items may be told where they stand, so that one of them can be moved or
 * taken out without a search. Knows nothing of messages or time.
 */

/** How a heap orders its items, and what it tells them. */
export interface HeapOptions<A> {
  /** Whether `a` comes before `b`. */
  readonly before: (a: A, b: A) => boolean
  /** Told the index of an item each time it changes; -1 once the item is out. @default does nothing */
  readonly placed?: (item: A, index: number) => void
}

/** A heap of `A`, ordered by `before`. */
export class Heap<A> {
  readonly #items: Array<A> = []
  readonly #before: (a: A, b: A) => boolean
  readonly #placed: ((item: A, index: number) => void) | undefined

  constructor(options: HeapOptions<A>) {
    this.#before = options.before
    this.#placed = options.placed
  }

  /** How many items are inside. */
  get size(): number {
    return this.#items.length
  }

  /** The smallest item, left where it is; `undefined` when empty. */
  peek(): A | undefined {
    return this.#items[0]
  }

  /** Adds an item. */
  push(item: A): void {
    this.#items.push(item)
    this.#up(item, this.#items.length - 1)
  }

  /** Takes the smallest item; `undefined` when empty. */
  pop(): A | undefined {
    const top = this.#items[0]
    if (top !== undefined) this.remove(0)
    return top
  }

  /** Takes out the item at `index`. */
  remove(index: number): void {
    const item = this.#items[index]
    const last = this.#items.pop()
    if (item === undefined || last === undefined) return
    this.#placed?.(item, -1)
    if (item !== last) this.#settle(last, index)
  }

  /** Puts the item at `index` in its right place after its order changed. */
  moved(index: number): void {
    const item = this.#items[index]
    if (item !== undefined) this.#settle(item, index)
  }

  /** Forgets everything, telling nobody. */
  clear(): void {
    this.#items.length = 0
  }

  /** Smallest to largest, as a copy. */
  sorted(): Array<A> {
    return [...this.#items].sort((a, b) => this.#before(a, b) ? -1 : this.#before(b, a) ? 1 : 0)
  }

  #settle(item: A, index: number): void {
    const parent = this.#items[(index - 1) >> 1]
    if (index > 0 && parent !== undefined && this.#before(item, parent)) this.#up(item, index)
    else this.#down(item, index)
  }

  #up(item: A, from: number): void {
    const items = this.#items
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above] as A
      if (!this.#before(item, parent)) break
      this.#put(parent, index)
      index = above
    }
    this.#put(item, index)
  }

  #down(item: A, from: number): void {
    const items = this.#items
    let index = from
    for (;;) {
      let below = 2 * index + 1
      if (below >= items.length) break
      if (below + 1 < items.length && this.#before(items[below + 1] as A, items[below] as A)) below++
      const child = items[below] as A
      if (!this.#before(child, item)) break
      this.#put(child, index)
      index = below
    }
    this.#put(item, index)
  }

  #put(item: A, index: number): void {
    this.#items[index] = item
    this.#placed?.(item, index)
  }
}
