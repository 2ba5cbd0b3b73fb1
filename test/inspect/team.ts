/**
 * Several processes over one broker inside the test, which know of each other as on RabbitMQ, and a scene to look at them.
 *
 * For tests of inspection that need no real broker: heartbeats are fast, a process can be killed, and nothing is installed.
 */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Broker, layer as inProcess, makeSteward } from "../../src/broker/mod.ts"
import type { Place, Scene } from "../../src/inspect/mod.ts"
import type { Namespace, Settings } from "../../src/runtime/mod.ts"
import { type OpenProcess, openProcess } from "../../src/testing/openProcess.ts"
import { CurrentIdentity, type Steward, Transport } from "../../src/transport/mod.ts"

/** A process that can be killed. */
export interface Member extends OpenProcess {
  /** As when its connection is cut: it says nothing. */
  readonly kill: Effect.Effect<void>
}

/** See the top of the file. */
export interface Team {
  readonly start: (
    apps?: Readonly<Record<string, Namespace>>,
    settings?: Partial<Settings>,
  ) => Effect.Effect<Member, unknown, Scope.Scope>
  /** The broker as it is. */
  readonly steward: Steward
  /** What somebody sees who joins and waits until all of them were heard. */
  readonly scene: (change?: Partial<Scene>) => Effect.Effect<Scene, unknown, Scope.Scope>
}

/** Where they are. */
export const place: Place = {
  kind: "rabbitmq",
  server: "RabbitMQ 4.1.0",
  label: "amqp://guest@127.0.0.1:5672",
  vhost: "/",
  user: "guest",
  addresses: ["127.0.0.1:5672"],
  cluster: "rabbit@here",
}

/** Runs a test with a team. */
export const withTeam = (body: (team: Team) => Effect.Effect<void, unknown, Scope.Scope>) => (): Promise<void> =>
  Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const broker = Context.get(
      (yield* Layer.build(Layer.fresh(inProcess))) as Context.Context<unknown> as Context.Context<Broker>,
      Broker,
    )
    const start: Team["start"] = Effect.fnUntraced(function* (apps = {}, settings = {}) {
      const wire = yield* Scope.fork(yield* Effect.scope)
      const identity = { name: "warren", instance: crypto.randomUUID(), apps: Object.keys(apps) }
      const inner = yield* Scope.provide(broker.connect, wire).pipe(Effect.provideService(CurrentIdentity, identity))
      const transport = { ...inner, traits: { ...inner.traits, shared: true } }
      const process = yield* openProcess(apps, { heartbeat: 100, grace: 100, ...settings }).pipe(
        Effect.provideService(Transport, transport),
        Effect.provideService(CurrentIdentity, identity),
      )
      return { ...process, kill: Scope.close(wire, Exit.void) }
    })
    const scene: Team["scene"] = Effect.fnUntraced(function* (change = {}) {
      const { core, bus } = yield* start({}, { app: "onlooker" })
      yield* core.presence.watch
      yield* Effect.sleep(300)
      const nothing = { look: () => Effect.succeed(undefined) } as unknown as Scene["steward"]
      return {
        core,
        bus,
        steward: nothing,
        surveyor: nothing,
        note: undefined,
        place,
        contracts: new Map(),
        ...change,
      }
    })
    yield* body({ start, scene, steward: makeSteward(broker) })
  })))
