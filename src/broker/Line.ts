/**
 * Consumers of a queue with room, the next one in front: those of higher priority first, those of one in turn.
 *
 * Below `Queue`, which says who may stand in it. A consumer that has lost its room keeps its place until it would be its turn,
 * as with RabbitMQ: whoever has room again before that has missed nothing. Most lines have one priority.
 */
import type { Consumer } from "./Consumer.ts"
import { Deque } from "./Deque.ts"

/** How many may have ended until a line is swept. */
const sweepAt = 64

interface Level<P> {
  readonly priority: number
  readonly consumers: Deque<Consumer<P>>
}

/** See the top of the file. */
export class Line<P> {
  /** Of priority 0. */
  readonly #plain = new Deque<Consumer<P>>()
  /** All there are, highest first; `undefined`: all have priority 0. */
  #levels: Array<Level<P>> | undefined
  /** Consumers that have ended since it was swept, some of whom may still stand in it. */
  #ended = 0

  /** Adds one at the back of its equals. */
  add(consumer: Consumer<P>): void {
    consumer.inLine = true
    this.#equalsOf(consumer).push(consumer)
  }

  /** The consumer whose turn it is; it stays. */
  next(): Consumer<P> | undefined {
    if (this.#levels === undefined) return firstOf(this.#plain)
    for (const { consumers } of this.#levels) {
      const consumer = firstOf(consumers)
      if (consumer !== undefined) return consumer
    }
    return undefined
  }

  /** The one whose turn it was has had it: others of its priority go before it. */
  turn(consumer: Consumer<P>): void {
    const consumers = this.#equalsOf(consumer)
    if (consumers.size === 1) return
    consumers.shift()
    consumers.push(consumer)
  }

  /** The one whose turn it was has had it, and leaves the line. */
  skip(consumer: Consumer<P>): void {
    consumer.inLine = false
    this.#equalsOf(consumer).shift()
  }

  /** A consumer has ended. Those that have are swept out once they are many, so that nothing grows where nobody is served. */
  leave({ inLine }: Consumer<P>): void {
    if (!inLine || ++this.#ended < sweepAt) return
    this.#ended = 0
    for (const { consumers } of this.#levels ?? [{ consumers: this.#plain }]) {
      for (let left = consumers.size; left > 0; left--) {
        const consumer = consumers.shift()
        if (consumer?.open === true) consumers.push(consumer)
        else if (consumer !== undefined) consumer.inLine = false
      }
    }
  }

  #equalsOf({ priority }: Consumer<P>): Deque<Consumer<P>> {
    if (priority === 0) return this.#plain
    const levels = this.#levels ??= [{ priority: 0, consumers: this.#plain }]
    const index = levels.findIndex((level) => level.priority <= priority)
    const found = levels[index]
    if (found !== undefined && found.priority === priority) return found.consumers
    const consumers = new Deque<Consumer<P>>()
    levels.splice(index < 0 ? levels.length : index, 0, { priority, consumers })
    return consumers
  }
}

/** Those without room leave on the way. */
const firstOf = <P>(consumers: Deque<Consumer<P>>): Consumer<P> | undefined => {
  for (;;) {
    const consumer = consumers.peek()
    if (consumer === undefined || consumer.hasRoom) return consumer
    consumers.shift()
    consumer.inLine = false
    consumer.passedOver()
  }
}
