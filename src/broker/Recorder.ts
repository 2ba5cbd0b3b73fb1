/**
 * Tells the journal what happens to messages, and gives each its number.
 *
 * Between `Queue` and the journal; an engine without a journal has none, and queues that die with their owner or with the
 * process are not told of. Of messages that the journal does not want nothing more is said.
 */
import type { Journal } from "./Journal.ts"
import type { Message } from "./Message.ts"

/** See the top of the file. */
export class Recorder<P> {
  readonly #journal: Journal<P>
  #next = 1

  constructor(journal: Journal<P>) {
    this.#journal = journal
  }

  /** No number up to this one is given again. */
  skip(id: number): void {
    this.#next = Math.max(this.#next, id + 1)
  }

  /** A message is in a queue, at its place. */
  entered(queue: string, message: Message<P>): void {
    const id = this.#next++
    const { place, exchange, key, carbons, expiresAt, packet, redelivered, returns } = message
    const isKept = this.#journal.entered({
      queue,
      id,
      place,
      exchange,
      key,
      ...(carbons === undefined ? {} : { carbons }),
      expiresAt: expiresAt === Infinity ? undefined : expiresAt,
      packet,
      redelivered,
      returns,
    })
    message.id = isKept ? id : 0
  }

  /** It was handed over. */
  handed(queue: string, { id }: Message<P>): void {
    if (id > 0) this.#journal.handed(queue, id)
  }

  /** It came back. */
  returned(queue: string, { id, returns }: Message<P>): void {
    if (id > 0) this.#journal.returned(queue, id, returns)
  }

  /** It is out. */
  left(queue: string, { id }: Message<P>): void {
    if (id > 0) this.#journal.left(queue, id)
  }
}
