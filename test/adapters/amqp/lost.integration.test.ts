/**
 * A line that is lost: a broker that is killed and comes back, connections that are cut, and a broker that says nothing.
 * Starts one of its own, because it is killed.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import process from "node:process"
import { Context, Duration, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { layer } from "../../../adapters/amqp/mod.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { eventually, packet } from "../../../src/testing/transportSuiteRig.ts"
import { type Delivery, type Status, Transport, type TransportError } from "../../../src/transport/mod.ts"
import { type Proxy, startProxy } from "../../support/proxy.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined

let rabbit: Rabbit | undefined
let proxy: Proxy | undefined
beforeAll(async () => {
  if (skip !== undefined) return
  rabbit = await startRabbit()
  proxy = await startProxy(rabbit.port)
})
afterAll(async () => {
  await proxy?.close()
  await rabbit?.stop()
})

/** A transport, what it says of itself, and what a consumer of `queue` is given. */
const setUp = Effect.fnUntraced(function* (url: string, name: string) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const transport = Context.get(yield* Layer.buildWithScope(layer({ url }), scope), Transport)
  const statuses: Array<Status["_tag"]> = []
  yield* transport.status.pipe(
    Stream.runForEach((status) => Effect.sync(() => statuses.push(status._tag))),
    Effect.forkDetach({ startImmediately: true }),
  )
  const topology = {
    exchanges: [],
    queues: [
      { name, type: "quorum" as const },
      { name: `${name}.own`, type: "classic" as const, durable: false, exclusive: true },
    ],
    bindings: [],
  }
  yield* transport.declare(topology)
  const inbox = yield* Queue.unbounded<Delivery>()
  const told: Array<string> = []
  for (const queue of [name, `${name}.own`]) {
    yield* Scope.provide(
      transport.consume(
        queue,
        { prefetch: 1, onCancelled: () => told.push(queue) },
        (one) => Queue.offerUnsafe(inbox, one),
      ),
      scope,
    )
  }
  // a broker needs some seconds to start
  const ready = Effect.sync(() => statuses.at(-1) === "Ready")
  const isReady = Effect.timeout(
    Effect.repeat(Effect.andThen(Effect.sleep(20), ready), { until: (is) => is }),
    "30 seconds",
  )
  return { transport, scope, statuses, topology, inbox, told, isReady, route: { exchange: "", key: name } }
})

const tagOf = (effect: Effect.Effect<unknown, TransportError, Scope.Scope>) =>
  Effect.scoped(Effect.map(Effect.flip(effect), ({ reason }) => reason._tag))

describe("a lost connection", () => {
  test(
    "is made again: declarations and consumers come back, what was in hand comes again",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const url = proxy!.through(rabbit!.url)
        const { transport, scope, statuses, inbox, told, isReady, route } = yield* setUp(url, "cut")
        yield* transport.publish(route, packet("1"))
        const first = yield* Queue.take(inbox)
        assert.equal(first.isGone(), false)
        proxy!.cut()
        yield* eventually(Effect.sync(() => statuses.includes("Disconnected")), (lost) => lost)
        assert.equal(first.isGone(), true)
        assert.equal((yield* Effect.flip(first.settle("ack"))).reason._tag, "Disconnected")
        yield* isReady
        const again = yield* Queue.take(inbox)
        assert.deepEqual([again.redelivered, again.deliveryCount], [true, 1])
        yield* again.settle("ack")
        // an exclusive queue is a new one, consumed like the old one
        yield* transport.publish({ exchange: "", key: "cut.own" }, packet("2"))
        yield* (yield* Queue.take(inbox)).settle("ack")
        assert.deepEqual(told, [])
        yield* Scope.close(scope, Exit.void)
        assert.deepEqual(statuses, ["Ready", "Disconnected", "Ready", "Closed"])
      }))),
  )

  test(
    "is tried for as long as nobody answers, and everything else fails at once meanwhile",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const url = proxy!.through(rabbit!.url)
        const { transport, statuses, topology, isReady, route } = yield* setUp(url, "away")
        proxy!.refuse(true)
        const before = proxy!.count()
        proxy!.cut()
        yield* eventually(Effect.sync(() => statuses.at(-1)), (status) => status === "Disconnected")
        for (
          const attempt of [
            transport.publish(route, packet("x")),
            transport.publish({ exchange: "never.seen", key: "" }, packet("x")),
            transport.declare(topology),
            transport.consume("away", { prefetch: 1 }, () => {}),
          ]
        ) assert.equal(yield* tagOf(attempt), "Disconnected")
        yield* Effect.sleep(600)
        assert.equal(proxy!.count(), before)
        proxy!.refuse(false)
        yield* isReady
        assert.equal(yield* transport.publish(route, packet("x")), "routed")
      }))),
  )

  test(
    "ends a consumer whose queue is gone for good, and tells it",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const { transport, isReady, statuses } = yield* setUp(proxy!.through(rabbit!.url), "kept")
        const other = yield* setUp(rabbit!.url, "other")
        const told: Array<string> = []
        yield* other.transport.declare({
          exchanges: [],
          queues: [{ name: "theirs", type: "classic", autoDelete: true }],
          bindings: [],
        })
        yield* transport.consume("theirs", { prefetch: 1, onCancelled: () => told.push("theirs") }, () => {})
        proxy!.cut()
        yield* eventually(Effect.sync(() => statuses.length), (length) => length > 1)
        yield* isReady
        yield* eventually(Effect.sync(() => told.length), (length) => length === 1)
        assert.equal(yield* transport.publish({ exchange: "", key: "kept" }, packet("x")), "routed")
      }))),
  )
})

describe("a silent broker", () => {
  test(
    "does not hold up the end of a process",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const { scope, transport, route } = yield* setUp(proxy!.through(rabbit!.url), "silent")
        proxy!.stall(true)
        const pending = yield* Effect.forkDetach(Effect.flip(transport.publish(route, packet("x"))), {
          startImmediately: true,
        })
        const [elapsed] = yield* Effect.timed(Scope.close(scope, Exit.void))
        proxy!.stall(false)
        assert.ok(Duration.toMillis(elapsed) < 10_000, `It took ${Duration.toMillis(elapsed)} ms`)
        assert.equal((yield* Fiber.join(pending)).reason._tag, "Disconnected")
      }))),
  )
})

describe("a killed broker", () => {
  test(
    "fails every pending publish at once; its data and our consumers come back with it",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const { url } = rabbit!
        const { transport, statuses, inbox, isReady, route } = yield* setUp(url, "killed")
        yield* transport.publish(route, packet("confirmed"))
        const delivery = yield* Queue.take(inbox)
        // RabbitMQ 3.10 loses a quorum queue that is younger than its last write to disk
        yield* Effect.sleep(2_000)
        // stopped first, so that the publishes are certainly on their way
        yield* Effect.promise(() => rabbit!.pause())
        const pending = yield* Effect.forkDetach(
          Effect.forEach(
            Array.from({ length: 200 }, (_, i) => `${i}`),
            (text) => Effect.flip(transport.publish(route, packet(text))),
            { concurrency: "unbounded" },
          ),
          { startImmediately: true },
        )
        yield* Effect.sleep(100)
        const [elapsed, errors] = yield* Effect.timed(Effect.suspend(() => {
          return Effect.andThen(Effect.promise(() => rabbit!.kill()), Fiber.join(pending))
        }))
        assert.deepEqual([...new Set(errors.map(({ reason }) => reason._tag))], ["Disconnected"])
        assert.equal(errors.length, 200)
        assert.ok(Duration.toMillis(elapsed) < 2_000, `It took ${Duration.toMillis(elapsed)} ms`)
        assert.equal((yield* Effect.flip(delivery.settle("ack"))).reason._tag, "Disconnected")
        yield* delivery.settle("ack")

        yield* Effect.promise(() => rabbit!.start())
        yield* isReady
        assert.ok(statuses.includes("Disconnected"))
        const again = yield* Queue.take(inbox)
        assert.equal(new TextDecoder().decode(again.packet.body), "confirmed")
        assert.equal(again.redelivered, true)
        yield* again.settle("ack")
        assert.equal(yield* transport.publish(route, packet("later")), "routed")
      }))),
  )
})

describe("several addresses", () => {
  test(
    "are tried one after the other, at the start and when the connection is lost",
    { skip },
    () =>
      Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const there = `127.0.0.1:${proxy!.port}`
        const { transport, statuses, isReady, route } = yield* setUp(
          `amqp://guest:guest@127.0.0.1:1,${there},${new URL(rabbit!.url).host}`,
          "several",
        )
        const before = proxy!.count()
        proxy!.refuse(true)
        proxy!.cut()
        yield* eventually(Effect.sync(() => statuses.includes("Disconnected")), (lost) => lost)
        yield* isReady
        proxy!.refuse(false)
        assert.equal(proxy!.count(), before)
        assert.equal(yield* transport.publish(route, packet("x")), "routed")
      }))),
  )
})

describe("a connection that is not wanted any more when it is made", () => {
  test("ends without harm, though the broker does not answer its close", { skip, timeout: 30_000 }, async () => {
    let made = 0
    let closes = 0
    const close = Buffer.from([0, 10, 0, 50])
    const sockets = new Set<Socket>()
    // of each pair one is refused at once, the other one is made later, and not heard any more
    const server = createServer((near) => {
      sockets.add(near.on("error", () => near.destroy()))
      if (made++ % 2 === 0) return void near.destroy()
      near.pause()
      const far = connect(rabbit!.port, "127.0.0.1")
      sockets.add(far.on("error", () => far.destroy()))
      far.on("data", (data) => near.write(data))
      near.on("data", (data) => data.includes(close) ? closes++ : far.write(data))
      near.on("close", () => far.destroy())
      setTimeout(() => near.resume(), 200)
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = new URL(rabbit!.url)
    url.port = String((server.address() as AddressInfo).port)
    const failed = await Effect.runPromise(
      Effect.scoped(Layer.build(layer({ url: url.href, wait: 0 }))).pipe(Effect.flip, Effect.timeout("20 seconds")),
    )
    assert.equal((failed as TransportError).reason._tag, "Disconnected")
    assert.ok(made >= 2 && closes >= 1, `${made} made, ${closes} closes`)
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
})
