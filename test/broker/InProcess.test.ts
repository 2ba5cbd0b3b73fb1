/**
 * The in-process transport: the port's errors, time, faults and the end of a scope.
 *
 * What the port promises everywhere is in the behaviour suite; here is what only this transport can show, most of
 * it on the test clock.
 */
import * as assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Broker, layer } from "../../src/broker/mod.ts"
import { type Delivery, type Status, Transport, type TransportError } from "../../src/transport/mod.ts"
import { packet, queue, queues } from "./support.ts"

const run = <A, E>(effect: Effect.Effect<A, E, Transport | Broker | Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(effect).pipe(Effect.provide(layer.pipe(Layer.provideMerge(TestClock.layer())))))

/** Consumes a queue and keeps what comes. */
const collect = Effect.fnUntraced(function* (name: string, prefetch = 10, onCancelled?: () => void) {
  const transport = yield* Transport
  const deliveries: Array<Delivery> = []
  const options = { prefetch, ...(onCancelled === undefined ? {} : { onCancelled }) }
  yield* transport.consume(name, options, (delivery) => deliveries.push(delivery))
  return deliveries
})

const to = (key: string, exchange = "") => ({ exchange, key })

/** Follows the status from here on. */
const follow = Effect.fnUntraced(function* (transport: Transport["Service"]) {
  const seen: Array<Status["_tag"]> = []
  yield* Effect.forkScoped(Stream.runForEach(transport.status, (status) => Effect.sync(() => seen.push(status._tag))))
  yield* Effect.yieldNow
  return seen
})

const settled = Effect.fnUntraced(function* () {
  for (let i = 0; i < 5; i++) yield* Effect.yieldNow
})

describe("publish()", () => {
  test("says routed or unroutable", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      yield* transport.declare(queues(queue("a")))
      assert.equal(yield* transport.publish(to("a"), packet("1")), "routed")
      assert.equal(yield* transport.publish(to("b"), packet("1")), "unroutable")
    })))

  test("fails NotFound, Rejected and TooLarge", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      yield* transport.declare(queues(queue("a", { type: "classic", maxLength: 0 })))
      const unknown = yield* Effect.flip(transport.publish(to("k", "nowhere"), packet("1")))
      assert.equal(unknown.message, `Cannot publish "nowhere": "nowhere" does not exist`)
      const full = yield* Effect.flip(transport.publish(to("a"), packet("1")))
      assert.equal(full.reason._tag, "Rejected")
      const limit = 16 * 1024 * 1024
      const large = yield* Effect.flip(transport.publish(to("a"), packet("1", { body: new Uint8Array(limit + 1) })))
      assert.deepEqual({ ...large.reason }, { _tag: "TooLarge", size: limit + 1, limit })
    })))

  test("gives way to the event loop in an endless chain", () =>
    Effect.runPromise(
      Effect.scoped(Effect.gen(function* () {
        const transport = yield* Transport
        const scope = yield* Scope.make()
        yield* transport.declare(queues(queue("a")))
        const fork = Effect.runForkWith(yield* Effect.context<never>())
        let count = 0
        yield* transport.consume("a", { prefetch: 10 }, (delivery) => {
          count++
          fork(Effect.andThen(transport.publish(to("a"), delivery.packet), delivery.settle("ack")))
        }).pipe(Scope.provide(scope))
        yield* transport.publish(to("a"), packet("1"))
        while (count < 5000) yield* Effect.sleep(1)
        yield* Scope.close(scope, Exit.void)
      })).pipe(Effect.provide(layer)),
    ))
})

describe("declare()", () => {
  test("fails Clash with the difference, and refuses what a later broker would", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      yield* transport.declare(queues(queue("a")))
      yield* transport.declare(queues(queue("a")))
      const clash = yield* Effect.flip(transport.declare(queues(queue("a", { type: "classic" }))))
      assert.match(clash.message, /"a" exists with other properties, type is "quorum", not "classic"/)
      const transient = yield* Effect.flip(transport.declare(queues(queue("b", { type: "classic", durable: false }))))
      assert.match(transient.message, /only an exclusive queue may be non-durable/)
    })))
})

describe("consume()", () => {
  test("fails NotFound for an unknown queue and Forbidden for another's", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const other = yield* (yield* Broker).connect
      yield* other.declare(queues(queue("theirs", { type: "classic", exclusive: true })))
      const reasons: Array<TransportError["reason"]["_tag"]> = []
      for (const name of ["nowhere", "theirs"]) {
        reasons.push((yield* Effect.flip(transport.consume(name, { prefetch: 1 }, () => {}))).reason._tag)
      }
      assert.deepEqual(reasons, ["NotFound", "Forbidden"])
    })))

  test("ends with its scope, and what is in hand can still be settled", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const { engine } = yield* Broker
      const scope = yield* Scope.make()
      yield* transport.declare(queues(queue("a")))
      const deliveries = yield* collect("a").pipe(Scope.provide(scope))
      yield* transport.publish(to("a"), packet("1"))
      yield* Scope.close(scope, Exit.void)
      yield* transport.publish(to("a"), packet("2"))
      yield* deliveries[0]!.settle("ack")
      yield* deliveries[0]!.settle("requeue")
      const { ready, unacked, counters } = engine.queue("a")!
      assert.deepEqual([deliveries.length, ready, unacked, counters.acked], [1, 1, 0, 1])
    })))
})

describe("time", () => {
  test("passes on the Effect clock, to the millisecond", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      yield* transport.declare(queues(
        queue("wait", { messageTtl: 1000, deadLetterExchange: "", deadLetterKey: "a" }),
        queue("a"),
      ))
      const deliveries = yield* collect("a")
      yield* transport.publish(to("wait"), packet("1"))
      yield* TestClock.adjust(500)
      yield* transport.publish(to("wait"), packet("2"))
      yield* transport.publish(to("wait"), packet("3", { expiration: 10 }))
      yield* TestClock.adjust(499)
      assert.deepEqual(deliveries.map((delivery) => delivery.packet.id), [])
      yield* TestClock.adjust(1)
      assert.deepEqual(deliveries.map((delivery) => delivery.packet.id), ["1"])
      yield* TestClock.adjust(1000)
      assert.deepEqual(deliveries.map((delivery) => delivery.packet.id), ["1", "2", "3"])
    })))

  test("brings many due queues round in order, also when one is due sooner than the last known", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const ttls = [50, 30, 40, 10, 20]
      yield* transport.declare(queues(
        queue("a"),
        ...ttls.map((ttl) => queue(`wait.${ttl}`, { messageTtl: ttl, deadLetterExchange: "", deadLetterKey: "a" })),
      ))
      const deliveries = yield* collect("a")
      for (const ttl of ttls) yield* transport.publish(to(`wait.${ttl}`), packet(String(ttl)))
      yield* TestClock.adjust(60)
      assert.deepEqual(deliveries.map((delivery) => delivery.packet.id), ["10", "20", "30", "40", "50"])
    })))

  test("passes on the live clock", () =>
    Effect.runPromise(
      Effect.scoped(Effect.gen(function* () {
        const transport = yield* Transport
        yield* transport.declare(queues(
          queue("wait", { messageTtl: 20, deadLetterExchange: "", deadLetterKey: "a" }),
          queue("a"),
        ))
        const deliveries = yield* collect("a")
        yield* transport.publish(to("wait"), packet("1"))
        while (deliveries.length === 0) yield* Effect.sleep(5)
        assert.equal(deliveries[0]?.packet.id, "1")
      })).pipe(Effect.provide(layer)),
    ))
})

describe("Broker.disconnect()", () => {
  test("gives back what is in hand, fails every member, and reconnect brings all back", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const broker = yield* Broker
      const seen = yield* follow(transport)
      yield* transport.declare(queues(queue("a"), queue("mine", { type: "classic", exclusive: true })))
      const deliveries = yield* collect("a")
      const mine = yield* collect("mine")
      yield* transport.publish(to("a"), packet("1"))
      yield* broker.disconnect("cable pulled")
      const failures = [
        yield* Effect.flip(transport.publish(to("a"), packet("2"))),
        yield* Effect.flip(transport.declare(queues(queue("b")))),
        yield* Effect.flip(Effect.scoped(transport.consume("a", { prefetch: 1 }, () => {}))),
        yield* Effect.flip(deliveries[0]!.settle("ack")),
      ]
      assert.deepEqual(failures.map(({ reason }) => reason._tag), Array(4).fill("Disconnected"))
      assert.match(failures[0]!.message, /cable pulled/)
      assert.deepEqual([broker.engine.queue("a")?.ready, broker.engine.queue("mine")], [1, undefined])

      yield* broker.reconnect
      yield* broker.reconnect
      assert.equal(yield* transport.publish(to("mine"), packet("3")), "routed")
      assert.deepEqual(
        deliveries.map(({ redelivered, deliveryCount }) => [redelivered, deliveryCount]),
        [[false, 0], [true, 1]],
      )
      assert.equal(mine.length, 1)
      yield* deliveries[1]!.settle("ack")
      yield* settled()
      assert.deepEqual(seen, ["Ready", "Disconnected", "Ready"])
    })))

  test("does not bring back a consumer whose scope closed meanwhile", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const broker = yield* Broker
      const scope = yield* Scope.make()
      yield* transport.declare(queues(queue("a")))
      yield* collect("a").pipe(Scope.provide(scope))
      yield* broker.disconnect()
      yield* Scope.close(scope, Exit.void)
      yield* broker.reconnect
      assert.equal(broker.engine.queue("a")?.consumers, 0)
    })))
})

describe("Broker.loseConnection()", () => {
  test("pauses on the clock, and every connection comes back", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const broker = yield* Broker
      const other = yield* broker.connect
      const seen = yield* follow(other)
      yield* transport.declare(queues(queue("a")))
      const deliveries = yield* collect("a")
      const fiber = yield* Effect.forkChild(broker.loseConnection("1 second"))
      yield* TestClock.adjust(999)
      assert.equal((yield* Effect.flip(other.publish(to("a"), packet("1")))).reason._tag, "Disconnected")
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      assert.equal(yield* other.publish(to("a"), packet("1")), "routed")
      yield* settled()
      assert.deepEqual([deliveries.length, seen], [1, ["Ready", "Disconnected", "Ready"]])
    })))

  test("takes an auto-delete queue and its messages along, as brokers do, and declares it anew", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const broker = yield* Broker
      yield* transport.declare(queues(queue("a", { type: "classic", autoDelete: true })))
      const deliveries = yield* collect("a", 1)
      for (const id of ["1", "2"]) yield* transport.publish(to("a"), packet(id))
      yield* broker.loseConnection()
      yield* transport.publish(to("a"), packet("3"))
      assert.deepEqual(deliveries.map((delivery) => delivery.packet.id), ["1", "3"])
    })))
})

describe("Broker.cancelConsumer()", () => {
  test("tells each consumer of the queue, once", () =>
    run(Effect.gen(function* () {
      const transport = yield* Transport
      const broker = yield* Broker
      let told = 0
      yield* transport.declare(queues(queue("a"), queue("b")))
      yield* collect("a", 1, () => told++)
      yield* collect("a", 1, () => told++)
      yield* collect("b", 1, () => told++)
      assert.deepEqual([yield* broker.cancelConsumer("a"), told, yield* broker.cancelConsumer("a")], [2, 2, 0])
      yield* broker.loseConnection()
      assert.deepEqual([broker.engine.queue("a")?.consumers, broker.engine.queue("b")?.consumers], [0, 1])
      broker.engine.deleteQueue("b")
      assert.equal(told, 3)
    })))
})

describe("layer", () => {
  test("closes with its scope: deliveries go back, exclusive queues go, and the status says so", async () => {
    const scope = Effect.runSync(Scope.make())
    const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
    const seen: Array<Status["_tag"]> = []
    const program = Effect.gen(function* () {
      const transport = yield* Transport
      const { engine } = yield* Broker
      yield* transport.declare(queues(queue("a"), queue("mine", { type: "classic", exclusive: true })))
      yield* Effect.forkDetach(
        Stream.runForEach(transport.status, (status) => Effect.sync(() => seen.push(status._tag))),
      )
      yield* Effect.scoped(Effect.gen(function* () {
        const deliveries = yield* collect("a")
        yield* transport.publish(to("a"), packet("1", { expiration: 60_000 }))
        yield* transport.publish(to("mine"), packet("2", { expiration: 60_000 }))
        yield* settled()
        yield* Scope.close(scope, Exit.void)
        assert.equal(deliveries.length, 1)
        assert.deepEqual([engine.queue("a")?.ready, engine.queue("mine")], [1, undefined])
        assert.match((yield* Effect.flip(transport.publish(to("a"), packet("3")))).message, /the transport is closed/)
      }))
      yield* settled()
      assert.deepEqual(seen, ["Ready", "Closed"])
    })
    await Effect.runPromise(Effect.provide(program, context))
  })
})
