/**
 * The broker inside the process: an engine on the Effect clock, and the Transport that speaks to it.
 *
 * Above `Engine` and `Connection`; below the runtime, `testBus` and `warren run` without a broker. Adds only time
 * (one fiber that sleeps until something is due, and none when nothing is) and room for others (a long chain of
 * deliveries gives way to the event loop every few thousand). Nothing in it survives the process.
 */
import { Clock, Context, Duration, Effect, Fiber, Layer, type Scope } from "effect"
import { Transport } from "../transport/mod.ts"
import { type Client, connect, type Connection } from "./Connection.ts"
import { Engine } from "./Engine.ts"
import { packets } from "./packets.ts"

/** Deliveries in one go before the event loop gets its turn. */
const BUDGET = 4096

/** The engine of this process, with the faults that tests and the fault laboratory ask for. */
export class Broker extends Context.Service<Broker, {
  /** For the view, inspection and hand-over; the queues are as they are, whoever looks. */
  readonly engine: Engine
  /** Who is connected now. */
  readonly clients: () => ReadonlyArray<Client>
  /** One more connection, as another process would have; it lives until the scope closes. */
  readonly connect: Effect.Effect<Transport["Service"], never, Scope.Scope>
  /**
   * Cuts every connection: status `Disconnected`, and what is in hand goes back, marked and counted. Publishes,
   * declarations and consumes fail `Disconnected` until `reconnect`.
   */
  readonly disconnect: (reason?: string) => Effect.Effect<void>
  /** Mends every connection: declarations and consumers come back, then the status is `Ready`. */
  readonly reconnect: Effect.Effect<void>
  /** `disconnect`, a pause on the clock, `reconnect`. @default no pause */
  readonly loseConnection: (pause?: Duration.Input) => Effect.Effect<void>
  /** The broker ends all consumers of a queue: each `onCancelled` is called. Says how many there were. */
  readonly cancelConsumer: (queue: string) => Effect.Effect<number>
}>()("warren/broker/Broker") {}

/** An engine on the clock of the context, until the scope closes. */
const makeEngine = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  let timer: Fiber.Fiber<void> | undefined
  let ticking = false
  let ended = false

  const now = () => clock.currentTimeMillisUnsafe()
  const wait = Effect.gen(function* () {
    for (let due = engine.nextDue(); due !== undefined; due = engine.nextDue()) {
      yield* clock.sleep(Duration.millis(Math.max(0, due - now())))
      ticking = true
      engine.tick()
      ticking = false
    }
    timer = undefined
  })
  const arm = () => {
    if (ticking || ended) return
    timer?.interruptUnsafe()
    timer = fork(wait)
  }
  const engine: Engine = new Engine({
    payload: packets,
    now,
    budget: BUDGET,
    onDue: arm,
    onBacklog: () => fork(Effect.andThen(Effect.yieldNow, Effect.sync(() => engine.pump()))),
    onDefect: (defect) => fork(Effect.logError("A consumer threw; its delivery stays unsettled", defect)),
  })
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      ended = true
      return timer === undefined ? Effect.void : Fiber.interrupt(timer)
    })
  )
  return engine
})

/** The broker and one connection to it, from one build. */
export const layer: Layer.Layer<Broker | Transport> = Layer.effectContext(Effect.gen(function* () {
  const engine = yield* makeEngine
  const connections = new Set<Connection>()
  const all = <A>(act: (connection: Connection) => Effect.Effect<A>) =>
    Effect.suspend(() => Effect.forEach([...connections], act))

  const open = Effect.acquireRelease(
    Effect.tap(connect(engine), (connection) => Effect.sync(() => connections.add(connection))),
    (connection) => Effect.sync(() => connections.delete(connection)),
  )
  const disconnect = (reason = "the connection was cut") => Effect.asVoid(all((connection) => connection.cut(reason)))
  const reconnect = Effect.asVoid(all((connection) => connection.mend))

  const first = yield* open
  const broker = Broker.of({
    engine,
    clients: () => [...connections].flatMap((connection) => connection.client() ?? []),
    connect: Effect.map(open, (connection) => connection.transport),
    disconnect,
    reconnect,
    loseConnection: Effect.fn("Broker.loseConnection")(function* (pause: Duration.Input = 0) {
      yield* disconnect()
      yield* Effect.sleep(pause)
      yield* reconnect
    }),
    cancelConsumer: (queue) =>
      Effect.map(all((connection) => connection.cancelConsumer(queue)), (counts) => counts.reduce((a, b) => a + b, 0)),
  })
  return Context.make(Broker, broker).pipe(Context.add(Transport, first.transport))
}))
