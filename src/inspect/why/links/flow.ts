/**
 * Whether something that went wrong is one of many messages that go well: told, and no fault of the way.
 *
 * Pure. Where hundreds a second are handled and one in ten is tried again, whoever asks will often ask right after a failure; and
 * a handler that has begun to fail at everything is seen by how long nothing has gone well since.
 */
import type { HandlerStats, SentStats } from "../../../wire/mod.ts"

/** Fewer than that a second, or in all, are no flow. */
const least = { perSecond: 2, done: 20 }
/** In a flow something goes well again within the time of so many messages, and within these ms. */
const gap = { messages: 10, least: 1_000, most: 5_000 }

/** Whether things go well all the while; `good`: when the last one did. */
const flows = (done: number, failed: number, perSecond: number, good: number, now: number): boolean =>
  perSecond >= least.perSecond && done >= least.done && done > failed &&
  now - good <= Math.min(gap.most, Math.max(gap.least, gap.messages * 1_000 / perSecond))

/** Whether the handlers at a queue get most of their messages done, and go on so. */
export const doesFlow = (handlers: ReadonlyArray<HandlerStats>, now: number): boolean =>
  flows(
    handlers.reduce((sum, { handled }) => sum + handled, 0),
    handlers.reduce((sum, { failed }) => sum + failed, 0),
    handlers.reduce((sum, { recent }) => sum + recent.perSecond, 0),
    Math.max(0, ...handlers.map(({ lastHandled = 0 }) => lastHandled)),
    now,
  )

/** Whether most of what is sent is taken, or answered, and goes on so. */
export const isTaken = ({ done, failed, recent, lastDone = 0 }: SentStats, now: number): boolean =>
  flows(done, failed, recent.perSecond, lastDone, now)
