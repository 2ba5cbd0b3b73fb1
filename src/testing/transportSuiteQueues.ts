/**
 * Cases of the transport suite: what queues do by themselves: expire, dead-letter, refuse, disappear.
 *
 * The last two groups are what Warren's delayed retries and `NoHandler` stand on.
 */
import assert from "node:assert/strict"
import { Effect, Scope } from "effect"
import type { Headers } from "../transport/mod.ts"
import { body, briefly, type Case, closable, eventually, reasonOf } from "./transportSuiteRig.ts"

/** The headers of a dead letter that its publisher gave; a broker adds its own, all in `x-`. */
const own = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-")))

/** Time to live, dead letters, limits, lifetimes. */
export const queues: ReadonlyArray<Case> = [
  ...(["classic", "quorum"] as const).map((type): Case => ({
    name: `messageTtl dead-letters what is older, with another key (${type})`,
    run: ({ queue, exchange, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue()
        const deadLetterExchange = yield* exchange("direct", [["dead", grave]])
        const name = yield* queue({ type, messageTtl: 40, deadLetterExchange, deadLetterKey: "dead" })
        yield* send(name, "old", { id: "m-1", headers: { "warren-attempt": 1 }, correlationId: "c" })
        const { packet } = yield* (yield* consume(grave)).take
        assert.deepEqual([packet.id, packet.correlationId], ["m-1", "c"])
        assert.deepEqual(own(packet.headers), { "warren-attempt": 1 })
        assert.equal(packet.headers["x-first-death-reason"], "expired")
        assert.equal(packet.headers["x-first-death-queue"], name)
        yield* (yield* consume(name)).none(10)
      }),
  })),
  {
    name: "expiration drops a message after its own time, and before the queue's",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ messageTtl: 5_000 })
        yield* send(name, "short", { expiration: 30 })
        yield* send(name, "long", { expiration: 10_000 })
        yield* send(name, "none")
        yield* Effect.sleep(400)
        assert.deepEqual(yield* (yield* consume(name)).takeAll(2), ["long", "none"])
      }),
  },
  {
    name: "expiration ends with the first death, so that a dead letter stays",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue()
        const name = yield* queue({ deadLetterExchange: "", deadLetterKey: grave })
        yield* send(name, "x", { expiration: 30 })
        yield* Effect.sleep(120)
        const { packet } = yield* (yield* consume(grave)).take
        assert.equal(packet.expiration, undefined)
      }),
  },
  ...(["classic", "quorum"] as const).map((type): Case => ({
    name: `settle(reject) dead-letters with the message's own key (${type})`,
    run: ({ queue, exchange, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue()
        const graves = yield* exchange("topic", [["sales.*", grave]])
        const name = yield* queue({ type, deadLetterExchange: graves })
        const topic = yield* exchange("topic", [["#", name]])
        yield* send({ exchange: topic, key: "sales.orderPlaced" }, "bad")
        yield* (yield* (yield* consume(name)).take).settle("reject")
        const dead = yield* (yield* consume(grave)).take
        assert.equal(body(dead), "bad")
        assert.equal(dead.packet.headers["x-first-death-reason"], "rejected")
      }),
  })),
  {
    name: "deliveryLimit dead-letters a message that came back more often",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue()
        const name = yield* queue({
          type: "quorum",
          deliveryLimit: 2,
          deadLetterExchange: "",
          deadLetterKey: grave,
        })
        yield* send(name, "poison")
        const inbox = yield* consume(name, 1)
        for (const turn of [0, 1, 2]) {
          const delivery = yield* inbox.take
          assert.equal(delivery.deliveryCount, turn)
          yield* delivery.settle("requeue")
        }
        assert.equal(body(yield* (yield* consume(grave)).take), "poison")
        yield* inbox.none()
      }),
  },
  {
    name: "a delay queue behind a fanout exchange brings a copy back to one queue, again and again",
    run: ({ queue, exchange, send, consume }) =>
      Effect.gen(function* () {
        const [listener, other] = [yield* queue({ type: "quorum" }), yield* queue({ type: "quorum" })]
        const events = yield* exchange("topic", [["sales.*", listener], ["sales.*", other]])
        const delay = yield* queue({ type: "quorum", messageTtl: 40, deadLetterExchange: "" })
        const retry = yield* exchange("fanout", [["", delay]])
        yield* send({ exchange: events, key: "sales.orderPlaced" }, "order")
        const inbox = yield* consume(listener, 1)
        const others = yield* consume(other)
        assert.deepEqual(yield* others.takeAll(1), ["order"])
        for (const attempt of [1, 2, 3]) {
          const delivery = yield* inbox.take
          assert.equal(body(delivery), "order")
          const headers = { ...own(delivery.packet.headers), "warren-attempt": attempt }
          assert.equal(yield* send({ exchange: retry, key: listener }, "order", { headers }), "routed")
          yield* delivery.settle("ack")
          yield* inbox.none(15)
        }
        const last = yield* inbox.take
        assert.deepEqual(own(last.packet.headers), { "warren-attempt": 3 })
        yield* last.settle("ack")
        yield* others.none(10)
      }),
  },
  {
    name: "maxLength refuses the publish, although other queues got their copy",
    run: ({ queue, exchange, send, consume }) =>
      Effect.gen(function* () {
        const [full, free] = [yield* queue({ maxLength: 1 }), yield* queue()]
        const fanout = yield* exchange("fanout", [["", full], ["", free]])
        assert.equal(yield* send({ exchange: fanout, key: "" }, "1"), "routed")
        assert.equal((yield* reasonOf(send({ exchange: fanout, key: "" }, "2")))._tag, "Rejected")
        assert.deepEqual(yield* (yield* consume(free)).takeAll(2), ["1", "2"])
        const inbox = yield* consume(full)
        assert.deepEqual(yield* inbox.takeAll(1), ["1"])
        yield* inbox.none(10)
        yield* eventually(Effect.result(send(full, "3")), (said) => said._tag === "Success")
      }),
  },
  ...(["classic", "quorum"] as const).map((type): Case => ({
    name: `maxLength with drop-head keeps the newest, and the oldest is a dead letter (${type})`,
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue()
        const name = yield* queue({
          type,
          maxLength: 1,
          overflow: "drop-head",
          deadLetterExchange: "",
          deadLetterKey: grave,
        })
        for (const text of ["1", "2", "3"]) assert.equal(yield* send(name, text), "routed")
        const dead = yield* consume(grave)
        assert.deepEqual(yield* dead.takeAll(2), ["1", "2"])
        assert.deepEqual(yield* (yield* consume(name)).takeAll(1), ["3"])
        yield* dead.none(10)
      }),
  })),
  {
    name: "an auto-deleted queue goes with its last consumer, and publishing is unroutable at once",
    run: ({ queue, exchange, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ autoDelete: true })
        const calls = yield* exchange("direct", [["sales.quote", name]])
        const route = { exchange: calls, key: "sales.quote" }
        assert.equal(yield* send(route, "before any consumer"), "routed")
        const [one, two] = [yield* closable, yield* closable]
        const inbox = yield* Scope.provide(consume(name), one.scope)
        yield* Scope.provide(consume(name), two.scope)
        assert.deepEqual(yield* inbox.takeAll(1), ["before any consumer"])
        yield* one.close
        assert.equal(yield* send(route, "one is left"), "routed")
        yield* two.close
        yield* eventually(send(route, "nobody"), (confirm) => confirm === "unroutable")
        assert.equal(yield* send({ exchange: "", key: name }, "nobody"), "unroutable")
      }),
  },
  {
    name: "an exclusive queue is its connection's alone and goes with it",
    needs: ["shared"],
    run: ({ name, send, consume, another }) =>
      Effect.gen(function* () {
        const mine = name("exclusive")
        yield* briefly(Effect.gen(function* () {
          const owner = yield* another
          yield* owner.queue({ name: mine, exclusive: true })
          assert.equal(yield* send(mine, "x"), "routed")
          assert.equal((yield* reasonOf(consume(mine)))._tag, "Forbidden")
          assert.deepEqual(yield* (yield* owner.consume(mine)).takeAll(1), ["x"])
        }))
        yield* eventually(send(mine, "x"), (confirm) => confirm === "unroutable")
      }),
  },
  {
    name: "a queue that is neither durable nor exclusive is refused",
    run: ({ queue }) =>
      Effect.gen(function* () {
        assert.equal((yield* reasonOf(queue({ durable: false })))._tag, "Clash")
        yield* queue({ durable: false, exclusive: true })
      }),
  },
  {
    name: "expires deletes a queue that nobody uses",
    needs: ["expires"],
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const [unused, used] = [yield* queue({ expires: 600 }), yield* queue({ expires: 600 })]
        yield* consume(used)
        assert.equal(yield* send(unused, "x"), "routed")
        yield* eventually(Effect.delay(send(unused, "x"), 30), (confirm) => confirm === "unroutable")
        assert.equal(yield* send(used, "x"), "routed")
      }),
  },
]
