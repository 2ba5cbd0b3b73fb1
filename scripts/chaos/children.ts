/**
 * The processes of a run, seen from their parent: started, asked to stop, killed, started again, and known to be ready.
 *
 * The other end is `child.ts`. A process ends with its parent, because its standard input does; one that ends without
 * having been asked to is noted, and started again all the same.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createWriteStream } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { setTimeout as delay } from "node:timers/promises"
import type { ChildSettings } from "./child.ts"
import type { RuntimeChoice, RuntimeName } from "./options.ts"

/** One process after another in the same place. */
export interface Child {
  readonly name: string
  /** Whether the present one says that it is ready. */
  readonly isReady: () => boolean
  /** When it last said that it is ready, or is not, ms since the epoch. */
  readonly changedAt: () => number
  /** The present one's process id. */
  readonly pid: () => number | undefined
  /** SIGKILL, and after so many ms another one in its place; resolves when it is started. @default 0 ms */
  readonly replace: (away?: number) => Promise<void>
  /** Tells it something on its standard input. */
  readonly tell: (line: Told) => void
  /** SIGSTOP, and SIGCONT after so many ms; resolves then. */
  readonly pause: (ms: number) => Promise<void>
  /** Asks it to finish and end; resolves when it has, or fails after so many ms, killing it. */
  readonly stop: (ms: number) => Promise<void>
  /** SIGKILL, for good. */
  readonly end: () => void
}

/** What a process that hosts the embedded broker is told to do with it. */
export type Told = "close connections" | "alarm on" | "alarm off"

/** The three kinds. */
export type ChildKind = "worker" | "emitter" | "host"

/** What all processes are started with. */
export interface Places {
  readonly runtime: RuntimeChoice
  readonly folder: string
  /** What the process of that name and number is told in variables. */
  readonly env: (name: string, index: number) => Readonly<Record<string, string>>
  /** Called when one ends unasked, with what is known. */
  readonly onLoss: (what: string) => void
}

const root = join(import.meta.dirname, "../..")

const flags: Readonly<Record<RuntimeName, ReadonlyArray<string>>> = {
  bun: [],
  deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
  node: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
}

/** The name of a process by its number, counted from 0. */
export const childName = (kind: ChildKind, index: number): string => `${kind}-${index + 1}`

/** The runtime of a place: all its lives are on one. */
const runtimeAt = ({ runtime }: Places, kind: ChildKind, index: number): RuntimeName =>
  runtime === "all" ? turns[(index + starts[kind]) % turns.length]! : runtime

const turns = ["bun", "deno", "node"] as const

/** So that the first of each kind are not all on one runtime. */
const starts = { worker: 0, emitter: 1, host: 2 } as const

/** Starts a place's first process. */
export const startChild = (
  places: Places,
  kind: ChildKind,
  settings: Omit<ChildSettings, "lines" | "folder">,
): Child => {
  const name = childName(kind, settings.index)
  const runtime = runtimeAt(places, kind, settings.index)
  const log = createWriteStream(join(places.folder, `${name}.log`), { flags: "a" })
  let life = 0
  let ready = false
  let changedAt = Date.now()
  let asked = false

  const launch = (): ChildProcess => {
    const lines = join(places.folder, `${name}.${++life}.lines`)
    const child = spawn(join(root, "node_modules/.bin", runtime), [
      ...flags[runtime],
      join(import.meta.dirname, `${kind}.ts`),
      JSON.stringify({ ...settings, folder: places.folder, lines }),
    ], {
      cwd: root,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...places.env(name, settings.index) },
    })
    child.stdin?.on("error", () => {})
    createInterface({ input: child.stderr! }).on("line", (line) => log.write(`${line}\n`))
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const [, word, at] = /^@(\w+) (\d+)$/.exec(line) ?? []
      if (word === undefined) return void log.write(`${line}\n`)
      if (child !== current) return
      ready = word === "ready"
      changedAt = Number(at)
    })
    child.on("exit", (code, signal) => {
      if (child !== current || asked) return
      places.onLoss(`${name} ended by itself (${signal ?? `exit code ${code}`}); see ${name}.log`)
      ready = false
      current = launch()
    })
    return child
  }
  let current = launch()

  const gone = (child: ChildProcess) =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const kill = (child: ChildProcess) => {
    // not `child.kill`, which under Deno makes its exit code unknown
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(child.pid, "SIGKILL")
    }
  }

  return {
    name,
    isReady: () => ready,
    changedAt: () => changedAt,
    pid: () => current.pid,
    tell: (line) => void current.stdin?.write(`${line}\n`),
    replace: async (away = 0) => {
      const old = current
      asked = true
      ready = false
      kill(old)
      await gone(old)
      if (away > 0) await delay(away)
      asked = false
      current = launch()
    },
    pause: async (ms) => {
      const { pid } = current
      // a process that stays stopped would outlive this one: whoever stops it also lets it go on
      const shell = spawn("sh", ["-c", `kill -STOP ${pid}; sleep ${ms / 1_000}; kill -CONT ${pid}`], {
        stdio: "ignore",
      })
      await gone(shell)
    },
    stop: async (ms) => {
      asked = true
      current.stdin?.write("stop\n")
      const giveUp = new AbortController()
      const late = delay(ms, "late" as const, { signal: giveUp.signal })
      late.catch(() => {})
      const how = await Promise.race([gone(current), late])
      giveUp.abort()
      if (how !== "late") return
      kill(current)
      throw new Error(`${name} did not end within ${ms} ms of being asked to; see ${name}.log`)
    },
    end: () => {
      asked = true
      kill(current)
    },
  }
}

/** Waits until all are ready, and have been for a moment; the time since when, or `undefined` after so many ms. */
export const allReady = async (children: ReadonlyArray<Child>, ms: number): Promise<number | undefined> => {
  const until = Date.now() + ms
  const steady = 400
  while (Date.now() < until) {
    const since = Math.max(...children.map((child) => child.changedAt()))
    if (children.every((child) => child.isReady()) && Date.now() - since >= steady) return since
    await delay(20)
  }
  return undefined
}
