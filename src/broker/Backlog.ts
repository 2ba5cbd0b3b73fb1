/**
 * What waits in a queue, in its order: those that came back by their place, then those that were never chosen.
 *
 * Below `Queue`. One with priorities is several of these, the most urgent first. Counts bytes, and knows nothing of time.
 */
import { Deque } from "./Deque.ts"
import { Heap } from "./Heap.ts"
import type { Message } from "./Message.ts"

/** What both kinds can. */
export interface Backlog<P> {
  /** Messages inside. */
  readonly size: number
  /** Of their bodies. */
  readonly bytes: number
  /** Adds a new one at the back. */
  readonly push: (message: Message<P>) => void
  /** Adds one that had left, at its place; it belongs before all that never left. */
  readonly putBack: (message: Message<P>) => void
  /** The one at the head, left where it is; `undefined` when empty. */
  readonly peek: () => Message<P> | undefined
  /** Takes it. */
  readonly take: () => Message<P> | undefined
  /** Forgets everything. */
  readonly clear: () => void
  /** The first ones, head first, left where they are. */
  readonly first: (most: number) => ReadonlyArray<Message<P>>
  /** Takes these out, wherever they stand. */
  readonly takeOut: (messages: ReadonlySet<Message<P>>) => void
}

/** One after another. */
export class PlainBacklog<P> implements Backlog<P> {
  /** Never chosen yet, in the order they came. */
  readonly #waiting = new Deque<Message<P>>()
  /** Came back; every one of them belongs before those that wait. */
  readonly #returned = new Heap<Message<P>>({ before: (a, b) => a.place < b.place })
  bytes = 0

  get size(): number {
    return this.#waiting.size + this.#returned.size
  }

  push(message: Message<P>): void {
    this.bytes += message.size
    this.#waiting.push(message)
  }

  putBack(message: Message<P>): void {
    this.bytes += message.size
    this.#returned.push(message)
  }

  peek(): Message<P> | undefined {
    return this.#returned.peek() ?? this.#waiting.peek()
  }

  take(): Message<P> | undefined {
    const message = this.#returned.pop() ?? this.#waiting.shift()
    if (message !== undefined) this.bytes -= message.size
    return message
  }

  clear(): void {
    this.#waiting.clear()
    this.#returned.clear()
    this.bytes = 0
  }

  first(most: number): ReadonlyArray<Message<P>> {
    const messages = this.#returned.size === 0 ? [] : this.#returned.sorted().slice(0, most)
    for (const message of this.#waiting) {
      if (messages.length >= most) break
      messages.push(message)
    }
    return messages
  }

  takeOut(messages: ReadonlySet<Message<P>>): void {
    const [waiting, returned] = [[...this.#waiting], this.#returned.sorted()]
    this.clear()
    for (const message of waiting) if (!messages.has(message)) this.push(message)
    for (const message of returned) if (!messages.has(message)) this.putBack(message)
  }
}

/** The most urgent first; those of one priority, one after another. */
export class PriorityBacklog<P> implements Backlog<P> {
  readonly #levels: ReadonlyArray<PlainBacklog<P>>
  readonly #priority: (packet: P) => number
  size = 0
  /** No level above this one has anything. */
  #top = 0

  /** `most`: the highest priority; `priority`: that of a packet, higher ones count as `most`. */
  constructor(most: number, priority: (packet: P) => number) {
    this.#priority = priority
    this.#levels = Array.from({ length: most + 1 }, () => new PlainBacklog<P>())
  }

  get bytes(): number {
    return this.#levels.reduce((sum, level) => sum + level.bytes, 0)
  }

  push(message: Message<P>): void {
    this.#levelOf(message).push(message)
  }

  putBack(message: Message<P>): void {
    this.#levelOf(message).putBack(message)
  }

  peek(): Message<P> | undefined {
    return this.#highest()?.peek()
  }

  take(): Message<P> | undefined {
    const message = this.#highest()?.take()
    if (message !== undefined) this.size--
    return message
  }

  clear(): void {
    for (const level of this.#levels) level.clear()
    this.size = 0
    this.#top = 0
  }

  first(most: number): ReadonlyArray<Message<P>> {
    const messages: Array<Message<P>> = []
    for (let i = this.#top; i >= 0 && messages.length < most; i--) {
      messages.push(...this.#levels[i]?.first(most - messages.length) ?? [])
    }
    return messages
  }

  takeOut(messages: ReadonlySet<Message<P>>): void {
    for (const level of this.#levels) {
      this.size -= level.size
      level.takeOut(messages)
      this.size += level.size
    }
  }

  #levelOf({ packet }: Message<P>): PlainBacklog<P> {
    const index = Math.min(this.#priority(packet), this.#levels.length - 1)
    this.#top = Math.max(this.#top, index)
    this.size++
    return this.#levels[index]!
  }

  #highest(): PlainBacklog<P> | undefined {
    while (this.#top > 0 && this.#levels[this.#top]?.size === 0) this.#top--
    return this.#levels[this.#top]
  }
}
