/**
 * Prints how much of each room the tests run, from the figures that `bun test --coverage` leaves in coverage/lcov.info.
 *
 * Called by `npm run coverage` and at the end of `npm run ok`, after the tests on Bun. Counts lines and functions of
 * src/ and adapters/ only. Files that no test loads count as not run at all; it judges nothing: it is a figure, not a gate.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"

/** What was found and what was run, in lines and functions. */
export interface Covered {
  readonly lines: number
  readonly linesRun: number
  readonly functions: number
  readonly functionsRun: number
}

const nothing: Covered = { lines: 0, linesRun: 0, functions: 0, functionsRun: 0 }

const add = (one: Covered, other: Covered): Covered => ({
  lines: one.lines + other.lines,
  linesRun: one.linesRun + other.linesRun,
  functions: one.functions + other.functions,
  functionsRun: one.functionsRun + other.functionsRun,
})

/** Reads an lcov report: the figures of each file, by its path. */
export const readLcov = (report: string): ReadonlyMap<string, Covered> => {
  const files = new Map<string, Covered>()
  for (const record of report.split("end_of_record")) {
    const file = /^SF:(.+)$/m.exec(record)?.[1]
    if (file === undefined) continue
    const figure = (key: string) => Number(new RegExp(`^${key}:(\\d+)`, "m").exec(record)?.[1] ?? 0)
    files.set(file.split(sep).join("/"), {
      lines: figure("LF"),
      linesRun: figure("LH"),
      functions: figure("FNF"),
      functionsRun: figure("FNH"),
    })
  }
  return files
}

/** The room a file belongs to: `src/wire`, `adapters/amqp`. */
export const roomOf = (file: string): string => file.split("/").slice(0, -1).slice(0, 2).join("/")

const percent = (run: number, all: number) => (all === 0 ? "  –  " : `${((100 * run) / all).toFixed(1)} %`).padStart(8)

/** Prints one line a room, the least covered files, and the total. */
export const reportCoverage = (root: string): void => {
  const report = join(root, "coverage", "lcov.info")
  if (!existsSync(report)) {
    console.log("\nNo coverage was measured: coverage/lcov.info is missing")
    return
  }
  const seen = [...readLcov(readFileSync(report, "utf8"))].filter(([file]) => /^(src|adapters)\//.test(file))
  const loaded = new Map(seen)
  const all = globSync("{src,adapters}/**/*.ts", { cwd: root }).map((file) => file.split(sep).join("/"))
  const unloaded = all.filter((file) =>
    !loaded.has(file) && /^export (?!type|interface)|^const |^await /m.test(readFileSync(join(root, file), "utf8"))
  )
  const rooms = new Map<string, Covered>()
  for (const [file, covered] of seen) rooms.set(roomOf(file), add(rooms.get(roomOf(file)) ?? nothing, covered))
  console.log(`\n── Coverage, measured on Bun ──\n${"room".padEnd(20)}    lines functions`)
  const line = (name: string, { lines, linesRun, functions, functionsRun }: Covered) =>
    console.log(`${name.padEnd(20)} ${percent(linesRun, lines)} ${percent(functionsRun, functions)}`)
  for (const [room, covered] of [...rooms].sort()) line(room, covered)
  line("all", seen.map(([, covered]) => covered).reduce(add, nothing))
  const least = seen.filter(([, one]) => one.linesRun < 0.8 * one.lines)
    .sort(([, a], [, b]) => a.linesRun / a.lines - b.linesRun / b.lines)
  for (const [file, one] of least.slice(0, 10)) console.log(`below 80 %: ${percent(one.linesRun, one.lines)} ${file}`)
  console.log("what only runs in processes that tests start, such as the command line, is not seen here")
  for (const file of unloaded) console.log(`never loaded by a test: ${file}`)
}
