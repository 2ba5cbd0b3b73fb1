/**
 * What the processes of a run wrote down of calls, added up: made, ended, begun by handlers, and gone another way.
 *
 * Part of `ledger.ts`, which reads the lines. Counts, and judges nothing. A call is known by its number, which its caller chose
 * and its handler was told, whatever its way did with it.
 */
import { Counts } from "./counts.ts"
import type { Line } from "./record.ts"

/** One call that ended. Times are ms since the epoch. */
export interface Called {
  readonly n: number
  readonly from: number
  readonly to: number
  readonly outcome: string
  /** `-`: not known. */
  readonly lane: string
  /** How many outcomes the journal told of until it ended. */
  readonly outcomes: number
}

/** A handler that began when its caller had stopped waiting. */
export interface Expired {
  readonly n: number
  readonly handler: string
  /** ms after the deadline. */
  readonly by: number
}

/** The sums of calls. */
export class CallLedger {
  /** Calls made, by their numbers. */
  readonly made = new Counts()
  readonly ended: Array<Called> = []
  /** How often a handler began with a number. */
  readonly began = new Map<string, Counts>()
  readonly expired: Array<Expired> = []
  /** Calls that had a second outcome after the first. */
  readonly again: Array<number> = []
  /** When a process stood still, by its name. */
  readonly stood = new Map<string, Array<readonly [from: number, to: number]>>()
  /** Calls and replies that took another lane, by the reason. */
  readonly rerouted = new Map<string, number>()

  /** How often a handler began with a number. */
  of(handler: string): Counts {
    const counts = this.began.get(handler) ?? new Counts()
    this.began.set(handler, counts)
    return counts
  }

  /** Takes a line of the process of that name. */
  take(line: Line, name: string): void {
    switch (line[0]) {
      case "calling":
        return void this.made.add(line[1])
      case "called": {
        const [, n, from, to, outcome, lane, outcomes] = line
        return void this.ended.push({ n, from, to, outcome, lane, outcomes })
      }
      case "again":
        return void this.again.push(line[1])
      case "stood": {
        const times = this.stood.get(name) ?? []
        this.stood.set(name, times)
        return void times.push([line[1], line[2]])
      }
      case "rerouted": {
        const why = line[2].replaceAll("_", " ")
        return void this.rerouted.set(why, (this.rerouted.get(why) ?? 0) + 1)
      }
      case "began": {
        const [, n, at, until, handler] = line
        this.of(handler).add(n)
        if (at > until) this.expired.push({ n, handler, by: at - until })
      }
    }
  }
}
