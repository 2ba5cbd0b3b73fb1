/**
 * How late messages are on arrival, by their sender, whatever clocks say.
 *
 * Above `Ages`, of which each sender has two: on the clock that nobody sets, and on that of the day. A machine that slept may have
 * the first one behind for good, one whose time was set has the second one ahead or behind; so a message is as late as the one
 * says that calls it younger; only what arrives as this machine wakes up is as late as the one says that calls it older. It keeps
 * expired calls from being run after a process, a machine, a broker or a network stood still.
 */
import { Ages } from "./lanes/Ages.ts"

/** When a message was sent, on its sender's clocks. */
export interface Sent {
  /** ms on the clock that nobody sets. */
  readonly clock: number
  /** ms since the epoch; `undefined`, or 0 as of a packet without one: it does not say. */
  readonly at: number | undefined
}

/** By so much the day runs away from the clock that nobody sets where this machine slept, or its time was set, ms. */
const leap = 1_000

/** What arrives within so long after that may have waited all the while, ms. */
const waking = 1_000

/** Senders that are known at a time, and how many are forgotten at once when there are more. */
const most = 4_096
const share = 1_024

interface Sender {
  readonly clock: Ages
  readonly day: Ages
  hasDay: boolean
  /** When it was heard last, on the clock that nobody sets. */
  heardAt: number
}

/** See the top of the file. */
export class Lateness {
  readonly #clock: () => number
  readonly #day: () => number
  readonly #senders = new Map<string, Sender>()
  /** How far the day is ahead of the clock that nobody sets. */
  #ahead: number
  #wokeAt = Number.NEGATIVE_INFINITY

  /** This process's own clocks: ms on the one that nobody sets, and since the epoch. */
  constructor(clock: () => number, day: () => number) {
    this.#clock = clock
    this.#day = day
    this.#ahead = day() - clock()
  }

  /** How late a message is that has just arrived, ms. Each one is told once: the next ones are compared with it. */
  of(sender: string, sent: Sent): number {
    const known = this.#of(sender)
    const [clock, day] = [this.#clock(), this.#day()]
    if (day - clock - this.#ahead > leap) this.#wokeAt = clock
    this.#ahead = day - clock
    known.heardAt = clock
    const age = known.clock.of(sent.clock, clock)
    if (sent.at === undefined || sent.at === 0) return age
    const ofDay = known.day.of(sent.at, day)
    // the first one that says it has nothing to be compared with
    if (!known.hasDay) {
      known.hasDay = true
      return age
    }
    // what lay here while this machine slept is as late as the day says
    return clock - this.#wokeAt < waking ? Math.max(age, ofDay) : Math.min(age, ofDay)
  }

  /** Another process heard a message that long ago, ms, and has just told so: later ones are compared with it. */
  heard(sender: string, sent: Sent, ago: number): void {
    const known = this.#of(sender)
    const clock = this.#clock()
    known.heardAt = clock
    known.clock.of(sent.clock, clock - ago)
    if (sent.at === undefined || sent.at === 0) return
    known.hasDay = true
    known.day.of(sent.at, this.#day() - ago)
  }

  #of(sender: string): Sender {
    let known = this.#senders.get(sender)
    if (known === undefined) {
      if (this.#senders.size >= most) this.#forget()
      this.#senders.set(sender, known = { clock: new Ages(), day: new Ages(), hasDay: false, heardAt: 0 })
    }
    return known
  }

  /** Forgets those that have been silent for longest: programs may reply to a name of their own with every call. */
  #forget(): void {
    const all = [...this.#senders].sort(([, a], [, b]) => a.heardAt - b.heardAt)
    for (const [sender] of all.slice(0, share)) this.#senders.delete(sender)
  }
}
