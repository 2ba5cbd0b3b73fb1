/**
 * Spreads steps over time: so many a second at most, evenly, on the clock of whoever takes them.
 *
 * For adapters that copy messages at a rate. What comes too late is not made up for: after a pause nothing comes in a burst.
 */
import { Clock, Effect } from "effect"

/** How far behind a step may be and still count as in time, ms: timers are no finer. */
const tolerance = 20

/** Waits until the next step is due; `undefined`: every step is due at once. */
export const makePace = (perSecond: number | undefined): Effect.Effect<void> => {
  if (perSecond === undefined) return Effect.void
  let due: number | undefined
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    due = due === undefined ? now : Math.max(due + 1_000 / perSecond, now - tolerance)
    return due <= now ? Effect.void : Effect.sleep(due - now)
  })
}
