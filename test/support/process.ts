/**
 * Runs other programs from tests: to their end, or in the background until a test has seen enough.
 *
 * The programs of node_modules/.bin come first on their PATH. Every background process is ended by whoever started it.
 */
import { spawn } from "node:child_process"
import { delimiter, join } from "node:path"
import process from "node:process"

/** The checkout. */
export const root: string = join(import.meta.dirname, "..", "..")

/** A program from node_modules/.bin. */
export const program = (name: string): string => join(root, "node_modules", ".bin", name)

/** How a program ended. */
export interface Ended {
  /** Its exit code; -1 when a signal ended it. */
  readonly code: number
  /** What it printed, both streams in the order in which they came. */
  readonly output: string
}

/** A program that runs in the background. */
export interface Background {
  /** What it has printed so far. */
  readonly output: () => string
  readonly ended: Promise<Ended>
  readonly kill: (signal: "SIGTERM" | "SIGINT" | "SIGKILL") => void
}

/** How to start a program. */
export interface StartOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

// a runner marks its children as parts of its own run; what tests start is not; tests read plain text; and what one of them
// starts must not meet what others do
const inherited = () => {
  const { NODE_TEST_CONTEXT: _1, FORCE_COLOR: _2, ...env } = process.env
  return {
    ...env,
    WARREN_BROKER: "in-process",
    NO_COLOR: "1",
    PATH: [join(root, "node_modules", ".bin"), env["PATH"] ?? ""].join(delimiter),
  }
}

/** Starts a program in the background. */
export const start = (command: string, args: ReadonlyArray<string>, options: StartOptions = {}): Background => {
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { ...inherited(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk
    })
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on("error", (error) => resolve({ code: -1, output: `${output}${error.message}` }))
    child.on("close", (code) => resolve({ code: code ?? -1, output }))
  })
  // not `child.kill`: under Deno it makes the child's own exit code unknown
  const kill = (signal: "SIGTERM" | "SIGINT" | "SIGKILL") => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(child.pid, signal)
  }
  return { output: () => output, ended, kill }
}

/** Runs a program to its end. */
export const run = (command: string, args: ReadonlyArray<string>, options?: StartOptions): Promise<Ended> =>
  start(command, args, options).ended
