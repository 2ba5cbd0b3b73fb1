/**
 * What each owner has: its consumers and its exclusive queues, so that an owner can be lost without a search through all.
 *
 * Below `Engine`. Holds no owner that has nothing.
 */
import type { Consumer, Owner } from "./Consumer.ts"
import type { Queue } from "./Queue.ts"

/** See the top of the file. */
export class Owners<P> {
  readonly #consumers = new Map<Owner, Set<Consumer<P>>>()
  readonly #queues = new Map<Owner, Set<Queue<P>>>()

  /** A consumer has begun, or has something in hand. */
  join(consumer: Consumer<P>): void {
    add(this.#consumers, consumer.owner, consumer)
  }

  /** It is gone with all it had. */
  leave(consumer: Consumer<P>): void {
    remove(this.#consumers, consumer.owner, consumer)
  }

  /** An exclusive queue is there. */
  own(queue: Queue<P>): void {
    if (queue.owner !== undefined) add(this.#queues, queue.owner, queue)
  }

  /** It is deleted. */
  disown(queue: Queue<P>): void {
    if (queue.owner !== undefined) remove(this.#queues, queue.owner, queue)
  }

  /** The consumers of an owner that have not ended or still hold something. */
  consumersOf(owner: Owner): ReadonlyArray<Consumer<P>> {
    return [...this.#consumers.get(owner) ?? []]
  }

  /** Its exclusive queues. */
  queuesOf(owner: Owner): ReadonlyArray<Queue<P>> {
    return [...this.#queues.get(owner) ?? []]
  }
}

const add = <A>(all: Map<Owner, Set<A>>, owner: Owner, item: A): void => {
  const items = all.get(owner)
  if (items === undefined) all.set(owner, new Set([item]))
  else items.add(item)
}

const remove = <A>(all: Map<Owner, Set<A>>, owner: Owner, item: A): void => {
  const items = all.get(owner)
  if (items?.delete(item) === true && items.size === 0) all.delete(owner)
}
