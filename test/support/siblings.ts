/**
 * Other processes of the runtime that runs the tests, for one test file: they end with the test that started them.
 */
import { afterEach } from "#test"
import process from "node:process"
import { type Background, start } from "./process.ts"

/** Processes of one test. */
export interface Siblings {
  /** Those that were started and may still run. */
  readonly running: ReadonlySet<Background>
  /** Runs a file of TypeScript on the runtime of the tests. */
  readonly run: (file: string, ...args: ReadonlyArray<string>) => Background
}

const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : []

/** Call it once, where the file's tests are described. */
export const siblings = (): Siblings => {
  const running = new Set<Background>()
  afterEach(async () => {
    for (const { kill, ended } of running) {
      kill("SIGKILL")
      await ended
    }
    running.clear()
  })
  return {
    running,
    run: (file, ...args) => {
      const one = start(process.execPath, [...flags, file, ...args])
      running.add(one)
      return one
    },
  }
}
