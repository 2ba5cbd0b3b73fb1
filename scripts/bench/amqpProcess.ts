/**
 * Starts the processes of the AMQP bench and asks them: one line of JSON there, one back.
 *
 * Between `amqp.ts` and `amqpMemory.ts`, which know what to ask, and the programs `amqpWarren.ts` and `amqpPlain.ts`.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import type { Job } from "./amqpCase.ts"

const root = join(import.meta.dirname, "..", "..")

/** What runs a program here. */
export type RuntimeName = "bun" | "node" | "deno"

const flags: Record<RuntimeName, ReadonlyArray<string>> = { bun: [], node: [], deno: ["run", "-A", "--no-check"] }

/** A process that does jobs. */
export interface Member {
  readonly pid: number | undefined
  /** Has a job done; `undefined` instead of a job: awaits the next line. */
  readonly ask: <A>(job?: Job) => Promise<A>
  /** Ends it; resolves when it has ended. */
  readonly end: () => Promise<void>
}

/** Which of the two programs. */
export type Side = "Warren" | "Plain"

/** Starts a process without waiting for it. `--profile <folder>` profiles it into that folder. */
export const start = (
  runtime: RuntimeName,
  side: Side,
  args: ReadonlyArray<string>,
): Member => {
  const at = process.argv.indexOf("--profile")
  const profiling = at < 0 ? [] : ["--cpu-prof", `--cpu-prof-dir=${process.argv[at + 1]}`]
  const program = join(import.meta.dirname, `amqp${side}.ts`)
  const child = spawn(
    join(root, "node_modules", ".bin", runtime),
    [...flags[runtime], ...profiling, program, ...args],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  )
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <A>(): Promise<A> => {
    for (;;) {
      const line = await lines.next()
      if (line.done === true) throw new Error(`Cannot measure: ${runtime} ${side} ${args[0]} ended before it answered`)
      if (line.value.startsWith("{")) return JSON.parse(line.value) as A
    }
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
  }
}

/** Starts a process and waits until it is ready. */
export const ready = async (runtime: RuntimeName, side: Side, args: ReadonlyArray<string>): Promise<Member> => {
  const member = start(runtime, side, args)
  await member.ask()
  return member
}
