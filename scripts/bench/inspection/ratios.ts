/**
 * Ratios of two sides that were asked in turn, and how sure they are.
 *
 * Pure. Rounds of the same processes are no independent witnesses: two processes of one program differ by some per cent for as
 * long as they live. So ratios are put together within a generation of processes, and generations are compared.
 */
import { median } from "../figures.ts"

/** What two sides gave. */
export interface Ratio {
  /** Of all pairs of rounds: the one in the middle, and where the middle half of them lies. */
  readonly median: number
  readonly quarters: readonly [number, number]
  /** The mean of the generations, with 95 per cent certainty in between these. */
  readonly mean: number
  readonly from: number
  readonly to: number
  readonly pairs: number
}

/** Student's t for 95 per cent, by degrees of freedom. */
const student = [
  Number.NaN,
  12.706,
  4.303,
  3.182,
  2.776,
  2.571,
  2.447,
  2.365,
  2.306,
  2.262,
  2.228,
  2.201,
  2.179,
  2.16,
  2.145,
  2.131,
  2.12,
  2.11,
  2.101,
  2.093,
  2.086,
]

/** Of each generation its pairs' ratios. */
export const ratioOf = (generations: ReadonlyArray<ReadonlyArray<number>>): Ratio => {
  const pairs = generations.flat().toSorted((a, b) => a - b)
  const units = generations.filter((one) => one.length > 0).map((one) => meanOf(one.map(Math.log)))
  const mean = meanOf(units)
  const deviation = Math.sqrt(units.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (units.length - 1))
  const half = (student[units.length - 1] ?? 1.96) * deviation / Math.sqrt(units.length)
  return {
    median: median(pairs),
    quarters: [pairs[Math.floor(pairs.length / 4)]!, pairs[Math.floor(pairs.length * 3 / 4)]!],
    mean: Math.exp(mean),
    from: Math.exp(mean - half),
    to: Math.exp(mean + half),
    pairs: pairs.length,
  }
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length
