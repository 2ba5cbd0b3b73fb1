/**
 * Whether anything grows: the slope of each process's heap, and its fibers, timers and sockets then and now.
 *
 * Pure. Only of processes that lived through the run. A slope is that of the least squares through all samples after the
 * warm-up, in MB for 10 minutes.
 */
import type { Sample } from "./ledger.ts"

/** One process. */
export interface Growth {
  readonly name: string
  readonly samples: number
  /** MB (10^6 bytes) of heap for 10 min. */
  readonly heapSlope: number
  /** The same of resident memory, for information: the allocator's, not the program's. */
  readonly rssSlope: number
  /** MB at the end: the median of the last fifth. */
  readonly heap: number
  readonly rss: number
  /** Medians of the first and the last fifth after the warm-up; -1: unknown. */
  readonly fibers: readonly [number, number]
  readonly timers: readonly [number, number]
  readonly sockets: readonly [number, number]
}

/** The part of the time that is left out at the beginning. */
const warmUp = 0.2

/** The growth of every process whose samples reach over at least so many ms. */
export const growthOf = (
  samples: ReadonlyMap<string, ReadonlyArray<Sample>>,
  least: number,
): ReadonlyArray<Growth> =>
  [...samples].toSorted(([a], [b]) => a < b ? -1 : 1).flatMap(([name, all]) => {
    const from = all[0]?.at ?? 0
    const span = (all.at(-1)?.at ?? 0) - from
    const warm = all.filter(({ at }) => at >= from + span * warmUp)
    if (span < least || warm.length < 5) return []
    const fifth = Math.max(1, Math.floor(warm.length / 5))
    const ends = (of: (sample: Sample) => number) =>
      [median(warm.slice(0, fifth).map(of)), median(warm.slice(-fifth).map(of))] as const
    return [{
      name,
      samples: warm.length,
      heapSlope: slope(warm, ({ heap }) => heap / 1e6),
      rssSlope: slope(warm, ({ rss }) => rss / 1e6),
      heap: ends(({ heap }) => heap / 1e6)[1],
      rss: ends(({ rss }) => rss / 1e6)[1],
      fibers: ends(({ fibers }) => fibers),
      timers: ends(({ timers }) => timers),
      sockets: ends(({ sockets }) => sockets),
    }]
  })

/** A value's change in 10 min, by least squares. */
export const slope = (samples: ReadonlyArray<Sample>, of: (sample: Sample) => number): number => {
  const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = samples.map(({ at }) => at / 600_000)
  const y = samples.map(of)
  const [mx, my] = [mean(x), mean(y)]
  const above = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0)
  const below = x.reduce((sum, value) => sum + (value - mx) ** 2, 0)
  return below === 0 ? 0 : above / below
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
