/**
 * Cases of the transport suite: consuming, verdicts, order, prefetch, and what a closed scope leaves behind.
 */
import assert from "node:assert/strict"
import { Effect, Scope } from "effect"
import type { Delivery } from "../transport/mod.ts"
import { body, briefly, type Case, closable, eventually, reasonOf } from "./transportSuiteRig.ts"

const kinds = ["classic", "quorum"] as const
const count = (length: number): ReadonlyArray<string> => Array.from({ length }, (_, i) => `${i}`)

/** The same case on both kinds of queue. */
const onBoth = (make: (type: "classic" | "quorum") => Case): ReadonlyArray<Case> =>
  kinds.map((type) => ({ ...make(type), name: `${make(type).name} (${type})` }))

/** Consuming, verdicts, order. */
export const consuming: ReadonlyArray<Case> = [
  ...onBoth((type) => ({
    name: "consume() gives packets in the order of publishing",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        const inbox = yield* consume(name, 7)
        for (const text of count(100)) yield* send(name, text)
        assert.deepEqual(yield* inbox.takeAll(100), count(100))
      }),
  })),
  ...onBoth((type) => ({
    name: "consume() never has more than prefetch in hand",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        yield* Effect.forEach(count(10), (text) => send(name, text))
        const inbox = yield* consume(name, 3)
        yield* eventually(Effect.sync(inbox.size), (size) => size === 3)
        yield* Effect.sleep(60)
        assert.equal(inbox.size(), 3)
        const first = yield* inbox.take
        yield* Effect.sleep(60)
        assert.equal(inbox.size(), 2)
        yield* first.settle("ack")
        yield* eventually(Effect.sync(inbox.size), (size) => size === 3)
      }),
  })),
  ...onBoth((type) => ({
    name: "settle(ack) ends a message, of which a first delivery says so",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        yield* send(name, "x")
        yield* briefly(Effect.gen(function* () {
          const delivery = yield* (yield* consume(name)).take
          assert.deepEqual([delivery.queue, delivery.redelivered, delivery.deliveryCount], [name, false, 0])
          yield* delivery.settle("ack")
        }))
        yield* (yield* consume(name)).none()
      }),
  })),
  ...onBoth((type) => ({
    name: "settle(requeue) brings a message back before later ones, redelivered",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        // RabbitMQ's quorum queues put it at the end where there is no limit; Warren always sets one
        const name = yield* queue(type === "quorum" ? { type, deliveryLimit: 5 } : { type })
        yield* Effect.forEach(["first", "second", "third"], (text) => send(name, text))
        const inbox = yield* consume(name, 1)
        for (let turn = 0; turn < 3; turn++) {
          const delivery = yield* inbox.take
          assert.equal(body(delivery), "first")
          assert.equal(delivery.redelivered, turn > 0)
          assert.equal(delivery.deliveryCount, type === "quorum" ? turn : 0)
          yield* delivery.settle(turn < 2 ? "requeue" : "ack")
        }
        assert.deepEqual(yield* inbox.takeAll(2), ["second", "third"])
      }),
  })),
  ...onBoth((type) => ({
    name: "settle(reject) ends a message in a queue without dead letters",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        yield* send(name, "bad")
        yield* send(name, "good")
        const inbox = yield* consume(name, 1)
        yield* (yield* inbox.take).settle("reject")
        assert.deepEqual(yield* inbox.takeAll(1), ["good"])
        yield* inbox.none()
      }),
  })),
  {
    name: "settle() counts once",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        yield* Effect.forEach(["a", "b"], (text) => send(name, text))
        const inbox = yield* consume(name, 1)
        const first = yield* inbox.take
        yield* first.settle("ack")
        yield* first.settle("requeue")
        yield* first.settle("ack")
        const second = yield* inbox.take
        assert.equal(body(second), "b")
        yield* first.settle("reject")
        yield* second.settle("ack")
        yield* inbox.none()
      }),
  },
  {
    name: "settle() in any order settles the right delivery",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        yield* Effect.forEach(["a", "b", "c"], (text) => send(name, text))
        const inbox = yield* consume(name, 3)
        const [a, b, c] = [yield* inbox.take, yield* inbox.take, yield* inbox.take]
        yield* c.settle("ack")
        yield* a.settle("ack")
        yield* b.settle("requeue")
        assert.deepEqual(yield* inbox.takeAll(1), ["b"])
        yield* inbox.none()
      }),
  },
  ...onBoth((type) => ({
    name: "consume() shares 300 messages among three consumers, none twice, none lost",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        const inboxes = yield* Effect.forEach(count(3), () => consume(name, 5))
        const seen: Array<string> = []
        const each = yield* Effect.forEach(inboxes, (inbox) =>
          Effect.forkScoped(Effect.gen(function* () {
            for (;;) seen.push(...(yield* inbox.takeAll(1)))
          })))
        yield* Effect.forEach(count(300), (text) => send(name, text), { concurrency: "unbounded" })
        yield* eventually(Effect.sync(() => seen.length), (length) => length >= 300)
        yield* Effect.sleep(30)
        assert.equal(each.length, 3)
        assert.equal(seen.length, 300)
        assert.equal(new Set(seen).size, 300)
      }),
  })),
  {
    name: "consume() gives each of two idle consumers its turn",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue()
        const [one, two] = [yield* consume(name, 1), yield* consume(name, 1)]
        yield* Effect.forEach(["a", "b"], (text) => send(name, text))
        yield* eventually(Effect.sync(() => one.size() + two.size()), (size) => size === 2)
        assert.deepEqual([one.size(), two.size()], [1, 1])
      }),
  },
  {
    name: "consume() stops with its scope and leaves what is in hand to be settled",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        yield* Effect.forEach(["a", "b", "c"], (text) => send(name, text))
        const { scope, close } = yield* closable
        const inbox = yield* Scope.provide(consume(name, 2), scope)
        const [a, b] = [yield* inbox.take, yield* inbox.take]
        yield* close
        yield* a.settle("ack")
        yield* inbox.none()
        const next = yield* consume(name, 5)
        assert.deepEqual(yield* next.takeAll(1), ["c"])
        yield* b.settle("requeue")
        const again = yield* next.take
        assert.deepEqual([body(again), again.redelivered], ["b", true])
        yield* again.settle("ack")
        yield* next.none()
      }),
  },
  ...onBoth((type) => ({
    name: "consume() that stops under load settles all it was given: each message comes once",
    run: ({ queue, send, transport }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        const texts = count(600)
        yield* Effect.forEach(texts, (text) => send(name, text), { concurrency: "unbounded" })
        const seen: Array<string> = []
        let again = 0
        const deliver = (delivery: Delivery) => {
          seen.push(body(delivery))
          if (delivery.redelivered) again++
          Effect.runFork(delivery.settle("ack"))
        }
        while (seen.length < texts.length) {
          const before = seen.length
          yield* briefly(Effect.andThen(
            transport.consume(name, { prefetch: 2 }, deliver),
            eventually(Effect.sync(() => seen.length), (length) => length > before),
          ))
        }
        assert.deepEqual(seen.toSorted((a, b) => Number(a) - Number(b)), texts)
        // RabbitMQ's quorum queues keep what a cancel met on its way to the consumer, until the channel closes
        if (type === "classic") assert.deepEqual([again, seen], [0, texts])
      }),
  })),
  ...onBoth((type) => ({
    name: "unsettled deliveries come again, redelivered, when their connection closes",
    needs: ["shared", "givesBack"],
    run: ({ queue, send, consume, another }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type })
        yield* Effect.forEach(["a", "b", "c"], (text) => send(name, text))
        const lost = yield* briefly(Effect.gen(function* () {
          const inbox = yield* (yield* another).consume(name, 2)
          return [yield* inbox.take, yield* inbox.take]
        }))
        for (const delivery of lost) assert.equal((yield* reasonOf(delivery.settle("ack")))._tag, "Disconnected")
        const inbox = yield* consume(name, 10)
        const back = [yield* inbox.take, yield* inbox.take, yield* inbox.take]
        assert.deepEqual(back.map(body).sort(), ["a", "b", "c"])
        for (const delivery of back) {
          const given = body(delivery) !== "c"
          assert.equal(delivery.redelivered, given)
          assert.equal(delivery.deliveryCount, given && type === "quorum" ? 1 : 0)
        }
      }),
  })),
  {
    name: "consume() fails NotFound on a missing queue and hurts no other consumer",
    run: ({ transport, name, queue, send, consume }) =>
      Effect.gen(function* () {
        const there = yield* queue()
        const inbox = yield* consume(there)
        const missing = name("missing")
        let cancelled = 0
        const reason = yield* reasonOf(
          transport.consume(missing, { prefetch: 1, onCancelled: () => cancelled++ }, () => {}),
        )
        assert.deepEqual({ ...reason }, { _tag: "NotFound", name: missing })
        assert.equal(cancelled, 0, "It was cancelled although it had never been accepted")
        yield* send(there, "still")
        assert.deepEqual(yield* inbox.takeAll(1), ["still"])
      }),
  },
  ...onBoth((type) => ({
    name: "consume() gives a single-active-consumer queue to one, then to the next",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type, singleActiveConsumer: true })
        const { scope, close } = yield* closable
        const active = yield* Scope.provide(consume(name, 1), scope)
        const next = yield* consume(name, 1)
        yield* Effect.forEach(["a", "b", "c"], (text) => send(name, text))
        const first = yield* active.take
        yield* next.none()
        yield* close
        yield* first.settle("ack")
        assert.deepEqual(yield* next.takeAll(2), ["b", "c"])
      }),
  })),
  {
    name: "publish() of 1,000 at once, with 1 KiB each, is confirmed and arrives in full",
    run: ({ queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        const pad = "x".repeat(1024)
        const confirms = yield* Effect.forEach(count(1_000), (text) => send(name, `${text} ${pad}`), {
          concurrency: "unbounded",
        })
        assert.deepEqual(new Set(confirms), new Set(["routed"]))
        const arrived = yield* (yield* consume(name, 200)).takeAll(1_000)
        assert.deepEqual(arrived.map((text) => text.split(" ")[0]), count(1_000))
      }),
  },
]
