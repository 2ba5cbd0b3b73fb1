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
