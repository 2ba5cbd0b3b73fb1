/**
 * What leaves a process while the broker comes and goes: order, limits, and what is sent twice.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Exit, Fiber, Stream } from "effect"
import { makeOutbox } from "../../src/runtime/Outbox.ts"
import { packet } from "../../src/testing/transportSuiteRig.ts"
import { type Confirm, Disconnected, type Packet, type Transport, TransportError } from "../../src/transport/mod.ts"

const route = { exchange: "", key: "q" }
const ready = { _tag: "Ready", server: "test" } as const
const lost = { _tag: "Disconnected", reason: "the cable" } as const

/** A transport that notes what it is given; the first `failures` publishes lose their confirm. */
const noting = (failures = 0) => {
  const sent: Array<string> = []
  const transport: Transport["Service"] = {
    traits: { name: "test", durable: true, shared: true, maxBytes: 1_000 },
    status: Stream.never,
    declare: () => Effect.void,
    consume: () => Effect.void,
    publish: (_, { id }): Effect.Effect<Confirm, TransportError> =>
      Effect.suspend(() => {
        sent.push(id)
        if (failures-- <= 0) return Effect.succeed<Confirm>("routed")
        const reason = new Disconnected({ detail: "lost before the confirm" })
        return Effect.fail(new TransportError({ operation: "publish", target: "q", reason }))
      }),
  }
  return { sent, transport }
}

const message = (id: string, bytes = 1): Packet => packet(new Uint8Array(bytes), { id })
const room = { messages: 3, bytes: 100 }
const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

describe("makeOutbox()", () => {
  test("publishes at once while the broker takes messages", () =>
    run(Effect.gen(function* () {
      const { sent, transport } = noting()
      const outbox = makeOutbox(transport, room)
      assert.equal(yield* outbox.publish(route, message("a"), false), "routed")
      assert.deepEqual(sent, ["a"])
    })))

  for (const obstacle of [lost, { _tag: "Blocked", reason: "low on memory" }] as const) {
    test(`waits while the broker is ${obstacle._tag}, then sends in order`, () =>
      run(Effect.gen(function* () {
        const { sent, transport } = noting()
        const outbox = makeOutbox(transport, room)
        outbox.follow(obstacle)
        assert.match(outbox.obstacle() ?? "", new RegExp(obstacle.reason))
        const waiting = yield* Effect.forEach(
          ["a", "b", "c"],
          (id) => Effect.forkChild(outbox.publish(route, message(id), false), { startImmediately: true }),
        )
        assert.deepEqual([sent.length, outbox.waiting()], [0, 3])
        outbox.follow(ready)
        for (const fiber of waiting) assert.equal(yield* Fiber.join(fiber), "routed")
        assert.deepEqual([sent, outbox.waiting(), outbox.obstacle()], [["a", "b", "c"], 0, undefined])
      })))
  }

  test("what is sent while those that waited go on waits behind them, and goes too", () =>
    run(Effect.gen(function* () {
      const { sent, transport } = noting()
      const more: Array<Fiber.Fiber<Confirm, TransportError>> = []
      const outbox = makeOutbox({
        ...transport,
        publish: (to, one) =>
          Effect.suspend(() => {
            // an answer to it, in this very process
            if (one.id === "a") more.push(Effect.runFork(outbox.publish(route, message("answer"), false)))
            return transport.publish(to, one)
          }),
      }, room)
      outbox.follow(lost)
      for (const id of ["a", "b"]) {
        yield* Effect.forkChild(outbox.publish(route, message(id), false), { startImmediately: true })
      }
      outbox.follow(ready)
      for (let i = 0; i < 10; i++) yield* Effect.yieldNow
      assert.deepEqual([sent, outbox.waiting(), more.length], [["a", "b", "answer"], 0, 1])
      assert.equal(yield* outbox.publish(route, message("later"), false), "routed")
    })))

  test("never sends what was interrupted while it waited", () =>
    run(Effect.gen(function* () {
      const { sent, transport } = noting()
      const outbox = makeOutbox(transport, room)
      outbox.follow(lost)
      const fiber = yield* Effect.forkChild(outbox.publish(route, message("a"), true), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.equal(outbox.waiting(), 0)
      outbox.follow(ready)
      yield* Effect.yieldNow
      assert.deepEqual(sent, [])
    })))

  test("lets so many wait, and so many bytes, and refuses the next one at once", () =>
    run(Effect.gen(function* () {
      for (const sizes of [[1, 1, 1], [99, 1]]) {
        const outbox = makeOutbox(noting().transport, room)
        outbox.follow(lost)
        for (const [i, size] of sizes.entries()) {
          yield* Effect.forkChild(outbox.publish(route, message(`${i}`, size), true), { startImmediately: true })
        }
        const error = yield* Effect.flip(outbox.publish(route, message("more"), true))
        assert.equal(error.reason._tag, "Rejected")
        assert.match(error.message, /messages of this process wait already, because .*the cable/)
      }
    })))

  test("repeats what may be repeated until it is confirmed, and nothing else", () =>
    run(Effect.gen(function* () {
      const twice = noting(2)
      assert.equal(yield* makeOutbox(twice.transport, room).publish(route, message("event"), true), "routed")
      assert.deepEqual(twice.sent, ["event", "event", "event"])
      const once = noting(1)
      const error = yield* Effect.flip(makeOutbox(once.transport, room).publish(route, message("call"), false))
      assert.equal(error.reason._tag, "Disconnected")
      assert.deepEqual(once.sent, ["call"])
    })))

  test("fails what waits, and what comes later, when the connection is closed for good", () =>
    run(Effect.gen(function* () {
      const outbox = makeOutbox(noting().transport, room)
      outbox.follow(lost)
      const fiber = yield* Effect.forkChild(outbox.publish(route, message("a"), true), { startImmediately: true })
      outbox.follow({ _tag: "Closed" })
      assert.ok(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.equal((yield* Effect.flip(outbox.publish(route, message("b"), true))).reason._tag, "Disconnected")
    })))
})
