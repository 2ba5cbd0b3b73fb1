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
  /** Registers a running call; the result takes it out again. */
  readonly running: (callId: string, stop: () => void) => () => void
  /** A cancellation has arrived, good until `until` (ms since the epoch). */
  readonly cancel: (callId: string, until: number) => void
}

/** A tombstone lives a day at most, whatever a foreign deadline says. */
const longest = 24 * 3_600_000

/** An empty table. */
export const makeCancellations = (deadlines: Deadlines, now: () => number): Cancellations => {
  const stops = new Map<string, () => void>()
  const tombstones = new Set<string>()
  return {
    isCancelled: (callId) => tombstones.has(callId),
    running: (callId, stop) => {
      stops.set(callId, stop)
      return () => void stops.delete(callId)
    },
    cancel: (callId, until) => {
      const stop = stops.get(callId)
      if (stop !== undefined) return stop()
      tombstones.add(callId)
      deadlines.add(Math.min(until, now() + longest), () => tombstones.delete(callId))
    },
  }
}
