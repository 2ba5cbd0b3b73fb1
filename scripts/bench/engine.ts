/**
 * How fast the queue engine is: messages per second through publish, delivery and ack, without any wire or Effect.
 *
 * Stands on `src/broker`; prints figures and judges nothing. Each figure is the best of three rounds.
 */
import { Effect, Scope } from "effect"
import { Broker, Engine, layer, packets } from "../../src/broker/mod.ts"
import { type Packet, type QueueSpec, Transport } from "../../src/transport/mod.ts"

/** Prints the engine's figures. */
export const run = async (): Promise<void> => {
  report("publish + deliver + ack, one queue", 1_000_000, oneQueue)
  report("publish + deliver + ack, topic to 3 queues (copies)", 300_000, threeQueues)
  report("publish + deliver + ack, 1,000 keys in turn", 1_000_000, manyKeys)
  report("chain: each event published by the one before", 1_000_000, chain)
  report("100,000 waiting, then delivered and acked", 100_000, backlog)
  report("100,000 waiting with a TTL, then expired", 100_000, expiring)
  report("requeue and redeliver, 100 in hand", 500_000, requeueing)
  await Effect.runPromise(Effect.scoped(Effect.provide(transport, layer)))
}

const packet: Packet = {
  id: "0",
  type: "sales.orderPlaced",
  app: "sales",
  timestamp: 0,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body: new Uint8Array(64),
}

const queue = (name: string, more: Partial<QueueSpec> = {}): QueueSpec => ({ name, type: "quorum", ...more })

const report = (title: string, count: number, work: (count: number) => number): void => {
  let best = Infinity
  let copies = count
  for (let round = 0; round < 3; round++) {
    const start = performance.now()
    copies = work(count)
    best = Math.min(best, performance.now() - start)
  }
  print(title, copies, best)
}

const print = (title: string, count: number, ms: number): void =>
  console.log(`${title.padEnd(56)} ${Math.round(count / ms * 1000).toLocaleString("en").padStart(12)}/s`)

const acking = (engine: Engine, name: string, prefetch = 100): void => {
  engine.consume(name, { owner: engine, prefetch, deliver: (hand) => engine.settle(hand, "ack") })
}

const oneQueue = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareQueue(queue("a"))
  acking(engine, "a")
  for (let i = 0; i < count; i++) engine.publish("", "a", packet)
  return engine.view().counters.acked
}

const threeQueues = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareExchange({ name: "events", type: "topic" })
  for (const name of ["a", "b", "c"]) {
    engine.declareQueue(queue(name))
    engine.bind({ exchange: "events", queue: name, key: "sales.*" })
    acking(engine, name)
  }
  for (let i = 0; i < count; i++) engine.publish("events", "sales.orderPlaced", packet)
  return engine.view().counters.acked
}

const manyKeys = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareExchange({ name: "events", type: "topic" })
  engine.declareQueue(queue("a"))
  engine.bind({ exchange: "events", queue: "a", key: "#" })
  acking(engine, "a")
  const keys = Array.from({ length: 1000 }, (_, i) => `sales.event${i}`)
  for (let i = 0; i < count; i++) engine.publish("events", keys[i % 1000] ?? "", packet)
  return engine.view().counters.acked
}

const chain = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareQueue(queue("a"))
  let left = count
  engine.consume("a", {
    owner: engine,
    prefetch: 10,
    deliver: (hand) => {
      if (--left > 0) engine.publish("", "a", packet)
      engine.settle(hand, "ack")
    },
  })
  engine.publish("", "a", packet)
  return engine.view().counters.acked
}

const backlog = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareQueue(queue("a"))
  for (let i = 0; i < count; i++) engine.publish("", "a", packet)
  acking(engine, "a")
  return engine.view().counters.acked
}

const expiring = (count: number): number => {
  let now = 0
  const engine = new Engine({ payload: packets, now: () => now })
  engine.declareQueue(queue("a", { messageTtl: 1000 }))
  for (let i = 0; i < count; i++) engine.publish("", "a", packet)
  now = 1000
  engine.tick()
  return engine.view().counters.expired
}

const requeueing = (count: number): number => {
  const engine = new Engine({ payload: packets, now: () => 0 })
  engine.declareQueue(queue("a"))
  for (let i = 0; i < 1000; i++) engine.publish("", "a", packet)
  let left = count
  engine.consume("a", {
    owner: engine,
    prefetch: 100,
    deliver: (hand) => engine.settle(hand, left-- > 0 ? "requeue" : "ack"),
  })
  return engine.view().counters.requeued
}

/** The same through the port, where every publish is an effect and every settlement another. */
const transport = Effect.gen(function* () {
  const count = 300_000
  const port = yield* Transport
  const { engine } = yield* Broker
  const scope = yield* Scope.Scope
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  yield* port.declare({ exchanges: [], queues: [queue("a")], bindings: [] })
  yield* port.consume("a", { prefetch: 100 }, (delivery) => fork(delivery.settle("ack"))).pipe(Scope.provide(scope))
  const start = performance.now()
  for (let i = 0; i < count; i++) yield* port.publish({ exchange: "", key: "a" }, packet)
  print("through the port, one fiber a delivery", engine.view().counters.acked, performance.now() - start)
})

if (import.meta.main) await run()
