/**
 * Cases of the steward suite: messages that are moved, bindings that come and go, queues that are removed.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { filled, ids, refusedBy, type StewardCase } from "./stewardSuiteRig.ts"
import { briefly, eventually } from "./transportSuiteRig.ts"

/** See the top of the file. */
export const changing: ReadonlyArray<StewardCase> = [
  {
    name: "move() moves all that is ready, in order, with every property and the headers added",
    run: ({ steward, queue, send, consume }) =>
      Effect.gen(function* () {
        const [from, to] = [yield* queue({ type: "quorum" }), yield* queue({ type: "quorum" })]
        const all = Array.from({ length: 250 }, (_, i) => `m${i}`)
        for (const id of all) yield* send(from, id, { id, headers: { "warren-attempt": 1, kept: "yes" }, replyTo: "r" })
        assert.equal(yield* steward.move(from, to, { "warren-attempt": 2, added: true }), 250)
        assert.equal((yield* steward.look(from))?.ready, 0)
        const inbox = yield* consume(to, 300)
        for (const id of all) {
          const { packet } = yield* inbox.take
          assert.deepEqual([packet.id, packet.replyTo], [id, "r"])
          assert.deepEqual({ ...packet.headers }, { "warren-attempt": 2, kept: "yes", added: true })
        }
        yield* inbox.none(20)
      }),
  },
  {
    name: "move() of a dead letter lets it live again: it can die of the same once more",
    run: ({ steward, queue, send, consume }) =>
      Effect.gen(function* () {
        const grave = yield* queue({ type: "quorum" })
        const work = yield* queue({ type: "quorum", messageTtl: 40, deadLetterExchange: "", deadLetterKey: grave })
        yield* send(work, "x", { id: "m1" })
        for (let life = 1; life <= 2; life++) {
          yield* eventually(steward.look(grave), (facts) => facts?.ready === 1)
          if (life === 1) assert.equal(yield* steward.move(grave, work, {}), 1)
        }
        assert.equal((yield* (yield* consume(grave)).take).packet.id, "m1")
      }),
  },
  {
    name: "move() of an empty queue moves nothing; of or to an unknown one it is NotFound",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, queue, name } = rig
        const [full, empty] = [yield* filled(rig), yield* queue({ type: "quorum" })]
        assert.equal(yield* steward.move(empty, full, {}), 0)
        assert.match(yield* refusedBy(steward.move(full, name("nothing"), {})), /^NotFound: Cannot move /)
        assert.match(yield* refusedBy(steward.move(name("nothing"), empty, {})), /^NotFound: Cannot move /)
        assert.equal((yield* steward.look(full))?.ready, 3)
      }),
  },
  {
    name: "move() to a queue that takes no more is Rejected, and what did not fit stays",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, queue, consume } = rig
        const from = yield* filled(rig)
        const to = yield* queue({ maxLength: 0 })
        assert.match(yield* refusedBy(steward.move(from, to, {})), /^Rejected: .*takes nothing more/)
        yield* eventually(steward.look(from), (facts) => facts?.ready === 3)
        assert.deepEqual(yield* (yield* consume(from)).takeAll(3), ids)
      }),
  },
  {
    name: "bind() and unbind() change what comes in; a second time is as good as once",
    run: ({ steward, queue, exchange, send }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        const topic = yield* exchange("topic")
        const binding = { exchange: topic, queue: name, key: "sales.*" }
        const route = { exchange: topic, key: "sales.sold" }
        assert.equal(yield* send(route, "1"), "unroutable")
        yield* steward.bind(binding)
        yield* steward.bind(binding)
        assert.equal(yield* send(route, "2"), "routed")
        yield* steward.unbind(binding)
        yield* steward.unbind(binding)
        assert.equal(yield* send(route, "3"), "unroutable")
      }),
  },
  {
    name: "bind() of what is not there is NotFound, and unbind() has nothing to do",
    run: ({ steward, queue, exchange, name }) =>
      Effect.gen(function* () {
        const there = { exchange: yield* exchange("topic"), queue: yield* queue({ type: "quorum" }), key: "k" }
        for (const missing of [{ ...there, exchange: name("nothing") }, { ...there, queue: name("nothing") }]) {
          assert.match(yield* refusedBy(steward.bind(missing)), /^NotFound: Cannot bind /)
          yield* steward.unbind(missing)
        }
      }),
  },
  {
    name: "remove() refuses a queue that is consumed or holds too much, and says what went",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward, another } = rig
        const queue = yield* filled(rig)
        assert.match(yield* refusedBy(steward.remove(queue, 2)), /^NotEmpty: .*holds 3 messages/)
        yield* briefly(Effect.gen(function* () {
          yield* (yield* another).consume(queue, 1)
          yield* eventually(steward.look(queue), (facts) => facts?.consumers === 1)
          assert.match(yield* refusedBy(steward.remove(queue, 10)), /^InUse: .*has 1 consumer/)
        }))
        // a quorum queue forgets the consumer of a closed connection in a moment
        yield* eventually(steward.look(queue), (facts) => facts?.consumers === 0 && facts.ready === 3)
        assert.equal(yield* steward.remove(queue, 3), 3)
        assert.equal(yield* steward.look(queue), undefined)
        assert.match(yield* refusedBy(steward.remove(queue, 3)), /^NotFound: Cannot remove /)
      }),
  },
]
