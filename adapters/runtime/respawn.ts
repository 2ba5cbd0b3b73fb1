/**
 * Starts another process of the same runtime, with the same flags of the runtime, for `--watch`.
 *
 * The child writes to the same terminal and reads nothing. How the two talk is not decided here.
 */
import { spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { runtime } from "./runtime.ts"

/** A process that was started. */
export interface Respawned {
  readonly pid: number | undefined
  /** Its exit code; 128 and the signal's number when a signal ended it, -1 when it could not be started. */
  readonly ended: Promise<number>
  readonly kill: (signal: "SIGTERM" | "SIGKILL") => void
}

// Deno does not tell the flags it was started with; a process that may start others may do anything already
const flags = (): ReadonlyArray<string> => runtime.name === "deno" ? ["run", "-A", "--no-check"] : process.execArgv

/** Starts `script` (a file URL) with arguments and additional variables. */
export const respawn = (
  script: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>,
): Respawned => {
  const child = spawn(process.execPath, [...flags(), fileURLToPath(script), ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...variables },
  })
  const ended = new Promise<number>((resolve) => {
    child.on("error", () => resolve(-1))
    child.on("exit", (code, signal) => resolve(code ?? signalNumber(signal)))
  })
  return { pid: child.pid, ended, kill: (signal) => void child.kill(signal) }
}

const signalNumber = (signal: NodeJS.Signals | null): number =>
  128 + ({ SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 } as Record<string, number>)[
    signal ?? ""
  ]!
