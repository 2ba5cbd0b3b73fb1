/**
 * A run in words: how inputs ended, what was found and how to have it again, and one closing line. Pure.
 */
import type { Finding, Report } from "./run.ts"

/** What the heap may grow by in a run, bytes; what every input left behind would be far more. */
const growth = 8 * 1024 * 1024

const count = (value: number): string => value.toLocaleString("en-US")

const MiB = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

/** Whether nothing was found. */
export const isClean = ({ findings, heap }: Report): boolean =>
  findings.length === 0 && (heap === undefined || heap.after - heap.before < growth)

/** A finding, and the command that has it again. */
export const describeFinding = (target: string, seed: number, { index, setup, bytes, why }: Finding): string =>
  [
    `Input ${index} of seed ${seed} (${setup}):`,
    `  ${why}`,
    `  again: bun scripts/fuzz/main.ts ${target} --seed ${seed} --from ${index} --inputs 1`,
    `  or:    bun scripts/fuzz/main.ts ${target} --setup "${setup}" --hex ${bytes}`,
  ].join("\n")

/** How often inputs ended in which way, the most frequent first. */
export const describeEndings = ({ endings }: Report): ReadonlyArray<string> =>
  [...endings].sort(([, a], [, b]) => b - a).map(([ending, times]) => `${count(times).padStart(12)}  ${ending}`)

/** The closing line. */
export const describeReport = (target: string, seed: number, report: Report): string => {
  const { inputs, valid, findings, endings, kinds, held, heap, seconds } = report
  const shares = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, times]) => `${count(times)} ${kind}`).join(", ")
  const memory = heap === undefined
    ? "heap not measured on this runtime"
    : `heap ${MiB(heap.before)} -> ${MiB(heap.after)}${heap.after - heap.before < growth ? "" : " (IT GREW)"}`
  return `fuzz ${target}: ${count(inputs)} inputs (${shares}; ${count(valid)} valid), each whole and byte by byte, ` +
    `seed ${seed}, ${seconds.toFixed(0)} s: ${findings.length} findings, ${endings.size} ways to end, ` +
    `at most ${count(held)} bytes held, ${memory}`
}
