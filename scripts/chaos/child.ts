/**
 * What the processes of a run have in common: they launch on the broker they are given, say whether they are ready, take a
 * sample of what they hold from time to time, and end with their parent.
 *
 * Reached by `emitter.ts`, `worker.ts` and `host.ts`; the other end is `children.ts`. Says `@ready <ms>` and `@unready <ms>` on
 * standard output at each change, and `@stopped` when it is through; `stop` on standard input asks it to be.
 */
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import { createInterface } from "node:readline"
import { Effect, Exit, Metric, Scope } from "effect"
import type { Embedded, EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import { launch, type Launched } from "../../src/launch/mod.ts"
import { type AppModule, CurrentJournal, type Journal } from "../../src/runtime/mod.ts"
import { holding } from "./holding.ts"
import type { Told } from "./children.ts"
import { makeRecorder } from "./record.ts"

/** What the parent passes on, as one JSON argument. */
export interface ChildSettings {
  /** Its address; `undefined`: the embedded one of `data`. */
  readonly broker: string | undefined
  /** The data folder of the embedded broker, and whether this process may host it. */
  readonly embedded: Pick<EmbeddedOptions, "folder" | "mayHost"> | undefined
  readonly folder: string
  /** The file of its lines. */
  readonly lines: string
  /** Counted from 0. */
  readonly index: number
  readonly emitters: number
  readonly rate: number
  readonly callRate: number
  /** s between two samples; 0: none. */
  readonly sampling: number
}

/** The settings of this process. */
export const settings: ChildSettings = JSON.parse(process.argv[2] ?? "{}")

/** Writes down what happened. */
export const record = makeRecorder(settings.lines)

/** Whoever does nothing for longer, ms, writes it down: nobody can be blamed for what it did not do in that time. */
const standstill = 200

const say = (word: string) => process.stdout.write(`@${word} ${Date.now()}\n`)

let stopping: (() => void) | undefined
const asked = new Promise<void>((resolve) => stopping = resolve)
const input = createInterface({ input: process.stdin })
input.on("line", (line) => line === "stop" ? stopping?.() : obey(line))
// whoever started it is gone
input.on("close", () => process.exit(3))

/** What is done to the broker where this process hosts it. */
const obey = (line: string): void => {
  const server = hosting?.server()
  switch (line as Told) {
    case "close connections":
      return server?.close("closed by npm run chaos")
    case "alarm on":
      return server?.trouble("raised by npm run chaos")
    case "alarm off":
      return server?.trouble(undefined)
  }
}
let hosting: Embedded | undefined

let fibers = 0
const counting = {
  recordFiberStart: () => void fibers++,
  recordFiberEnd: () => void fibers--,
}

/** Runs an effect on the counted services, so that a fiber which never ends is seen. */
export const run = <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<Exit.Exit<A, E>> =>
  Effect.runPromiseExit(
    Effect.provideService(effect, Metric.FiberRuntimeMetrics, counting),
    signal === undefined ? {} : { signal },
  )

/** Tells of what took another lane. */
export const told: Journal = {
  record: ({ fact, at, error = "" }) =>
    fact === "rerouted" ? record("rerouted", at, error.replaceAll(" ", "_")) : undefined,
}

/** Launches, and again while there is no broker to be reached; then does `work` until it is asked to stop. */
export const main = async (
  apps: ReadonlyArray<AppModule>,
  work: (launched: Launched, asked: Promise<void>) => Promise<void>,
  journal: Journal = told,
): Promise<void> => {
  const { broker, embedded } = settings
  const scope = Effect.runSync(Scope.make())
  let launched: Launched | undefined
  while (launched === undefined) {
    const inner = Effect.runSync(Scope.fork(scope))
    const launching = Effect.provideService(launch({ broker, embedded, apps }), CurrentJournal, journal)
    const exit = await run(Scope.provide(launching, inner))
    if (Exit.isSuccess(exit)) launched = exit.value
    else {
      console.log(`Cannot launch: ${exit.cause}`)
      await Effect.runPromise(Scope.close(inner, Exit.void))
      await delay(250)
    }
  }
  const { host, core } = launched
  hosting = launched.embedded
  let was = false
  let last = Date.now()
  const watch = setInterval(() => {
    const now = Date.now()
    if (now - last > standstill) record("stood", last, now)
    last = now
    const is = host.isReady() && core.outbox.obstacle() === undefined
    if (is !== was) say(is ? "ready" : "unready")
    was = is
  }, 20)
  const sampling = settings.sampling === 0 ? undefined : setInterval(() => {
    const { heap, rss, timers, sockets } = holding()
    record("holds", Date.now(), heap, rss, fibers, timers, sockets)
  }, settings.sampling * 1_000)
  await work(launched, asked)
  clearInterval(watch)
  clearInterval(sampling)
  await Effect.runPromise(Scope.close(scope, Exit.void))
  say("stopped")
  process.exit(0)
}
