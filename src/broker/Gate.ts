/**
 * Who may publish to a quorum queue that refuses what is too much.
 *
 * Below `Queue`, which knows its length. As with RabbitMQ the limit is a soft one: whoever had published to the queue before it
 * was found beyond its limit is refused until four fifths of that are left, and whoever is new to it only while it is beyond.
 */
export class Gate {
  /** Whether anybody may be refused. */
  #isClosed = false
  /** How often it was found beyond its limit. */
  #fills = 0
  /** After how many of those each publisher was let in. */
  readonly #known = new WeakMap<object, number>()

  /** The queue is beyond its limit: whoever is known is refused from now on. */
  close(): void {
    this.#isClosed = true
    this.#fills++
  }

  /** There is room for everybody. */
  open(): void {
    this.#isClosed = false
  }

  /** Whether one more publish of somebody is taken; `isBeyond`: the queue is beyond its limit as it is. */
  admits(publisher: object = this, isBeyond: boolean): boolean {
    const since = this.#known.get(publisher) ?? (isBeyond ? -1 : this.#fills)
    const isRefused = isBeyond && !this.#known.has(publisher) || this.#isClosed && since < this.#fills
    this.#known.set(publisher, isRefused ? since : this.#fills)
    return !isRefused
  }
}
