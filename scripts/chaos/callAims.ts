/**
 * What a run aims at for its calls.
 *
 * Pure; part of `aims.ts`. A run over a lane by which nothing went has proved nothing of it, and misses.
 */
import type { Aim } from "./aims.ts"
import { type CallsReport, tolerance } from "./callJudge.ts"
import { lanesOf, meant } from "./calls.ts"
import type { ChaosOptions } from "./options.ts"

/** Of the calls answered in peace, so much goes by the lane it is told to; links take a while to be trusted after each fault. */
const least = { full: 0.5, soak: 0.5, short: 0.1 } as const

/** The aims. */
export const callAims = (
  options: ChaosOptions,
  report: CallsReport,
  mechanisms: ReadonlyMap<string, number>,
): ReadonlyArray<Aim> => {
  if (options.callRate === 0) return []
  const none = (name: string, found: number): Aim => ({ name, wanted: "0", found: String(found), met: found === 0 })
  const asked = lanesOf(options)
  const open = [...mechanisms].map(([name, count]) => `${name} ${count}`).join(", ") || "none"
  return [
    none(`calls begun more than ${tolerance} ms after their deadline`, report.expired.count),
    none("calls run twice that may not be", report.ranTwice.count),
    none("calls without exactly one outcome", report.oddOutcomes),
    none("handlers that ran on when their caller had given up", report.ranOn),
    ...asked.flatMap((lane): ReadonlyArray<Aim> => {
      const { all, inPeace } = report.byLane[lane]!
      const share = inPeace.waited === 0 ? 0 : inPeace.answered / inPeace.waited
      const went = inPeace.by[meant[lane]] ?? 0
      const wanted = lane === "broker" ? 1 : least[options.form]
      return [
        ...(options.calls === 0 ? [] : [{
          name: `calls by lane ${lane}`,
          wanted: `at least ${options.calls}`,
          found: String(all.made),
          met: all.made >= options.calls,
        }]),
        {
          name: `answered outside of fault windows, lane ${lane}`,
          wanted: "at least 99 %",
          found: `${percent(share)} of ${inPeace.waited}`,
          met: share >= 0.99,
        },
        {
          name: `of these ${meant[lane]}, lane ${lane}`,
          wanted: `at least ${wanted * 100} %`,
          found: percent(went / inPeace.answered),
          met: went >= wanted * inPeace.answered && went > 0,
        },
      ]
    }),
    ...(asked.every((lane) => lane === "broker")
      ? [none("links", [...mechanisms.values()].reduce((sum, count) => sum + count, 0))]
      : [{
        name: "links are all alike",
        wanted: options.curve ? "CURVE" : "NULL",
        found: open,
        met: mechanisms.size === 1 && mechanisms.has(options.curve ? "CURVE" : "NULL"),
      }]),
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
