/**
 * One process as another program would have it: a bus, the apps it hosts, and every fact it notes.
 *
 * For suites and tests with several processes in one. Stands on the transport it is provided with; links, clock and logs
 * are those of whoever opens it. Starts no broker, and knows no time.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import {
  Bus,
  busLayer,
  type BusShape,
  Core,
  type CoreShape,
  CurrentJournal,
  CurrentSettings,
  defaultSettings,
  type Entry,
  type Fact,
  type Host,
  makeHost,
  type Namespace,
  readModule,
  type Settings,
} from "../runtime/mod.ts"
import type { Transport } from "../transport/mod.ts"

/** An open process. */
export interface OpenProcess {
  readonly bus: BusShape
  readonly core: CoreShape
  readonly host: Host
  /** All facts so far, or those of one kind. */
  readonly facts: (fact?: Fact) => ReadonlyArray<Entry>
}

/** Opens a process with these apps (by name) in its own scope; `settings`: what differs from the defaults. */
export const openProcess = Effect.fnUntraced(function* (
  apps: Readonly<Record<string, Namespace>>,
  settings: Partial<Settings>,
): Effect.fn.Return<OpenProcess, unknown, Scope.Scope | Transport> {
  const entries: Array<Entry> = []
  const modules = yield* Effect.forEach(
    Object.entries(apps),
    ([app, namespace]) => Effect.fromResult(readModule(namespace, { file: `${app}.ts`, app })),
  )
  return yield* Effect.gen(function* () {
    // fresh: each one is a process of its own
    const services = yield* Layer.build(Layer.fresh(busLayer))
    const [bus, core] = [Context.get(services, Bus), Context.get(services, Core)]
    return {
      bus,
      core,
      host: yield* makeHost(core, bus, modules),
      facts: (fact?: Fact) => entries.filter((entry) => fact === undefined || entry.fact === fact),
    }
  }).pipe(
    Effect.provideService(CurrentJournal, { record: (entry: Entry) => void entries.push(entry) }),
    Effect.provideService(CurrentSettings, { ...defaultSettings, ...settings }),
  )
})
