/**
 * What several benches share: the flags of the command line, and figures as they are printed.
 *
 * Pure, but for `process.argv`.
 */
import process from "node:process"

/** What follows a flag; `undefined`: it is not there. */
export const flag = (name: string): string | undefined => {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1] ?? ""
}

/** The middle one; NaN of none. */
export const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** A share, in per cent. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`

/** The power of x with which y grows, by the least squares of their logarithms; NaN where y is not above 0 throughout. */
export const exponent = (xs: ReadonlyArray<number>, ys: ReadonlyArray<number>): number => {
  if (ys.length < 2 || ys.some((y) => !(y > 0))) return Number.NaN
  const [lx, ly] = [xs.map(Math.log), ys.map(Math.log)]
  const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [mx, my] = [mean(lx), mean(ly)]
  const along = lx.reduce((sum, x, i) => sum + (x - mx) * (ly[i]! - my), 0)
  return along / lx.reduce((sum, x) => sum + (x - mx) ** 2, 0)
}
