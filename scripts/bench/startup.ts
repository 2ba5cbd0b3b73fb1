/**
 * How long `warren run workers` takes until it is ready, and how much memory it holds then, on each runtime.
 *
 * From the spawn to the line "ready" on standard output (and, with the gateway, to the first 200 of /health/ready), the
 * median of several; resident memory from /proc, where there is one. Also how much of it is the runtime itself, and the
 * command line alone (`--version`).
 */
import { join } from "node:path"
import process from "node:process"
import { root } from "./program.ts"
import { megabytes, ms, several, toExit, toReady } from "./starts.ts"

const main = join(root, "bin/warren.mjs")
const rounds = 7

const runtimes: ReadonlyArray<readonly [title: string, program: string, flags: ReadonlyArray<string>]> = [
  ["Bun", "bun", []],
  ["Deno", "deno", ["run", "-A", "--no-check"]],
  ["Node", "node", []],
]

/** Prints the figures of each runtime. */
export const run = async (): Promise<void> => {
  console.log("Start-up: median of", rounds, "(fastest), ms from spawn; resident MB when ready")
  console.log(row("", ["empty program", "--version", "run workers", "run workers --http", "MB", "MB with --http"]))
  for (const [title, program, flags] of runtimes) {
    const start = (args: ReadonlyArray<string>) => [join(root, "node_modules/.bin", program), ...flags, ...args]
    const empty = await several(() => toExit(start([join(root, "scripts/bench/empty.ts")])))
    const bare = await several(() => toExit(start([main, "--version"])))
    const plain = await several(() => toReady(start([main, "run", "workers"])))
    const served = await several(() => toReady(start([main, "run", "workers", "--http", "127.0.0.1:0"])))
    console.log(row(title, [
      ms(empty),
      ms(bare),
      ms(plain),
      ms(served),
      megabytes(plain),
      megabytes(served),
    ]))
  }
}

const row = (title: string, cells: ReadonlyArray<string>): string =>
  [title.padEnd(6), ...cells.map((cell) => cell.padStart(20))].join("")

if (process.argv[1] === import.meta.filename) await run()
