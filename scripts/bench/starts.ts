/**
 * Starts a program several times, from the spawn until it says that it is ready or ends, and looks at what it holds then.
 *
 * Below `startup.ts` and `embedded/starting.ts`. Ready is the line of JSON whose message says so; memory is from /proc, where there
 * is one.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { root } from "./program.ts"

/** One start: how long it took, and what it held. */
export interface Start {
  readonly ms: number
  readonly kilobytes: number | undefined
}

/** Starts it so many times after one that is not counted; the fastest is first. */
export const several = async (once: () => Promise<Start>, rounds = 7): Promise<ReadonlyArray<Start>> => {
  await once()
  const starts: Array<Start> = []
  for (let i = 0; i < rounds; i++) starts.push(await once())
  return starts.toSorted((a, b) => a.ms - b.ms)
}

/** Until it ends. */
export const toExit = ([program, ...args]: ReadonlyArray<string>): Promise<Start> =>
  new Promise((resolve) => {
    const began = performance.now()
    const child = spawn(program!, args, { cwd: root, stdio: "ignore" })
    child.on("exit", () => resolve({ ms: performance.now() - began, kilobytes: undefined }))
  })

/** Until it is ready; then it is told to end. */
export const toReady = async ([program, ...args]: ReadonlyArray<string>): Promise<Start> => {
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
export const residentOf = (pid: number | undefined): number | undefined => {
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

/** The one in the middle. */
export const median = (starts: ReadonlyArray<Start>): Start => starts[Math.floor(starts.length / 2)]!

/** The median, and the fastest. */
export const ms = (starts: ReadonlyArray<Start>): string =>
  `${Math.round(median(starts).ms)} (${Math.round(starts[0]!.ms)})`

/** What it holds when it is ready, the median. */
export const megabytes = (starts: ReadonlyArray<Start>): string => {
  const sizes = starts.flatMap(({ kilobytes }) => kilobytes === undefined ? [] : [kilobytes]).toSorted((a, b) => a - b)
  return sizes.length === 0 ? "?" : String(Math.round(sizes[Math.floor(sizes.length / 2)]! / 1024))
}
