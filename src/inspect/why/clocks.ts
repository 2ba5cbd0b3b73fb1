/**
 * Brings what processes say of times onto the asker's clock: machines' clocks differ, and a failure of "in an hour" is none.
 *
 * Pure. Small differences are left as they are: those of one process are compared with each other more often than with ours.
 */
import type { Told } from "../../runtime/mod.ts"
import type { AnswerTo, HandlerStats, Mishap, SentStats } from "../../wire/mod.ts"

/** Less than that, beside how long the answer took, is no difference of clocks, ms. */
const least = 500

/** By how much the clock of who answered is ahead, ms. */
export const lagOf = (
  { answer, askedAt, heardAt }: Pick<Told, "askedAt" | "heardAt"> & { readonly answer: { readonly now: number } },
): number => {
  const lag = answer.now - (askedAt + heardAt) / 2
  return Math.abs(lag) > heardAt - askedAt + least ? Math.round(lag) : 0
}

/** The same with every time on a clock that is `lag` ms behind. */
export const onOurClock = (stats: AnswerTo<"stats">, lag: number): AnswerTo<"stats"> =>
  lag === 0 ? stats : {
    ...stats,
    startedAt: stats.startedAt - lag,
    ...(stats.skew !== undefined && { skew: { ...stats.skew, at: stats.skew.at - lag } }),
    handlers: stats.handlers.map((one): HandlerStats => ({
      ...one,
      ...moved(one, ["lastStarted", "lastHandled"], lag),
      ...mishaps(one, ["lastFailed", "lastRetry", "lastDead", "lastSkipped", "lastHalted"], lag),
    })),
    sent: stats.sent.map((one): SentStats => ({
      ...one,
      ...moved(one, ["lastDone", "lastUnheard"], lag),
      ...mishaps(one, ["lastFailed"], lag),
    })),
  }

const moved = <K extends string>(
  from: { readonly [key in K]?: number | undefined },
  keys: ReadonlyArray<K>,
  lag: number,
): { readonly [key in K]?: number } =>
  Object.fromEntries(keys.flatMap((key) => from[key] === undefined ? [] : [[key, from[key] - lag]])) as {
    readonly [key in K]?: number
  }

const mishaps = <K extends string>(
  from: { readonly [key in K]?: Mishap | undefined },
  keys: ReadonlyArray<K>,
  lag: number,
): { readonly [key in K]?: Mishap } =>
  Object.fromEntries(keys.flatMap((key) => {
    const mishap = from[key]
    return mishap === undefined ? [] : [[key, { ...mishap, at: mishap.at - lag }]]
  })) as { readonly [key in K]?: Mishap }
