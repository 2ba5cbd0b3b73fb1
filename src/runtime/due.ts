/**
 * When a schedule is due, and what becomes of the due times that passed while nobody ran.
 *
 * Pure arithmetic over Effect's Cron; time zones and daylight saving are Cron's. `Schedules.ts` does what is planned here.
 */
import { Cron } from "effect"
import type { Missed, Timing } from "./Handler.ts"

/** What a schedule does next. */
export interface Plan {
  /** The due time of the next tick; `undefined`: never again. */
  readonly due: number | undefined
  /** Missed due times that this tick makes up for, its own included; 0: it is none of the missed. */
  readonly missed: number
  /** Missed due times that nothing makes up for. */
  readonly skipped: number
  /** From where due times count; the newest skipped one, if any was. */
  readonly last: number
}

/** A tick so many ms late is late; later than that it is missed: a restart at 03:00:00 must not swallow the night's run. */
export const longestLateness = 60_000

/** Late ticks at most, lest those of a short interval pile up. */
const mostLate = 60

/** Missed due times that are counted, there may be more: in a time zone each takes Cron up to half a millisecond. */
export const mostCounted = 100

/** When it is due next after `now` (both ms since the epoch); `undefined`: never again. */
export const nextDue = (timing: Timing, now: number): number | undefined => {
  if (timing._tag === "Interval") return (Math.floor(now / timing.ms) + 1) * timing.ms
  try {
    return Cron.next(timing.cron, now).getTime()
  } catch {
    return undefined
  }
}

/** The next tick after that of `last`, for who learns of it at `now`. */
export const planAfter = (timing: Timing, policy: Missed, last: number, now: number): Plan => {
  const first = nextDue(timing, last)
  const limit = now - (timing._tag === "Interval" ? Math.min(longestLateness, mostLate * timing.ms) : longestLateness)
  if (first === undefined || first >= limit) return { due: first, missed: 0, skipped: 0, last }
  const newest = newestBefore(timing, first, limit)
  const count = countOf(timing, first, newest)
  return policy === "once"
    ? { due: newest, missed: count, skipped: 0, last }
    : { due: nextDue(timing, newest), missed: 0, skipped: count, last: newest }
}

/**
 * The newest due time before `limit`, of which `first` is one. By halving, with `nextDue` alone: a search backwards might
 * know other due times in the hours that daylight saving skips or repeats.
 */
const newestBefore = (timing: Timing, first: number, limit: number): number => {
  let newest = first
  // due after `newest` and before `limit`: nothing that comes after `high`
  for (let high = limit; high - newest > 1;) {
    const middle = Math.floor((newest + high) / 2)
    const due = nextDue(timing, middle)
    if (due !== undefined && due < limit) newest = due
    else high = middle
  }
  // the halving has skipped what is due right after it
  const after = nextDue(timing, newest)
  return after !== undefined && after < limit ? after : newest
}

const countOf = (timing: Timing, first: number, newest: number): number => {
  let count = 1
  for (let due: number | undefined = first; due !== undefined && due < newest && count < mostCounted; count++) {
    due = nextDue(timing, due)
  }
  return count
}
