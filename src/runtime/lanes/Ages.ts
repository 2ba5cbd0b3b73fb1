/**
 * How old a message is on arrival, without trusting anybody's clock.
 *
 * The clocks of two processes differ by an amount nobody knows, yet the fastest message seen so far took hardly any time: what
 * another one took longer is its age. Times are ms on each side's own monotonic clock, which nobody sets; two of them drift
 * apart by less than `drift`. It keeps an expired call from being run after a link was cut or stood still.
 */

/** What a good quartz may be wrong by, with room to spare. */
const drift = 200e-6

/** A message so little older than the fastest is as good as that: what the way itself varies by, ms. */
const jitter = 5

/** The messages of one sender. */
export class Ages {
  #fastest = Number.POSITIVE_INFINITY
  #since = 0

  /** The age, ms, of a message that was sent at `sentAt` on its sender's clock and is here at `now` on this one. */
  of(sentAt: number, now: number): number {
    const took = now - sentAt
    const age = took - this.#fastest - (now - this.#since) * drift
    // only a message that is as fast as any before moves the line: else each could be a little later than the last one
    if (!(age > 0)) {
      this.#fastest = took
      this.#since = now
    }
    return age > jitter ? age : 0
  }
}
