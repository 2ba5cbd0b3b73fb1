/**
 * Who may start now: at most so many at a time, one per key, one redelivered message at a time.
 *
 * A redelivered message may be the one that killed its process, so it takes no second redelivered message
 * along. Knows nothing of brokers or handlers; entries wait in the order they came, and nobody waits who could start.
 */

/** Something that waits for its turn. */
export interface Entry {
  /** Entries of one key run one after another; `undefined`: no order is kept. */
  readonly key: string | number | undefined
  readonly redelivered: boolean
  /** Whether it has its turn now; kept here, and false at first. */
  isRunning: boolean
  /** Called when its turn has come. */
  readonly start: () => void
}

/** Grants turns. */
export class Admission<E extends Entry> {
  readonly #limit: number
  /** Who holds each key, at work or paused. */
  readonly #keys = new Map<string | number, E>()
  #running = 0
  #waiting: Array<E> = []
  #redelivered: E | undefined
  #closed = false
  #granting = false
  #changed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts the entry now or when its turn comes. */
  enter(entry: E): void {
    if (this.#waiting.length === 0 && this.#admits(entry)) return this.#begin(entry)
    this.#waiting.push(entry)
    this.#grant()
  }

  /** The entry is through; its key and its place are free. One that never started only stops waiting. */
  leave(entry: E): void {
    if (entry.key !== undefined && this.#keys.get(entry.key) === entry) this.#keys.delete(entry.key)
    this.#release(entry)
    this.#grant()
  }

  /** The entry pauses (waits for its next try): it keeps its key, but gives up its place. */
  pause(entry: E): void {
    this.#release(entry)
    this.#grant()
  }

  /** A paused entry wants its place back; it still holds its key, so it goes before all others. */
  resume(entry: E): void {
    if (this.#closed) return
    this.#waiting.unshift(entry)
    this.#grant()
  }

  /** Lets nobody start any more and returns those that wait. */
  close(): ReadonlyArray<E> {
    this.#closed = true
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  #admits(entry: E): boolean {
    if (this.#closed || this.#running >= this.#limit) return false
    if (entry.redelivered && this.#redelivered !== undefined) return false
    const holder = entry.key === undefined ? undefined : this.#keys.get(entry.key)
    return holder === undefined || holder === entry
  }

  #begin(entry: E): void {
    entry.isRunning = true
    this.#running++
    if (entry.key !== undefined) this.#keys.set(entry.key, entry)
    if (entry.redelivered) this.#redelivered = entry
    entry.start()
  }

  #release(entry: E): void {
    if (entry.isRunning) this.#running--
    entry.isRunning = false
    if (this.#redelivered === entry) this.#redelivered = undefined
  }

  /** Starts whoever can. An entry that is through at once asks again from inside; a loop keeps the stack flat. */
  #grant(): void {
    this.#changed = true
    if (this.#granting || this.#waiting.length === 0) return
    this.#granting = true
    try {
      while (this.#changed) {
        this.#changed = false
        this.#pass()
      }
    } finally {
      this.#granting = false
    }
  }

  #pass(): void {
    const skippedKeys = new Set<string | number>()
    for (let i = 0; i < this.#waiting.length && this.#running < this.#limit; i++) {
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
