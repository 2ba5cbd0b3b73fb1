/**
 * Cases of the steward suite: counts, surveys, and messages that are looked at and stay.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { filled, ids, refusedBy, type StewardCase } from "./stewardSuiteRig.ts"
import { body, briefly, eventually } from "./transportSuiteRig.ts"

/** See the top of the file. */
export const looking: ReadonlyArray<StewardCase> = [
  {
    name: "look() counts what is ready and who consumes; there is none of an unknown name",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, consume, name } = rig
        const queue = yield* filled(rig)
        const { ready, consumers } = (yield* steward.look(queue))!
        assert.deepEqual([ready, consumers], [3, 0])
        const inbox = yield* consume(queue, 2)
        yield* inbox.take
        const used = yield* eventually(steward.look(queue), (facts) => facts?.consumers === 1 && facts.ready === 1)
        assert.equal(used?.name, queue)
        assert.equal(yield* steward.look(name("nothing")), undefined)
      }),
  },
  {
    name: "survey() finds which of the known names exist",
    run: (rig) =>
      Effect.gen(function* () {
        const queue = yield* filled(rig)
        const prefix = queue.slice(0, queue.indexOf(".") + 1)
        const known = [queue, `${queue}-not`, queue]
        const { queues } = yield* rig.surveyor.survey({ prefix, exchange: "amq.topic", known })
        assert.deepEqual(queues.map(({ name }) => name), [queue])
        assert.ok([3, 0, null].includes(queues[0]?.ready ?? null), `It counts ${queues[0]?.ready}`)
      }),
  },
  {
    name: "survey() lists every queue below the prefix, and the bindings of the exchange",
    needs: ["lists"],
    run: ({ surveyor, queue, exchange }) =>
      Effect.gen(function* () {
        const [one, two] = [yield* queue({ type: "quorum" }), yield* queue()]
        const topic = yield* exchange("topic", [["sales.*", one], ["#", two]])
        yield* exchange("topic", [["other", two]])
        const prefix = one.slice(0, one.indexOf(".") + 1)
        const { complete, queues, bindings } = yield* surveyor.survey({ prefix, exchange: topic, known: [] })
        assert.ok(complete)
        const found = queues.map(({ name, type }) => `${name} ${type}`).sort()
        assert.deepEqual(found, [`${one} quorum`, `${two} classic`].sort())
        const bound = bindings?.map(({ exchange, queue, key }) => `${exchange} ${queue} ${key}`).sort()
        assert.deepEqual(bound, [`${topic} ${one} sales.*`, `${topic} ${two} #`].sort())
      }),
  },
  {
    name: "peek() shows the first messages as they are, and leaves them in their order",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, consume } = rig
        const queue = yield* filled(rig)
        const first = yield* steward.peek(queue, 2)
        assert.deepEqual(first.map(({ packet, key }) => [packet.id, key]), [["m1", queue], ["m2", queue]])
        assert.deepEqual(first.map(({ deliveryCount }) => deliveryCount), [0, 0])
        assert.equal(new TextDecoder().decode(first[0]?.packet.body), "m1")
        assert.deepEqual((yield* steward.peek(queue, 10)).map(({ packet }) => packet.id), ids)
        // a quorum queue may count late what was given back
        yield* eventually(steward.look(queue), (facts) => facts?.ready === 3)
        assert.deepEqual(yield* (yield* consume(queue)).takeAll(3), ids)
      }),
  },
  {
    name: "peek() shows every property, and the key that a message came with",
    run: ({ steward, queue, exchange, send }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        const topic = yield* exchange("topic", [["sales.*", name]])
        const headers = { "warren-attempt": 2, text: "ä", flag: true }
        yield* send({ exchange: topic, key: "sales.sold" }, "x", { headers, correlationId: "c", replyTo: "r" })
        const [{ packet, key, redelivered }] = (yield* steward.peek(name, 1)) as [
          Effect.Success<ReturnType<typeof steward.peek>>[number],
        ]
        assert.deepEqual([key, redelivered], ["sales.sold", false])
        assert.deepEqual([packet.correlationId, packet.replyTo, packet.type], ["c", "r", "suite.message"])
        assert.deepEqual({ ...packet.headers }, headers)
      }),
  },
  {
    name: "peek() says how often a message came back before",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, another } = rig
        const queue = yield* filled(rig)
        // it comes back with its connection
        yield* briefly(Effect.gen(function* () {
          yield* (yield* (yield* another).consume(queue, 1)).take
        }))
        yield* eventually(steward.look(queue), (facts) => facts?.consumers === 0 && facts.ready === 3)
        const [first] = yield* steward.peek(queue, 1)
        assert.ok(first !== undefined && first.deliveryCount > 0 && first.redelivered)
      }),
  },
  {
    name: "peek() is counted nowhere, however often it is done",
    needs: ["silent"],
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, consume } = rig
        const queue = yield* filled(rig, { deliveryLimit: 2 })
        for (let i = 0; i < 10; i++) yield* steward.peek(queue, 3)
        const inbox = yield* consume(queue)
        for (const id of ids) {
          const delivery = yield* inbox.take
          assert.deepEqual([body(delivery), delivery.redelivered, delivery.deliveryCount], [id, false, 0])
        }
      }),
  },
  {
    name: "peek() of an empty queue is empty, and of an unknown one NotFound",
    run: ({ steward, queue, name }) =>
      Effect.gen(function* () {
        assert.deepEqual(yield* steward.peek(yield* queue({ type: "quorum" }), 3), [])
        assert.match(yield* refusedBy(steward.peek(name("nothing"), 3)), /^NotFound: Cannot peek ".*" does not exist/)
      }),
  },
]
