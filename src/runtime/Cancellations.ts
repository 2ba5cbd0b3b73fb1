/**
 * Calls whose caller gave up: stops those that run, and remembers the others until their deadline.
 *
 * A cancellation may overtake its call; the tombstone makes sure that the call is not run when it arrives.
 */
import { type Keyed, Table } from "../collections/mod.ts"
import type { Deadlines } from "./Deadlines.ts"

/** The cancellations a process knows of. */
export interface Cancellations {
  /** Whether the call was cancelled before it started. */
  readonly isCancelled: (callId: string) => boolean
  /** Registers a running call (an idempotent one may run twice at once); the result takes it out again. */
  readonly running: (callId: string, stop: () => void) => () => void
  /** A cancellation has arrived, good until `until` (ms since the epoch), or until it is taken back by the result. */
  readonly cancel: (callId: string, until: number) => () => void
}

/** A tombstone lives a day at most, whatever a foreign deadline says. */
const longest = 24 * 3_600_000

class AtWork implements Keyed<AtWork> {
  readonly key: string
  chained: AtWork | undefined
  readonly stop: () => void

  constructor(key: string, stop: () => void) {
    this.key = key
    this.stop = stop
  }
}

/** An empty table. */
export const makeCancellations = (deadlines: Deadlines, now: () => number): Cancellations => {
  const atWork = new Table<AtWork>()
  const tombstones = new Set<string>()
  return {
    // nearly always there are none, and an id that has just been read is not hashed for nothing
    isCancelled: (callId) => tombstones.size > 0 && tombstones.has(callId),
    running: (callId, stop) => {
      const one = new AtWork(callId, stop)
      atWork.add(one)
      return () => void atWork.delete(one)
    },
    cancel: (callId, until) => {
      const running = atWork.all(callId)
      if (running.length > 0) {
        for (const { stop } of running) stop()
        return () => {}
      }
      tombstones.add(callId)
      const withdraw = deadlines.add(Math.min(until, now() + longest), () => tombstones.delete(callId))
      return () => {
        withdraw()
        tombstones.delete(callId)
      }
    },
  }
}
