/**
 * `npm run bench -- core`: the core on Bun, Deno and Node, side by side.
 *
 * Runs `coreCase.ts` in one process a runtime, one after another, and prints a table. Aims: 100,000 calls/s on Bun,
 * 10,000 testBus tests in under 30 s, 30 simulated days in under 1 s.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import process from "node:process"

const root = join(import.meta.dirname, "..", "..")
const runtimes = [["bun", []], ["node", []], ["deno", ["run", "-A"]]] as const

/** Prints the table. */
export const run = (): void => {
  const figures = new Map<string, { unit: string; values: Record<string, number> }>()
  for (const [runtime, args] of runtimes) {
    const program = join(root, "node_modules", ".bin", runtime)
    const output = execFileSync(
      program,
      [...args, join(import.meta.dirname, "coreCase.ts"), ...process.argv.slice(3)],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      },
    )
    for (const line of output.split("\n").filter((line) => line.startsWith("{"))) {
      const { name, value, unit } = JSON.parse(line) as { name: string; value: number; unit: string }
      const row = figures.get(name) ?? { unit, values: {} }
      row.values[runtime] = value
      figures.set(name, row)
    }
  }
  console.log(["", ...runtimes.map(([runtime]) => runtime)].map((text, i) => cell(text, i)).join(""))
  for (const [name, { unit, values }] of figures) {
    const columns = runtimes.map(([runtime]) => `${round(values[runtime] ?? Number.NaN)} ${unit}`)
    console.log([name, ...columns].map((text, i) => cell(text, i)).join(""))
  }
}

const cell = (text: string, column: number): string => column === 0 ? text.padEnd(40) : text.padStart(16)

const round = (value: number): string => value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)

if (import.meta.main) run()
