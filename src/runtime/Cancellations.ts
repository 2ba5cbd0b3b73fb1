/**
 * Calls whose caller gave up: stops those that run, and remembers the others until their deadline.
 *
 * A cancellation may overtake its call; the tombstone makes sure that the call is not run when it arrives.
 */
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

/** An empty table. */
export const makeCancellations = (deadlines: Deadlines, now: () => number): Cancellations => {
  const stops = new Map<string, (() => void) | Set<() => void>>()
  const tombstones = new Set<string>()
  return {
    isCancelled: (callId) => tombstones.has(callId),
    running: (callId, stop) => {
      const other = stops.get(callId)
      if (other === undefined) stops.set(callId, stop)
      else if (other instanceof Set) other.add(stop)
      else stops.set(callId, new Set([other, stop]))
      return () => {
        const all = stops.get(callId)
        if (all instanceof Set) all.delete(stop)
        if (all === stop || all instanceof Set && all.size === 0) stops.delete(callId)
      }
    },
    cancel: (callId, until) => {
      const stop = stops.get(callId)
      if (stop !== undefined) {
        for (const one of stop instanceof Set ? [...stop] : [stop]) one()
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
