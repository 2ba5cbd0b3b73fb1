/**
 * Tells of an input that never ends: a second thread that looks whether the first one goes on.
 *
 * Beside `main.ts`. An endless loop cannot be interrupted from within, so this thread draws the same input again, says how
 * to have it, and ends the process.
 */
import { writeSync } from "node:fs"
import process from "node:process"
import { isMainThread, Worker, workerData } from "node:worker_threads"
import { describeFinding } from "./report.ts"
import { inputAt } from "./run.ts"
import { targets } from "./targets.ts"

/** An input may take so long, ms: a thousand times what the slowest one takes. */
const patience = 20_000

interface Watched {
  readonly target: string
  readonly seed: number
  /** One cell: the number of the present input. */
  readonly shared: SharedArrayBuffer
}

/** Starts it; the result is told of each input. */
export const startWatchdog = (
  target: string,
  seed: number,
): { readonly beat: (index: number) => void; readonly stop: () => void } => {
  const shared = new SharedArrayBuffer(4)
  const cell = new Int32Array(shared)
  const watched: Watched = { target, seed, shared }
  const worker = new Worker(new URL(import.meta.url), { workerData: watched })
  worker.unref()
  return {
    beat: (index) => void Atomics.store(cell, 0, index),
    stop: () => void worker.terminate(),
  }
}

const watch = ({ target: name, seed, shared }: Watched): void => {
  const cell = new Int32Array(shared)
  let last = -1
  setInterval(() => {
    const index = Atomics.load(cell, 0)
    if (index !== last) return void (last = index)
    const { setup, bytes } = inputAt(targets.get(name)!, seed, index)
    const hex = Buffer.from(bytes).toString("hex")
    const why = `it is not through after ${patience / 1_000} s`
    writeSync(2, `${describeFinding(name, seed, { index, setup, bytes: hex, why })}\n`)
    process.kill(process.pid, "SIGKILL")
  }, patience)
}

if (!isMainThread) watch(workerData as Watched)
