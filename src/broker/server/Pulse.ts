/**
 * Signs of life on one connection: when to send one, and when the peer has been silent for too long.
 *
 * Below `Session.ts`, which asks twice in each interval. Counts how often it was asked rather than time, so that a process that
 * was asleep does not take all its peers for dead.
 */

/** What to do. */
export type Beat = "nothing" | "send" | "end"

/** So many times in a row nothing was heard: two intervals. */
const patience = 4

/** See the top of the file. */
export class Pulse {
  #received = 0
  /** `undefined`: it was not asked yet. The first sign is sent whatever was said before, as RabbitMQ does. */
  #written: number | undefined
  #silence = 0

  /** `received` and `written`: bytes so far; `isHeard`: whether it is read at all; `isIdle`: whether nothing waits to be sent. */
  beat(received: number, written: number, isHeard: boolean, isIdle: boolean): Beat {
    this.#silence = received !== this.#received || !isHeard ? 0 : this.#silence + 1
    if (this.#silence >= patience) return "end"
    const isQuiet = (this.#written === undefined || written === this.#written) && isIdle
    this.#received = received
    this.#written = written
    return isQuiet ? "send" : "nothing"
  }

  /** What was sent for it is no sign that something was said. */
  sent(bytes: number): void {
    this.#written = (this.#written ?? 0) + bytes
  }
}
