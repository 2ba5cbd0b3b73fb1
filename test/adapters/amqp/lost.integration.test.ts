/**
 * A broker that dies under its clients. Starts one of its own, because it is killed.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { Context, Duration, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { layer } from "../../../adapters/amqp/mod.ts"
import { type Rabbit, startRabbit } from "../../../scripts/rabbitmq.ts"
import { packet } from "../../../src/testing/transportSuiteRig.ts"
import { type Delivery, Transport } from "../../../src/transport/mod.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined

describe("a killed broker", () => {
  let rabbit: Rabbit | undefined
  beforeAll(async () => {
    if (skip === undefined) rabbit = await startRabbit()
  })
  afterAll(() => rabbit?.stop())

  test(
    "fails every pending publish, then everything else, at once; verdicts do no harm",
    { skip },
    () =>
      Effect.runPromise(Effect.gen(function* () {
        const { url = "", pid = 0 } = rabbit ?? {}
        const scope = yield* Scope.make()
        const transport = Context.get(yield* Layer.buildWithScope(layer({ url }), scope), Transport)
        const statuses = yield* Effect.forkDetach(Stream.runCollect(transport.status), { startImmediately: true })
        const queues = [{ name: "lost", type: "quorum" as const }]
        yield* transport.declare({ exchanges: [], queues, bindings: [] })
        const route = { exchange: "", key: "lost" }
        yield* transport.publish(route, packet("in hand"))
        const inbox = yield* Queue.unbounded<Delivery>()
        yield* Scope.provide(transport.consume("lost", { prefetch: 1 }, (one) => Queue.offerUnsafe(inbox, one)), scope)
        const delivery = yield* Queue.take(inbox)

        // stopped first, so that the publishes are certainly on their way
        process.kill(pid, "SIGSTOP")
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
          process.kill(pid, "SIGKILL")
          return Fiber.join(pending)
        }))
        assert.deepEqual(new Set(errors.map(({ reason }) => reason._tag)), new Set(["Disconnected"]))
        assert.equal(errors.length, 200)
        assert.ok(Duration.toMillis(elapsed) < 2_000, `It took ${Duration.toMillis(elapsed)} ms`)

        assert.equal((yield* Effect.flip(delivery.settle("ack"))).reason._tag, "Disconnected")
        yield* delivery.settle("ack")
        for (
          const attempt of [
            transport.publish(route, packet("later")),
            transport.declare({ exchanges: [], queues, bindings: [] }),
            Effect.scoped(transport.consume("lost", { prefetch: 1 }, () => {})),
          ]
        ) {
          assert.equal((yield* Effect.flip(attempt)).reason._tag, "Disconnected")
        }
        yield* Scope.close(scope, Exit.void)
        const seen = (yield* Fiber.join(statuses)).map(({ _tag }) => _tag)
        assert.deepEqual(seen, ["Ready", "Disconnected", "Closed"])
      })),
  )
})
