/**
 * `testBus`: runs worker modules on a fake transport and clock, and gives a test its verbs.
 *
 * The fake is the embedded engine on a clock that stands still, under the same runtime as in production, so what a test
 * sees is what a broker would do. Prints nothing; a failed expectation carries the timeline.
 */
import { Cause, Clock, Context, Effect, Exit, type Fiber, Layer, Logger, Result, Scheduler, type Scope } from "effect"
import { Broker, layer as inProcess } from "../broker/mod.ts"
import {
  type AppModule,
  Bus,
  busLayer,
  type BusShape,
  Core,
  CurrentJournal,
  CurrentSettings,
  defaultSettings,
  Inbox,
  type InboxShape,
  type InvalidModule,
  isHandler,
  makeHost,
  makeMemoryInbox,
  type Namespace,
  readModule,
} from "../runtime/mod.ts"
import { CurrentIdentity, Transport } from "../transport/mod.ts"
import { CurrentIds, makeIds } from "../wire/mod.ts"
import { FakeClock } from "./FakeClock.ts"
import { makeFaulty } from "./Faults.ts"
import { Lineage } from "./Lineage.ts"
import { settle } from "./Quiescence.ts"
import { Recorder } from "./Recorder.ts"
import type { TestBus } from "./TestBusShape.ts"
import { makeVerbs } from "./verbs.ts"

/** Options of {@link testBus}. */
export interface TestBusOptions {
  /** The clock's start. @default "2026-01-01T00:00:00Z" */
  readonly start?: string | number | Date
  /** Longest real wait for a handler that is not asleep on the fake clock, ms. @default 5000 */
  readonly patience?: number
  /** Remembers completed messages for `dedupe`. @default a fresh one in memory */
  readonly inbox?: InboxShape
}

/** Modules as a list, or by the name of their app. */
export type Modules = ReadonlyArray<Namespace> | { readonly [app: string]: Namespace }

/**
 * Runs one test over worker modules; the promise is the test's.
 *
 * @param modules worker modules (`import * as sales from "./sales.ts"`); an app's name is its worker's, its key, or the
 * api whose calls it handles
 * @param body the test, as an Effect or an async function
 */
export const testBus = async (
  modules: Modules,
  body: (bus: TestBus) => Effect.Effect<unknown, unknown, Bus> | PromiseLike<unknown> | void,
  options: TestBusOptions = {},
): Promise<void> => {
  const clock = new FakeClock(new Date(options.start ?? "2026-01-01T00:00:00Z").getTime())
  const lineage = new Lineage()
  const waiting = new Set<Fiber.Fiber<unknown, unknown>>()
  const recorder = new Recorder(clock.currentTimeMillisUnsafe)
  const ids = makeIds(seeded())
  const identity = { name: "test", instance: ids.next(clock.currentTimeMillisUnsafe()), apps: ["test"] }
  const services = Context.make(Clock.Clock, clock).pipe(
    Context.add(Scheduler.Scheduler, lineage),
    Context.add(CurrentIds, ids),
    Context.add(CurrentIdentity, identity),
    Context.add(CurrentJournal, recorder),
    // at the end of a test nothing is waited for: what is in hand is given back at once
    Context.add(CurrentSettings, { ...defaultSettings, app: "test", grace: 0 }),
    Context.add(Inbox, options.inbox ?? patient(makeMemoryInbox(), waiting)),
  )
  const program = Effect.gen(function* () {
    const apps = yield* Effect.fromResult(readModules(modules))
    const { verbs, services } = yield* build(apps, { clock, recorder, lineage, waiting }, options.patience ?? 5_000)
    const result = body(verbs)
    if (Effect.isEffect(result)) yield* Effect.provideContext(result, services)
    else if (result !== undefined) yield* Effect.tryPromise({ try: () => Promise.resolve(result), catch: (e) => e })
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])), Effect.provideContext(services))
  // the failure itself, not wrapped, so that runners show its message and stack
  const exit = await Effect.runPromiseExit(program)
  if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
}

/** What a test is watched with. */
interface Parts {
  readonly clock: FakeClock
  readonly recorder: Recorder
  readonly lineage: Lineage
  /** Fibers that others will wake. */
  readonly waiting: Set<Fiber.Fiber<unknown, unknown>>
}

const build = Effect.fnUntraced(function* (
  apps: ReadonlyArray<AppModule>,
  { clock, recorder, lineage, waiting }: Parts,
  patience: number,
) {
  const broker = yield* Layer.build(Layer.fresh(inProcess))
  const faulty = makeFaulty(Context.get(broker, Transport), (route, packet) => recorder.published(route, packet))
  const services = yield* Layer.build(
    Layer.fresh(busLayer.pipe(Layer.provide(Layer.succeed(Transport, faulty.transport)))),
  )
  const core = Context.get(services, Core)
  const { engine } = Context.get(broker, Broker)
  const bus = watch(Context.get(services, Bus), waiting)
  yield* makeHost(core, bus, apps)
  const context = Context.add(yield* Effect.context<Scope.Scope>(), Bus, bus)
  const quiet = settle({
    hands: core.hands,
    clock,
    lineage,
    waiting,
    activity: () => recorder.activity,
    backlog: () => engine.backlog,
  }, patience)
  yield* quiet
  const verbs = makeVerbs({
    core,
    bus,
    clock,
    recorder,
    quiet,
    arm: faulty.arm,
    broker: Context.get(broker, Broker),
    scope: yield* Effect.scope,
    run: (effect) => Effect.runPromiseExitWith(context)(effect),
  })
  return { verbs, services: context }
})

/** Notes which fibers wait for the bus, so that they do not count as busy. */
const watch = (bus: BusShape, waiting: Set<Fiber.Fiber<unknown, unknown>>): BusShape => {
  const noted = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiber((fiber) => {
      waiting.add(fiber)
      return Effect.ensuring(effect, Effect.sync(() => waiting.delete(fiber)))
    })
  return {
    emit: (message, options) => noted(bus.emit(message, options)),
    call: (message, options) => noted(bus.call(message, options)),
  }
}

/** Notes which fibers wait for another delivery of their message to end. */
const patient = (inbox: InboxShape, waiting: Set<Fiber.Fiber<unknown, unknown>>): InboxShape => ({
  process: (key, effect) =>
    Effect.withFiber((fiber) => {
      waiting.add(fiber)
      const begin = Effect.suspend(() => {
        waiting.delete(fiber)
        return effect
      })
      return Effect.ensuring(inbox.process(key, begin), Effect.sync(() => waiting.delete(fiber)))
    }),
})

/** The apps of a test's modules; those without a name are called after the api whose calls they handle. */
const readModules = (modules: Modules): Result.Result<ReadonlyArray<AppModule>, InvalidModule> => {
  const entries: ReadonlyArray<readonly [string | undefined, Namespace]> = isList(modules)
    ? modules.map((namespace) => [undefined, namespace])
    : Object.entries(modules)
  const apps: Array<AppModule> = []
  for (const [i, [key, namespace]] of entries.entries()) {
    const file = key ?? `module ${i + 1} of the test`
    const read = readModule(namespace, { file, app: key ?? servedApi(namespace) ?? `app${i + 1}` })
    if (Result.isFailure(read)) return Result.fail(read.failure)
    apps.push(read.success)
  }
  return Result.succeed(apps)
}

const isList = (modules: Modules): modules is ReadonlyArray<Namespace> => Array.isArray(modules)

const servedApi = (namespace: Namespace): string | undefined => {
  const apis = new Set(
    Object.values(namespace).flatMap((value) => isHandler(value) && value.kind === "call" ? [value.contract.api] : []),
  )
  return apis.size === 1 ? [...apis][0] : undefined
}

/** Bytes that are the same in every test: a 32-bit xorshift (Marsaglia 2003). */
const seeded = (): (bytes: Uint8Array) => void => {
  let state = 0x9e3779b9
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      bytes[i] = state & 0xff
    }
  }
}
