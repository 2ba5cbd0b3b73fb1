/**
 * A run in words: each finding as a list of operations, how often each operation was done, and one closing line. Pure.
 */
import { allowed } from "./allowed.ts"
import type { Difference } from "./compare.ts"
import { describeOperation } from "./describe.ts"
import type { Finding, Report } from "./run.ts"

const number = (value: number): string => value.toLocaleString("en-US")

const describeDifference = ({ ours, theirs }: Difference): ReadonlyArray<string> => [
  "  embedded:",
  ...(ours.length === 0 ? ["    nothing more"] : ours.map((line) => `    ${line}`)),
  "  RabbitMQ:",
  ...(theirs.length === 0 ? ["    nothing more"] : theirs.map((line) => `    ${line}`)),
]

/** A finding, and the command that has it again. */
export const describeFinding = ({ sequence: { seed, index, world }, kept, operations, difference }: Finding): string =>
  [
    `Sequence ${index} of seed ${seed} (${world.profile}), ${operations.length} operations are left:`,
    ...operations.map((operation, i) => `  ${i === difference.step ? ">" : " "} ${describeOperation(operation)}`),
    ...describeDifference(difference),
    `  again: npm run differential -- --seed ${seed} --only ${index} --keep ${kept.join(",")}`,
  ].join("\n")

/** What is counted as one operation, however it is done. */
const group = (what: string): string => what.replace(/^(rude|greeting): .*/, "$1: any")

/** How often each operation was done, the rarest last. */
export const describeCounts = ({ counts }: Report): ReadonlyArray<string> => {
  const sums = new Map<string, number>()
  for (const [what, times] of counts) {
    sums.set(what, times)
    if (group(what) !== what) sums.set(group(what), (sums.get(group(what)) ?? 0) + times)
  }
  return [...sums].sort(([, a], [, b]) => b - a).map(([what, times]) => `${number(times).padStart(10)}  ${what}`)
}

/** How often the rarest operation was done; ways to break the protocol are one operation together. */
export const rarest = ({ counts }: Report): number => {
  const sums = new Map<string, number>()
  for (const [what, times] of counts) sums.set(group(what), (sums.get(group(what)) ?? 0) + times)
  return Math.min(...sums.values())
}

/** How often each difference was there that is allowed. */
export const describeAllowances = ({ allowances }: Report): ReadonlyArray<string> =>
  [...allowances].map(([name, steps]) => `allowed in ${number(steps)} steps: ${name}`)

/** The closing line. */
export const describeReport = (report: Report): string => {
  const { sequences, operations, findings, undecided, seconds } = report
  return `differential: ${number(sequences)} sequences, ${number(operations)} operations, each at least ` +
    `${number(rarest(report))} times, in ${
      seconds.toFixed(0)
    } s: ${findings.length} differences, ${undecided.length} ` +
    `undecided, ${allowed.length} kinds of difference allowed`
}
