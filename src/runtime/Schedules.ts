/**
 * Makes a schedule's ticks: one message each time it is due, into the schedule's own queue.
 *
 * A tick's id is derived from schedule and due time, so that instances and repetitions agree on it. Runs missed while
 * no process ran are not made up for. The tick is handled by `Listen.ts`, with retries and dead letters like any event.
 */
import { Cron, Effect, Result, Schema } from "effect"
import { deriveId, eventPacket, nextTrace, QueueName, routeTo, toBytes } from "../wire/mod.ts"
import type { ScheduledHandler, Timing } from "./Handler.ts"
import type { Bound } from "./invoke.ts"

/** The body of a tick. */
export const TickSchema = Schema.Struct({ due: Schema.Number })

/** The type a schedule's ticks have on the wire: `every.warranty.expire`. */
export const tickType = (app: string, name: string): string => `every.${app}.${name}`

/** When it is due next after `now` (both ms since the epoch); `undefined`: never again. */
export const nextDue = (timing: Timing, now: number): number | undefined => {
  if (timing._tag === "Interval") return (Math.floor(now / timing.ms) + 1) * timing.ms
  try {
    return Cron.next(timing.cron, now).getTime()
  } catch {
    return undefined
  }
}

/** Publishes a tick whenever one is due, for ever. */
export const runSchedule = (bound: Bound<ScheduledHandler>): Effect.Effect<never> =>
  Effect.gen(function* () {
    const { core, handler, app, name } = bound
    const type = tickType(app, name)
    let last = core.now()
    for (;;) {
      const due = nextDue(handler.timing, last)
      if (due === undefined) return yield* Effect.never
      yield* sleepUntil(due, core.now)
      const id = deriveId(tickCause(due), type, 0)
      const packet = eventPacket({
        id,
        type,
        app,
        now: core.now(),
        trace: nextTrace(undefined, id),
        version: "1",
        schema: "",
        cause: undefined,
      }, Result.getOrThrow(toBytes({ due })))
      core.journal.record({ fact: "tick", at: core.now(), id, type, app, handler: bound.label })
      yield* core.transport.publish(routeTo.queue(QueueName.schedule(app, name)), packet).pipe(
        Effect.catch((error) => Effect.logError(`Cannot run schedule "${bound.label}" at ${due}: ${error.message}`)),
      )
      // after a pause of the machine the clock may be far ahead: the ticks in between are missed, not piled up
      last = Math.max(due, core.now() - 1)
    }
  })

/** Timers are limited to 2^31 ms, and clocks are corrected: wait in pieces. */
const sleepUntil = (due: number, now: () => number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = due - now()
    return left <= 0 ? Effect.void : Effect.andThen(Effect.sleep(Math.min(left, longestSleep)), sleepUntil(due, now))
  })

const longestSleep = 3_600_000

/** The first 48 bits of an id are its time; a tick's is when it was due. */
const tickCause = (due: number): string => {
  const digits = due.toString(16).padStart(12, "0")
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}`
}
