/**
 * Cases of the transport suite: declaring, routing and what a confirm says.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { type Case, packet, reasonOf } from "./transportSuiteRig.ts"

/** Which topic patterns fit which keys. */
const patterns: ReadonlyArray<readonly [pattern: string, fits: ReadonlyArray<string>, misses: ReadonlyArray<string>]> =
  [
    ["sales.orderPlaced", ["sales.orderPlaced"], ["sales", "sales.orderPlaced.x", "sales.orderplaced"]],
    ["sales.*", ["sales.a", "sales."], ["sales", "sales.a.b", "x.sales.a"]],
    ["*.b.*", ["a.b.c"], ["b", "a.b", "a.b.c.d"]],
    ["sales.#", ["sales", "sales.a", "sales.a.b"], ["x.sales"]],
    ["#", ["", "a", "a.b.c"], []],
    ["#.c", ["c", "a.c", "a.b.c"], ["c.a", ""]],
    ["a.#.c", ["a.c", "a.b.c", "a.b.b.c"], ["a", "c", "a.b"]],
    ["a.*.#", ["a.b", "a.b.c.d"], ["a"]],
  ]

/** Declaring, routing, confirms. */
export const routing: ReadonlyArray<Case> = [
  {
    name: "declare() accepts an equal declaration again",
    run: ({ transport, name }) =>
      Effect.gen(function* () {
        const [exchange, queue] = [name("exchange"), name("queue")]
        const topology = {
          exchanges: [{ name: exchange, type: "topic" as const }],
          queues: [{ name: queue, type: "quorum" as const, messageTtl: 5_000, deliveryLimit: 3, expires: 60_000 }],
          bindings: [{ exchange, queue, key: "a.*" }],
        }
        yield* transport.declare(topology)
        yield* transport.declare(topology)
      }),
  },
  {
    name: "declare() takes a queue as it is that differs in what it tolerates, and only in that",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const tolerates = ["deliveryLimit"] as const
        for (const before of [{}, { deliveryLimit: 7 }]) {
          const name = yield* queue({ type: "quorum", ...before })
          yield* send(name, "kept")
          yield* queue({ name, type: "quorum", deliveryLimit: 20, tolerates })
          const other = { name, type: "quorum", deliveryLimit: 20, messageTtl: 60_000, tolerates } as const
          assert.equal((yield* reasonOf(queue(other)))._tag, "Clash")
          assert.deepEqual(yield* (yield* consume(name)).takeAll(1), ["kept"])
        }
      }),
  },
  {
    name: "declare() fails Clash on other properties, names the queue and changes nothing",
    run: ({ transport, queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ messageTtl: 50_000 })
        yield* send(name, "kept")
        const reason = yield* reasonOf(queue({ name, messageTtl: 60_000 }))
        assert.equal(reason._tag, "Clash")
        assert.equal(reason._tag === "Clash" && reason.name, name)
        assert.equal((yield* reasonOf(queue({ name, type: "quorum", messageTtl: 50_000 })))._tag, "Clash")
        yield* transport.declare({ exchanges: [], queues: [], bindings: [] })
        assert.deepEqual(yield* (yield* consume(name)).takeAll(1), ["kept"])
      }),
  },
  {
    name: "declare() fails Clash on an exchange of another type",
    run: ({ transport, exchange }) =>
      Effect.gen(function* () {
        const name = yield* exchange("topic")
        const again = transport.declare({ exchanges: [{ name, type: "fanout" }], queues: [], bindings: [] })
        assert.equal((yield* reasonOf(again))._tag, "Clash")
      }),
  },
  {
    name: "declare() fails NotFound when a binding names nothing",
    run: ({ transport, name, queue }) =>
      Effect.gen(function* () {
        const [missing, there] = [name("missing"), yield* queue()]
        for (
          const binding of [{ exchange: missing, queue: there, key: "k" }, {
            exchange: there,
            queue: missing,
            key: "k",
          }]
        ) {
          const reason = yield* reasonOf(transport.declare({ exchanges: [], queues: [], bindings: [binding] }))
          assert.equal(reason._tag, "NotFound")
        }
      }),
  },
  {
    name: "publish() through a direct exchange reaches the queues of that very key",
    run: ({ exchange, queue, send, consume }) =>
      Effect.gen(function* () {
        const [one, two] = [yield* queue(), yield* queue()]
        const direct = yield* exchange("direct", [["one", one], ["both", one], ["both", two]])
        assert.equal(yield* send({ exchange: direct, key: "one" }, "1"), "routed")
        assert.equal(yield* send({ exchange: direct, key: "both" }, "2"), "routed")
        assert.equal(yield* send({ exchange: direct, key: "one.more" }, "3"), "unroutable")
        assert.deepEqual(yield* (yield* consume(one)).takeAll(2), ["1", "2"])
        const inbox = yield* consume(two)
        assert.deepEqual(yield* inbox.takeAll(1), ["2"])
        yield* inbox.none()
      }),
  },
  {
    name: "publish() through a topic exchange follows * and #",
    run: ({ exchange, queue, send }) =>
      Effect.gen(function* () {
        for (const [pattern, fits, misses] of patterns) {
          const topic = yield* exchange("topic", [[pattern, yield* queue()]])
          for (const key of fits) {
            assert.equal(yield* send({ exchange: topic, key }, ""), "routed", `"${key}" must fit "${pattern}"`)
          }
          for (const key of misses) {
            assert.equal(yield* send({ exchange: topic, key }, ""), "unroutable", `"${key}" must not fit "${pattern}"`)
          }
        }
      }),
  },
  {
    name: "publish() through a fanout exchange reaches every queue, whatever the key",
    run: ({ exchange, queue, send, consume }) =>
      Effect.gen(function* () {
        const [one, two] = [yield* queue(), yield* queue({ type: "quorum" })]
        const fanout = yield* exchange("fanout", [["", one], ["other", two]])
        yield* send({ exchange: fanout, key: "any.key" }, "x")
        assert.deepEqual(yield* (yield* consume(one)).takeAll(1), ["x"])
        assert.deepEqual(yield* (yield* consume(two)).takeAll(1), ["x"])
      }),
  },
  {
    name: "publish() gives one copy to a queue that two bindings name",
    run: ({ exchange, queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        const topic = yield* exchange("topic", [["a.*", name], ["*.b", name], ["#", name]])
        assert.equal(yield* send({ exchange: topic, key: "a.b" }, "once"), "routed")
        const inbox = yield* consume(name)
        assert.deepEqual(yield* inbox.takeAll(1), ["once"])
        yield* inbox.none()
      }),
  },
  {
    name: "publish() tells routed from unroutable on the default exchange",
    run: ({ name, queue, send }) =>
      Effect.gen(function* () {
        assert.equal(yield* send(yield* queue(), "x"), "routed")
        assert.equal(yield* send(yield* queue({ type: "quorum" }), "x"), "routed")
        assert.equal(yield* send(name("nobody"), "x"), "unroutable")
      }),
  },
  {
    name: "publish() fails NotFound on a missing exchange and hurts no publish beside it",
    run: ({ name, queue, send }) =>
      Effect.gen(function* () {
        const there = yield* queue()
        const beside = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 100 }, (_, i) => send(there, `${i}`)), { concurrency: "unbounded" }),
        )
        assert.equal((yield* reasonOf(send({ exchange: name("nowhere"), key: "k" }, "x")))._tag, "NotFound")
        const settled = yield* Fiber.join(beside)
        assert.deepEqual(new Set(settled), new Set(["routed"]))
        assert.equal(yield* send(there, "after"), "routed")
      }),
  },
  {
    name: "publish() tells the truth of each of 1,000 in flight",
    run: ({ transport, exchange, queue }) =>
      Effect.gen(function* () {
        const direct = yield* exchange("direct", [["heard", yield* queue()]])
        // equal ids on different routes, as a retry and its original have
        const said = yield* Effect.forEach(
          Array.from({ length: 1_000 }, (_, i) => i),
          (i) =>
            transport.publish({ exchange: direct, key: i % 3 === 0 ? "unheard" : "heard" }, {
              ...packet(`${i}`),
              id: `id-${i % 10}`,
            }),
          { concurrency: "unbounded" },
        )
        said.forEach((confirm, i) => assert.equal(confirm, i % 3 === 0 ? "unroutable" : "routed", `publish ${i}`))
      }),
  },
]
