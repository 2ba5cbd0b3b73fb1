/**
 * Starts `warren` as people do, on the runtime that runs the tests, and reads what it says.
 *
 * Every process that is started here is ended at the end of the test, whatever became of it.
 */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import process from "node:process"
import { stripVTControlCharacters } from "node:util"

/** The folder of the project, in which the package's own name means this checkout. */
export const root = join(import.meta.dirname, "../..")
const main = join(root, "src/cli/main.ts")
const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : []

/** A running `warren`. */
export interface Warren {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** The JSON lines so far. */
  readonly lines: () => ReadonlyArray<Record<string, unknown>>
  /** Waits until the output fits; fails with all of it after `ms`. */
  readonly until: (pattern: RegExp, ms?: number) => Promise<string>
  /** Waits for the n-th line (from 1) whose message fits. */
  readonly said: (message: RegExp, n?: number) => Promise<Record<string, unknown>>
  readonly signal: (signal: NodeJS.Signals) => void
  /** The exit code; the signal's name when a signal ended it. */
  readonly ended: Promise<number | string>
}

const running = new Set<ChildProcess>()
const folders = new Set<string>()

/** Ends what a test has left running, and removes its folders. */
export const cleanUp = async (): Promise<void> => {
  const left = [...running]
  await Promise.all(left.map((child) => {
    const gone = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    return gone
  }))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

const environment = (): Record<string, string | undefined> => {
  const own = Object.entries(process.env).filter(([name]) => !/^WARREN_|COLOR$/.test(name))
  // what one test starts must not meet what others do
  return { ...Object.fromEntries(own), WARREN_BROKER: "in-process" }
}

/** Starts it. */
export const warren = (
  args: ReadonlyArray<string>,
  options: { readonly env?: Record<string, string>; readonly cwd?: string; readonly input?: string } = {},
): Warren => {
  const child = spawn(process.execPath, [...flags, main, ...args], {
    cwd: options.cwd ?? root,
    env: { ...environment(), ...options.env },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  })
  running.add(child)
  const text = { stdout: "", stderr: "" }
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]!.setEncoding("utf8").on("data", (data: string) => text[stream] += data)
  }
  if (options.input !== undefined) child.stdin!.end(options.input)
  const ended = new Promise<number | string>((resolve) =>
    child.on("close", (code, signal) => {
      running.delete(child)
      resolve(code ?? signal ?? -1)
    })
  )
  const all = () => `${text.stdout}${stripVTControlCharacters(text.stderr)}`
  const lines = () =>
    text.stdout.split("\n").slice(0, -1).flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>]
      } catch {
        return []
      }
    })
  const wait = async <A>(what: string, look: () => A | undefined, ms = 10_000): Promise<A> => {
    const late = performance.now() + ms
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (performance.now() > late) assert.fail(`${what} did not come within ${ms} ms in:\n${all()}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => stripVTControlCharacters(text.stderr),
    lines,
    until: (pattern, ms) => wait(String(pattern), () => pattern.exec(all())?.[0], ms),
    said: (message, n = 1) =>
      wait(`line ${n} of ${message}`, () => lines().filter((line) => message.test(String(line["message"])))[n - 1]),
    // not by child.kill: Deno then reports the signal as the end, whatever the process made of it
    signal: (signal) => void process.kill(child.pid!, signal),
    ended,
  }
}

/** Starts it with a gateway on a port that the system chooses; succeeds with its address once it is ready. */
export const serving = async (
  args: ReadonlyArray<string>,
  options: Parameters<typeof warren>[1] = {},
): Promise<Warren & { readonly url: string }> => {
  const started = warren(["run", ...args, "--http", "127.0.0.1:0"], options)
  const ready = await started.said(/^ready$/)
  return { ...started, url: String(ready["gateway"]) }
}

/** Posts JSON; a call has `timeout` ms. */
export const post = async (
  url: string,
  payload: unknown,
  timeout = 5_000,
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close", "warren-timeout": String(timeout) },
    body: JSON.stringify(payload),
  })
  return { status: response.status, body: await response.json() }
}

/** A folder inside the project, so that modules in it can import `warren`, with these files. */
export const folderWith = (files: Readonly<Record<string, string>>): string => {
  const parent = join(root, ".warren/test")
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, "cli-"))
  folders.add(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Whether nobody listens on a port any more: it can be had, now or within half a second (a busy machine closes late). */
export const isFree = async (url: string): Promise<boolean> => {
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await isFreeNow(url)) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

const isFreeNow = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(Number(new URL(url).port), "127.0.0.1", () => server.close(() => resolve(true)))
  })
