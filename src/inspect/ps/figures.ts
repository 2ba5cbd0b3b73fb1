/**
 * The figures of several handlers taken together, and how they change from one reading to the next.
 *
 * Pure. Counts are added; a percentile over several handlers cannot be had from theirs, so it says what `PsReport.ts` says.
 */
import type { HandlerStats } from "../../wire/mod.ts"
import type { Failure, Figures } from "./PsReport.ts"

/** What one process counted; nothing else is known of those that do not answer. */
export interface Counted {
  readonly inHand: number
  readonly handled: number
  readonly failed: number
  readonly lastError?: string | undefined
}

/** Figures of which nothing is known. */
export const unknown: Figures = {
  inHand: null,
  oldest: null,
  perSecond: null,
  p50: null,
  p99: null,
  handled: null,
  failed: null,
  retried: null,
  dead: null,
  skipped: null,
  lastFailure: null,
}

/** What an announcement tells. */
export const announced = ({ inHand, handled, failed, lastError }: Counted): Figures => ({
  ...unknown,
  inHand,
  handled,
  failed,
  lastFailure: lastError === undefined ? null : { ...splitError(lastError), at: null },
})

const splitError = (text: string): { readonly what: string; readonly error: string } => {
  const colon = text.indexOf(": ")
  return colon < 0 ? { what: "", error: text } : { what: text.slice(0, colon), error: text.slice(colon + 2) }
}

/** Handlers together. `lag`: what their clock is ahead of the asker's, ms. */
export const together = (handlers: ReadonlyArray<HandlerStats>, lag: number): Figures => {
  const sum = (of: (one: HandlerStats) => number): number => handlers.reduce((all, one) => all + of(one), 0)
  const oldest = handlers.flatMap((one) => one.oldest === undefined ? [] : [one.oldest])
  const timed = handlers.filter(({ recent }) => recent.count > 0)
  return {
    inHand: sum((one) => one.inHand),
    oldest: oldest.length === 0 ? null : Math.max(...oldest),
    perSecond: Math.round(sum((one) => one.recent.perSecond) * 10) / 10,
    p50: medianOf(timed.map(({ recent }) => [recent.p50, recent.count])),
    p99: timed.length === 0 ? null : Math.max(...timed.map(({ recent }) => recent.p99)),
    handled: sum((one) => one.handled),
    failed: sum((one) => one.failed),
    retried: sum((one) => one.retried),
    dead: sum((one) => one.dead),
    skipped: sum((one) => one.skipped),
    lastFailure: last(
      handlers.flatMap(({ app, name, lastFailed }) =>
        lastFailed === undefined ? [] : [{ what: `${app}.${name}`, at: lastFailed.at - lag, error: lastFailed.error }]
      ),
    ),
  }
}

/** The latest of some failures. */
export const last = (failures: ReadonlyArray<Failure>): Failure | null =>
  failures.reduce<Failure | null>((one, other) => one === null || (other.at ?? 0) > (one.at ?? 0) ? other : one, null)

/** The value at which half of the numbers are reached. */
const medianOf = (values: ReadonlyArray<readonly [value: number, count: number]>): number | null => {
  const sorted = values.toSorted(([a], [b]) => a - b)
  const half = sorted.reduce((sum, [, count]) => sum + count, 0) / 2
  let reached = 0
  for (const [value, count] of sorted) {
    reached += count
    if (reached >= half) return value
  }
  return null
}

/** A count and when it was read, on the clock of the process that counts. */
export interface Reading {
  readonly count: number
  readonly at: number
}

/** How much a count has grown between two readings, a second; `undefined`: they are no two. */
export const rateBetween = (before: Reading | undefined, { count, at }: Reading): number | undefined => {
  if (before === undefined || at - before.at < 100) return undefined
  // it was started again under the same name
  return count < before.count ? undefined : Math.round((count - before.count) / (at - before.at) * 10_000) / 10
}
