/**
 * What a run aims at, and whether it was met; one place for every limit.
 *
 * Pure, below `judge.ts`, whose figures it reads. The short form aims at no recovery time, since it leaves none for it;
 * only a soak aims at what the processes hold. What could not be measured is missed.
 */
import { callAims } from "./callAims.ts"
import type { Growth } from "./growth.ts"
import type { Evidence, Report } from "./judge.ts"

/** What was wanted and what was found. */
export interface Aim {
  readonly name: string
  readonly wanted: string
  readonly found: string
  readonly met: boolean
}

/** The aims of a run; `both`: events that were handled and dead-lettered. */
export const aimsOf = (
  { options, windows, planned, troubles, open, mechanisms }: Evidence,
  report: Omit<Report, "aims">,
  both: number,
): ReadonlyArray<Aim> => {
  const none = (name: string, found: number): Aim => ({ name, wanted: "0", found: String(found), met: found === 0 })
  const back = report.faults.map(({ confirmed, handled }) =>
    confirmed.seconds === undefined || handled.seconds === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(confirmed.seconds, handled.seconds)
  )
  const slowest = Math.max(0, ...back)
  const slopes = report.growth.map(({ heapSlope }) => heapSlope)
  const steepest = Math.max(...slopes)
  const more = (of: (growth: Growth) => readonly [number, number]) =>
    Math.max(...report.growth.map((growth) => of(growth)[1] - of(growth)[0]))
  const channels = open.map((one) => one.channels)
  return [
    {
      name: "events confirmed",
      wanted: `at least ${options.events}`,
      found: String(report.confirmed),
      met: report.confirmed >= options.events && report.confirmed > 0,
    },
    {
      name: "faults made, and got over",
      wanted: String(planned),
      found: String(windows.filter(({ ready }) => ready !== undefined).length),
      met: windows.filter(({ ready }) => ready !== undefined).length === planned,
    },
    none("lost", report.lost),
    none("hung", report.hung),
    none("effects twice in the transaction", report.effectsTwice),
    none("handled and dead-lettered", both),
    none("out of order by key", report.outOfOrder),
    ...callAims(options, report.calls, mechanisms),
    // the short form leaves no time for it, and a soak does not aim at it
    ...(options.form === "full"
      ? [{
        name: "90 % of the throughput back",
        wanted: "within 10 s of each recovery",
        found: Number.isFinite(slowest) ? `${slowest.toFixed(1)} s at most` : "not before the next fault",
        met: slowest <= 10,
      }]
      : []),
    ...(options.form === "soak"
      ? [
        {
          name: "heap of each process",
          wanted: "at most 1 MB more in 10 min",
          found: slopes.length === 0 ? "no samples" : `${steepest.toFixed(2)} MB`,
          met: slopes.length > 0 && steepest <= 1,
        },
        {
          name: "fibers left behind",
          wanted: "at most 10 more at the end",
          found: String(more(({ fibers }) => fibers)),
          met: more(({ fibers }) => fibers) <= 10,
        },
        {
          name: "timers left behind",
          wanted: "at most 10 more at the end",
          found: String(more(({ timers }) => timers)),
          met: more(({ timers }) => timers) <= 10,
        },
        {
          name: "sockets left behind",
          wanted: "at most 10 more at the end",
          found: String(more(({ sockets }) => sockets)),
          met: more(({ sockets }) => sockets) <= 10,
        },
        {
          name: "channels left behind",
          wanted: "as many in the last quiet as in the first",
          found: `${channels[0]} and ${channels.at(-1)}`,
          met: channels.length > 0 && channels.at(-1)! <= channels[0]!,
        },
      ]
      : []),
    none("other troubles", troubles.length),
  ]
}
