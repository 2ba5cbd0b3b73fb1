/**
 * Who may start now: at most so many at a time, one per key, one redelivered message at a time.
 *
 * A redelivered message may be the one that killed its process, so it takes no second redelivered message
 * along. Knows nothing of brokers or handlers; entries wait in the order they came.
 */

/** Something that waits for its turn. */
export interface Entry {
  /** Entries of one key run one after another; `undefined`: no order is kept. */
  readonly key: string | number | undefined
  readonly redelivered: boolean
  /** Called when its turn has come. */
  readonly start: () => void
}

/** Grants turns. */
export class Admission<E extends Entry> {
  readonly #limit: number
  readonly #busyKeys = new Set<string | number>()
  readonly #running = new Set<E>()
  #waiting: Array<E> = []
  #redelivered: E | undefined
  #closed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts the entry now or when its turn comes. */
  enter(entry: E): void {
    if (this.#waiting.length === 0 && this.#admits(entry)) this.#begin(entry)
    else this.#waiting.push(entry)
  }

  /** The entry is through; its key and its place are free. */
  leave(entry: E): void {
    if (entry.key !== undefined) this.#busyKeys.delete(entry.key)
    this.#release(entry)
    this.#next()
  }

  /** The entry pauses (waits for its next try): it keeps its key, but gives up its place. */
  pause(entry: E): void {
    this.#release(entry)
    this.#next()
  }

  /** A paused entry wants its place back; it still holds its key, so it goes before all others. */
  resume(entry: E): void {
    if (this.#closed) return
    if (this.#running.size < this.#limit) this.#begin(entry)
    else this.#waiting.unshift(entry)
  }

  /** Lets nobody start any more and returns those that wait. */
  close(): ReadonlyArray<E> {
    this.#closed = true
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  #admits(entry: E): boolean {
    if (this.#closed || this.#running.size >= this.#limit) return false
    if (entry.redelivered && this.#redelivered !== undefined) return false
    return entry.key === undefined || !this.#busyKeys.has(entry.key)
  }

  #begin(entry: E): void {
    this.#running.add(entry)
    if (entry.key !== undefined) this.#busyKeys.add(entry.key)
    if (entry.redelivered) this.#redelivered = entry
    entry.start()
  }

  #release(entry: E): void {
    this.#running.delete(entry)
    if (this.#redelivered === entry) this.#redelivered = undefined
  }

  #next(): void {
    if (this.#waiting.length === 0) return
    const skippedKeys = new Set<string | number>()
    for (let i = 0; i < this.#waiting.length && this.#running.size < this.#limit; i++) {
      const entry = this.#waiting[i]!
      // an earlier entry of the key must go first, whatever holds that one up
      const behind = entry.key !== undefined && skippedKeys.has(entry.key)
      if (!behind && this.#admits(entry)) {
        this.#waiting.splice(i--, 1)
        this.#begin(entry)
      } else if (entry.key !== undefined) skippedKeys.add(entry.key)
    }
  }
}
