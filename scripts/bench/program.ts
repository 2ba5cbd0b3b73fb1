/**
 * Starts programs of the benches on a runtime and asks them: one line of JSON there, one back.
 *
 * Between the benches, which know what to ask, and their programs, which obey (`amqpCase.ts`). `--profile <folder>` profiles
 * every program into that folder.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import type { Job } from "./amqpCase.ts"

/** The folder of the project. */
export const root = join(import.meta.dirname, "..", "..")

/** What runs a program here. */
export type RuntimeName = "bun" | "node" | "deno"

const flags: Record<RuntimeName, ReadonlyArray<string>> = { bun: [], node: [], deno: ["run", "-A", "--no-check"] }

/** What a runtime is told before the name of a program. */
export const runtimeFlags = (runtime: RuntimeName): ReadonlyArray<string> => flags[runtime]

/** The program of a runtime. */
export const runtimeProgram = (runtime: RuntimeName): string => join(root, "node_modules", ".bin", runtime)

/** A process that does jobs. */
export interface Member {
  readonly pid: number | undefined
  /** Has a job done; `undefined` instead of a job: awaits the next line. */
  readonly ask: <A>(job?: Job) => Promise<A>
  /** Ends it; resolves when it has ended. */
  readonly end: () => Promise<void>
  /** Ends it at once, whatever it does. */
  readonly kill: () => Promise<void>
}

/** Starts a program beside this file without waiting for it; `env` is added to this process's own. */
export const startProgram = (
  runtime: RuntimeName,
  program: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
): Member => {
  const at = process.argv.indexOf("--profile")
  const profiling = at < 0 ? [] : ["--cpu-prof", `--cpu-prof-dir=${process.argv[at + 1]}`]
  const child = spawn(
    runtimeProgram(runtime),
    [...flags[runtime], ...profiling, join(import.meta.dirname, program), ...args],
    { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } },
  )
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()))
  // whoever has ended is asked in vain, and says so as its output ends
  child.stdin.on("error", () => {})
  const answers = readAnswers(child.stdout)
  const next = async <A>(): Promise<A> => {
    const line = await answers()
    if (line === undefined) {
      throw new Error(`Cannot measure: ${runtime} ${program} ${args.slice(0, 2).join(" ")} ended before it answered`)
    }
    return JSON.parse(line) as A
  }
  return {
    pid: child.pid,
    ask: (job) => {
      if (job !== undefined) child.stdin.write(`${JSON.stringify(job)}\n`)
      return next()
    },
    end: () => {
      child.stdin.end()
      return ended
    },
    kill: () => {
      child.kill("SIGKILL")
      return ended
    },
  }
}

/**
 * The lines of JSON that a program writes, one a call; `undefined`: it has ended. What it writes besides is read at once,
 * whether anybody asks or not: a program whose output nobody reads stands still, in the middle of what is measured.
 */
const readAnswers = (output: Readable): () => Promise<string | undefined> => {
  const lines: Array<string> = []
  const waiting: Array<(line: string | undefined) => void> = []
  let isOver = false
  const reader = createInterface({ input: output })
  reader.on("line", (line) => {
    if (!line.startsWith("{")) return
    const first = waiting.shift()
    if (first === undefined) lines.push(line)
    else first(line)
  })
  reader.on("close", () => {
    isOver = true
    for (const one of waiting.splice(0)) one(undefined)
  })
  return () => {
    const line = lines.shift()
    if (line !== undefined || isOver) return Promise.resolve(line)
    return new Promise((resolve) => waiting.push(resolve))
  }
}
