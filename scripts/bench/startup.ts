/**
 * How long `warren run workers` takes until it is ready, and how much memory it holds then, on each runtime.
 *
 * From the spawn to the line "ready" on standard output (and, with the gateway, to the first 200 of /health/ready), the
 * median of several; resident memory from /proc, where there is one. Also how much of it is the runtime itself, and the
 * command line alone (`--version`).
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"

const root = join(import.meta.dirname, "../..")
const main = join(root, "src/cli/main.ts")
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

/** One start: how long it took, and what it held. */
interface Start {
  readonly ms: number
  readonly kilobytes: number | undefined
}

const several = async (once: () => Promise<Start>): Promise<ReadonlyArray<Start>> => {
  await once()
  const starts: Array<Start> = []
  for (let i = 0; i < rounds; i++) starts.push(await once())
  return starts.toSorted((a, b) => a.ms - b.ms)
}

const toExit = ([program, ...args]: ReadonlyArray<string>): Promise<Start> =>
  new Promise((resolve) => {
    const began = performance.now()
    const child = spawn(program!, args, { cwd: root, stdio: "ignore" })
    child.on("exit", () => resolve({ ms: performance.now() - began, kilobytes: undefined }))
  })

const toReady = async ([program, ...args]: ReadonlyArray<string>): Promise<Start> => {
  const began = performance.now()
  const child = spawn(program!, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })
  const ended = new Promise((resolve) => child.on("exit", resolve))
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { readonly message: string; readonly gateway?: string }
      if (said.message !== "ready") continue
      if (said.gateway !== undefined) {
        const answer = await fetch(`${said.gateway}/health/ready`)
        if (answer.status !== 200) throw new Error(`Cannot measure: /health/ready answered ${answer.status}`)
        await answer.arrayBuffer()
      }
      return { ms: performance.now() - began, kilobytes: residentOf(child.pid) }
    }
    throw new Error(`Cannot measure: ${[program, ...args].join(" ")} ended before it was ready`)
  } finally {
    child.kill("SIGTERM")
    await ended
  }
}

/** Resident memory of a process; the programs in node_modules/.bin may have started another one, which counts. */
const residentOf = (pid: number | undefined): number | undefined => {
  try {
    const sizes = [pid, ...childrenOf(pid)].map((id) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0)
    )
    return Math.max(...sizes)
  } catch {
    return undefined
  }
}

const childrenOf = (pid: number | undefined): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter((id) => id !== "")
  } catch {
    return []
  }
}

const median = (starts: ReadonlyArray<Start>): Start => starts[Math.floor(starts.length / 2)]!

const ms = (starts: ReadonlyArray<Start>): string => `${Math.round(median(starts).ms)} (${Math.round(starts[0]!.ms)})`

const megabytes = (starts: ReadonlyArray<Start>): string => {
  const sizes = starts.flatMap(({ kilobytes }) => kilobytes === undefined ? [] : [kilobytes]).toSorted((a, b) => a - b)
  return sizes.length === 0 ? "?" : String(Math.round(sizes[Math.floor(sizes.length / 2)]! / 1024))
}

const row = (title: string, cells: ReadonlyArray<string>): string =>
  [title.padEnd(6), ...cells.map((cell) => cell.padStart(20))].join("")

if (process.argv[1] === import.meta.filename) await run()
