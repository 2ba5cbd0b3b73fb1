/**
 * Cases of the runtime suite: a process tells whoever taps, and nobody else is touched by it.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { handle, on } from "../runtime/mod.ts"
import type { Packet } from "../transport/mod.ts"
import {
  decodeTapHello,
  decodeTapNotice,
  encodeTapOrder,
  QueueName,
  routeTo,
  tapHello,
  tapHelloType,
  type TapNotice,
  type TapOrder,
  tapPacket,
  tapQueue,
  tapType,
} from "../wire/mod.ts"
import { failure, foreign, type RuntimeCase, type RuntimeRig, until } from "./runtimeSuiteRig.ts"

/** A tap by hand: its queue on the bare connection, and orders to whom it likes. */
const tapping = Effect.fnUntraced(function* (
  { name, contracts, transport }: RuntimeRig,
  part: Partial<TapOrder> = {},
) {
  const pattern = `${contracts.happened.type.split(".")[0]}.*`
  const order: TapOrder = {
    asker: name("asker"),
    key: crypto.randomUUID(),
    pattern,
    where: [],
    mode: "messages",
    lease: 5_000,
    ...part,
  }
  const queue = tapQueue(order)
  yield* transport.declare({
    exchanges: [],
    queues: [{ name: queue, type: "classic", durable: false, exclusive: true, autoDelete: true }],
    bindings: [{ exchange: tapHello.exchange, queue, key: tapHello.key }],
  })
  const told: Array<TapNotice> = []
  const hellos: Array<string> = []
  const say = (to: Parameters<typeof transport.publish>[0], change: Partial<TapOrder> = {}) =>
    transport.publish(to, tapPacket(tapType, "t", "suite", 1, encodeTapOrder({ ...order, ...change })!))
  const send = (packet: Packet) =>
    Effect.runFork(Effect.ignore(say(routeTo.queue(QueueName.control(
      decodeTapHello(packet.body)!,
    )))))
  yield* transport.consume(queue, { prefetch: 10 }, ({ packet, settle }) => {
    if (packet.type === tapHelloType) {
      hellos.push(decodeTapHello(packet.body)!)
      send(packet)
    } else told.push(decodeTapNotice(packet.body)!)
    Effect.runFork(Effect.ignore(settle("ack")))
  })
  const everybody = routeTo.presenceOfCallers("ask")
  const messages = () => told.flatMap(({ messages }) => messages)
  const from = (instance: string) => told.filter((one) => one.instance === instance)
  return { say, everybody, told, messages, hellos, from }
})

/** Tapping. */
export const taps: ReadonlyArray<RuntimeCase> = [
  {
    name: "what is emitted and called is told by its sender, on whatever lane, and nobody listening is noticed as ever",
    run: (rig) =>
      Effect.gen(function* () {
        const { contracts, name, start } = rig
        const app = name("app")
        const server = yield* start({ [app]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } })
        const caller = yield* start()
        const { say, everybody, messages, from } = yield* tapping(rig)
        yield* say(everybody)
        yield* until("both tell", () => [server, caller].every(({ core }) => from(core.instance).length > 0))
        assert.ok(caller.core.taps.isOpen)
        const { id } = yield* caller.bus.emit(contracts.happened({ n: 1 }))
        for (let n = 0; n < 3; n++) yield* caller.bus.call(contracts.ask({ n }))
        yield* failure(caller.bus.call(contracts.far({ n: 1 })))
        yield* until("all are told", () => messages().length === 5)
        const { happened, ask, far } = contracts
        assert.deepEqual(messages().map(({ type, kind }) => `${kind} ${type}`), [
          `event ${happened.type}`,
          ...[1, 2, 3].map(() => `call ${ask.type}`),
          `call ${far.type}`,
        ])
        const [first] = messages()
        assert.deepEqual([first!.id, first!.heard, first!.body], [id, false, '{"n":1}'])
        assert.deepEqual(caller.facts("unheard").map(({ type }) => type), [happened.type])
        assert.ok(messages().every(({ foreign }) => foreign === undefined))
        // the last word counts
        yield* say(everybody, { lease: 0 })
        yield* until("nobody tells any more", () => [server, caller].every(({ core }) => !core.taps.isOpen))
        yield* caller.bus.emit(contracts.happened({ n: 2 }))
        yield* Effect.sleep(150)
        assert.equal(messages().length, 5)
      }),
  },
  {
    name: "an order holds for as long as it says, and no longer than its queue is there",
    run: (rig) =>
      Effect.gen(function* () {
        const { contracts, start } = rig
        const one = yield* start()
        const { say, everybody, from, messages } = yield* tapping(rig)
        yield* say(everybody, { lease: 300 })
        yield* until("it tells", () => from(one.core.instance).length > 0)
        yield* Effect.sleep(400)
        yield* one.bus.emit(contracts.happened({ n: 1 }))
        assert.equal(one.core.taps.isOpen, false)
        assert.equal(messages().length, 0)
        // nobody has the queue of this one
        yield* say(everybody, { key: "gone" })
        yield* until("it has heard", () => one.core.taps.isOpen)
        yield* until(
          "it tells nobody",
          () => {
            Effect.runFork(one.bus.emit(contracts.happened({ n: 2 })))
            return !one.core.taps.isOpen
          },
        )
      }),
  },
  {
    name: "a process that begins hears of a tap at once, and tells what it sent before",
    needs: ["shared"],
    run: (rig) =>
      Effect.gen(function* () {
        const { contracts, start } = rig
        const { messages, hellos } = yield* tapping(rig)
        const one = yield* start()
        yield* one.bus.emit(contracts.happened({ n: 7 }))
        yield* until("it is told", () => messages().length === 1)
        assert.ok(hellos.includes(one.core.instance))
        assert.equal(messages()[0]!.body, '{"n":7}')
      }),
  },
  {
    name: "who begins where nobody taps knows it soon, and tells nothing",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const one = yield* start()
        yield* one.bus.emit(contracts.happened({ n: 1 }))
        yield* until("it knows", () => !one.core.taps.isOpen)
      }),
  },
  {
    name: "orders that cannot be read, or that are too much, do nothing",
    run: (rig) =>
      Effect.gen(function* () {
        const { contracts, name, start, transport } = rig
        const app = name("app")
        const one = yield* start({ [app]: { note: on(contracts.happened, () => {}) } })
        yield* until("it knows of no tap", () => !one.core.taps.isOpen)
        const control = routeTo.queue(QueueName.control(one.core.instance))
        const good = { v: 1, asker: "a", key: "k", pattern: "#", where: [], mode: "messages", lease: 5_000 }
        const bad: ReadonlyArray<unknown> = [
          null,
          [],
          { ...good, v: 2 },
          { ...good, asker: "a/b" },
          { ...good, key: "a.b" },
          { ...good, lease: -1 },
          { ...good, mode: "all" },
          { ...good, where: [{}] },
          { ...good, where: Array.from({ length: 21 }, () => ({ path: [], text: "" })) },
          { ...good, pattern: "x".repeat(20_000) },
        ]
        for (const one of bad) yield* transport.publish(control, foreign(JSON.stringify(one), { type: tapType }))
        yield* one.bus.emit(contracts.happened({ n: 1 }))
        yield* until("it is handled", () => one.facts("handled").length === 1)
        assert.equal(one.core.taps.isOpen, false)
      }),
  },
]
