/**
 * How a newcomer learns who is there: in a crowd one process tells of all, elsewhere all are asked.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Clock, Effect, Exit, Scope } from "effect"
import { Broker, layer } from "../../src/broker/mod.ts"
import { Directory } from "../../src/runtime/Directory.ts"
import { makeRoll, type Roll } from "../../src/runtime/Roll.ts"
import { defaultSettings } from "../../src/runtime/Settings.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import {
  type Announcement,
  decodeNotice,
  directoryTopology,
  encodeNotice,
  Exchange,
  noticePacket,
  QueueName,
} from "../../src/wire/mod.ts"

const start = 1_000_000
const crowd = 50

const server = (instance: string, apps: Announcement["apps"] = [{ app: "a", handlers: [] }]): Announcement => ({
  instance,
  apps,
  emits: [],
  calls: [],
  host: "h",
  pid: 1,
  runtime: "bun 1",
  version: "",
  startedAt: 1,
  state: "running",
  every: 3_600_000,
  inHand: 0,
  handled: 0,
  failed: 0,
})

interface Process {
  readonly roll: Roll
  readonly directory: Directory
  /** Whether it may tell. */
  readonly own: { mayTell: boolean }
  readonly watched: () => boolean
  /** What it was told of another process's clock. */
  readonly clocks: Array<number | undefined>
  /** Reads its control queue. */
  readonly listen: Effect.Effect<void>
  readonly leave: Effect.Effect<void>
}

interface World {
  readonly process: (instance: string, known: number) => Effect.Effect<Process>
  /** Who was asked for by questions to everybody, with what they were about. */
  readonly asked: Array<string>
  readonly advance: (ms: number) => Effect.Effect<void>
  readonly consumers: () => number
  readonly broker: Broker["Service"]
}

/** A broker, and somebody who hears all questions to everybody. */
const inWorld = (body: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) => {
  const clock = new FakeClock(start)
  const now = clock.currentTimeMillisUnsafe
  const program = Effect.gen(function* () {
    const broker = yield* Broker
    const runFork = Effect.runForkWith(yield* Effect.context<never>())
    const asked: Array<string> = []
    const ear = yield* broker.connect
    yield* ear.declare({
      exchanges: [{ name: Exchange.control, type: "topic" }],
      queues: [{ name: "ear", type: "classic", durable: false, exclusive: true }],
      bindings: [{ exchange: Exchange.control, queue: "ear", key: "presence.#" }],
    })
    yield* ear.consume("ear", { prefetch: 100 }, ({ packet, settle }) => {
      const said = decodeNotice(packet.body)
      assert.ok(said?.kind === "ask")
      asked.push(said.callers === true ? `${said.instance}, callers` : said.instance)
      runFork(Effect.ignore(settle("ack")))
    })
    const settle = Effect.promise(async () => {
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
    })
    const process = Effect.fnUntraced(function* (instance: string, known: number) {
      const scope = yield* Scope.make()
      const transport = yield* broker.connect.pipe(Scope.provide(scope))
      const directory = new Directory(instance, now, defaultSettings.heartbeat)
      directory.heard(server(instance))
      for (let i = 0; i < known; i++) directory.heard(server(`x${i}`), { sent: i, at: i })
      const own = { mayTell: true }
      let isWatching = false
      const clocks: Process["clocks"] = []
      const packet = (body: Uint8Array, expiration: number) => noticePacket("", "a", now(), expiration, body)
      const roll = makeRoll({
        core: { instance, now, runFork, settings: defaultSettings, transport },
        directory,
        notice: (said, expiration) => packet(encodeNotice(said)!, expiration),
        telling: packet,
        mayTell: () => own.mayTell,
        watch: Effect.sync(() => isWatching = true),
        onHearsay: (hearsay) => {
          clocks.push(hearsay.sent)
          directory.told(hearsay)
        },
      })
      yield* Effect.orDie(transport.declare({
        exchanges: [],
        queues: [{ name: QueueName.control(instance), type: "classic", durable: false, exclusive: true }],
        bindings: [],
      }))
      const listen = transport.consume(QueueName.control(instance), { prefetch: 100 }, (delivery) => {
        const said = decodeNotice(delivery.packet.body)
        if (said?.kind === "told") roll.take(said.told)
        if (said?.kind === "tell") roll.answer(said.instance, said.callers)
        if (said?.kind === "announce") directory.heard(said.announcement)
        runFork(Effect.ignore(delivery.settle("ack")))
      }).pipe(Scope.provide(scope), Effect.orDie)
      yield* listen
      yield* roll.start.pipe(Scope.provide(scope))
      return { roll, directory, own, listen, watched: () => isWatching, clocks, leave: Scope.close(scope, Exit.void) }
    })
    const advance = (ms: number) =>
      Effect.andThen(settle, Effect.andThen(Effect.sync(() => clock.moveTo(now() + ms)), settle))
    yield* body({
      process,
      asked,
      advance,
      consumers: () => broker.engine.queue(QueueName.directory)?.consumers ?? 0,
      broker,
    })
  })
  return Effect.runPromise(
    Effect.scoped(program.pipe(Effect.provide(layer))).pipe(Effect.provideService(Clock.Clock, clock)),
  )
}

/** A process that knows a crowd and tells of it. */
const teller = Effect.fnUntraced(function* ({ advance, process }: World, instance: string) {
  const one = yield* process(instance, crowd)
  yield* one.roll.ask(false)
  yield* advance(1_000)
  yield* advance(defaultSettings.heartbeat)
  return one
})

describe("Roll", () => {
  test("asks everybody where nobody tells, and knows after a second", () =>
    inWorld(({ advance, asked, consumers, process }) =>
      Effect.gen(function* () {
        const one = yield* process("a", crowd - 2)
        assert.equal(one.roll.isKnown(), false)
        yield* one.roll.ask(false)
        yield* one.roll.ask(true)
        yield* advance(999)
        assert.deepEqual([asked, one.roll.isKnown()], [["a", "a, callers"], false])
        yield* advance(1)
        assert.ok(one.roll.isKnown())
        one.roll.lost()
        assert.equal(one.roll.isKnown(), false)
        // no crowd
        yield* advance(60_000)
        assert.equal(consumers(), 0)
      })
    ))

  test("is told of all by one of a crowd, and asks nobody else", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const elder = yield* teller(world, "a")
        assert.ok(elder.watched() && world.consumers() === 1)
        elder.directory.heard(server("caller", []), { sent: 77 })
        elder.directory.heard({ ...server("x0"), state: "gone" })
        world.asked.length = 0
        const newcomer = yield* world.process("n", 0)
        yield* newcomer.roll.ask(false)
        yield* world.advance(0)
        assert.deepEqual([world.asked, newcomer.roll.isKnown()], [[], true])
        assert.equal(newcomer.directory.servers(), crowd + 1)
        assert.deepEqual([newcomer.directory.get("caller"), newcomer.directory.get("x0")], [undefined, undefined])
        assert.equal(newcomer.clocks.filter((sent) => sent !== undefined).length, crowd - 1)
        yield* newcomer.roll.ask(true)
        yield* world.advance(20_000)
        assert.equal(newcomer.directory.get("caller")?.life, "running")
        assert.deepEqual(world.asked, [])
      })
    ))

  test("is told of whoever announced itself before it asked, though the one that tells has not read that yet", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const elder = yield* teller(world, "a")
        // an announcement that lies in its queue, and is read after the question has come
        const held = world.broker.engine.consumers(QueueName.control("a"))[0]!
        world.broker.engine.cancel(held)
        const transport = yield* world.broker.connect
        const body = encodeNotice({ kind: "announce", announcement: server("new") })!
        yield* transport.publish(
          { exchange: "", key: QueueName.control("a") },
          noticePacket("", "a", start, 60_000, body),
        )
        const newcomer = yield* world.process("n", 0)
        yield* newcomer.roll.ask(false)
        yield* world.advance(0)
        assert.equal(newcomer.roll.isKnown(), false)
        yield* elder.listen
        yield* world.advance(0)
        assert.equal(newcomer.directory.get("new")?.life, "running")
      })
    ))

  test("asks everybody when nothing is told in time", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const silent = yield* world.broker.connect
        yield* silent.declare(directoryTopology)
        yield* silent.consume(QueueName.directory, { prefetch: 10 }, () => {})
        const newcomer = yield* world.process("n", 0)
        yield* newcomer.roll.ask(false)
        yield* world.advance(14_999)
        assert.deepEqual([world.asked, newcomer.roll.isKnown()], [[], false])
        yield* world.advance(1)
        assert.deepEqual(world.asked, ["n"])
        yield* world.advance(1_000)
        assert.ok(newcomer.roll.isKnown())
      })
    ))

  test("is told by another one when the first dies with the question in hand", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        yield* teller(world, "a")
        world.asked.length = 0
        const doomed = yield* world.broker.connect
        yield* doomed.consume(QueueName.directory, { prefetch: 10 }, () => {})
        const newcomers = [yield* world.process("m", 0), yield* world.process("n", 0)]
        for (const { roll } of newcomers) yield* roll.ask(false)
        yield* world.advance(0)
        assert.deepEqual(newcomers.map(({ roll }) => roll.isKnown()).sort(), [false, true])
        const [, second] = world.broker.engine.consumers(QueueName.directory)
        world.broker.engine.loseConsumer(second!)
        yield* world.advance(0)
        assert.deepEqual(newcomers.map(({ directory }) => directory.servers()), [crowd + 2, crowd + 2])
        assert.deepEqual([world.asked, newcomers.every(({ roll }) => roll.isKnown())], [[], true])
      })
    ))

  test("stops telling when the crowd is gone, when it may not, and while thirty older ones are there", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const elder = yield* teller(world, "a")
        elder.own.mayTell = false
        yield* world.advance(defaultSettings.heartbeat)
        assert.equal(world.consumers(), 0)
        elder.own.mayTell = true
        yield* world.advance(defaultSettings.heartbeat)
        assert.equal(world.consumers(), 1)
        elder.directory.heard({ ...server("x1"), state: "gone" })
        elder.directory.heard({ ...server("x2"), state: "gone" })
        yield* world.advance(defaultSettings.heartbeat)
        assert.equal(world.consumers(), 0)
        // "x…" of all others is older
        yield* teller(world, "y")
        assert.equal(world.consumers(), 0)
      })
    ))

  test("tells on after its connection was lost, of what it knew and has heard since", () =>
    inWorld((world) =>
      Effect.gen(function* () {
        const elder = yield* teller(world, "a")
        world.asked.length = 0
        elder.roll.lost()
        assert.equal(elder.roll.isKnown(), false)
        const newcomer = yield* world.process("n", 0)
        yield* newcomer.roll.ask(false)
        yield* world.advance(0)
        assert.deepEqual([world.asked, newcomer.roll.isKnown()], [[], true])
      })
    ))
})
