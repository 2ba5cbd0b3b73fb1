/**
 * Cases of the steward suite: what a source that sees everything says of queues, consumers, connections and nodes.
 *
 * Figures may be seconds old, so every case looks until it sees what must come.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { Insight } from "../transport/mod.ts"
import { type StewardCase, type StewardRig, suiteIdentity } from "./stewardSuiteRig.ts"

const sees = (
  name: string,
  run: (insight: Insight, rig: StewardRig) => ReturnType<StewardCase["run"]>,
): StewardCase => ({
  name,
  needs: ["insight"],
  run: (rig) => {
    const { insight } = rig.surveyor
    assert.ok(insight !== undefined, "It has no insight")
    return run(insight, rig)
  },
})

/** Looks again until it is so; a source's figures may be several seconds old. */
const soon = <A, E>(look: Effect.Effect<A, E>, passes: (value: A) => boolean): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    for (let attempt = 1;; attempt++) {
      const value = yield* look
      if (passes(value) || attempt === 150) {
        assert.ok(passes(value), `After 15 seconds it is still ${JSON.stringify(value)}`)
        return value
      }
      yield* Effect.sleep(100)
    }
  })

/** See the top of the file. */
export const insights: ReadonlyArray<StewardCase> = [
  sees(
    "queue() says which limits are in force, and there is none of an unknown name",
    (insight, { queue, name }) =>
      Effect.gen(function* () {
        const limited = yield* queue({
          type: "quorum",
          messageTtl: 60_000,
          maxLength: 7,
          overflow: "drop-head",
          deliveryLimit: 5,
          deadLetterExchange: "",
          deadLetterKey: "grave",
          singleActiveConsumer: true,
        })
        const { type, state, policy, limits } = (yield* insight.queue(limited))!
        assert.deepEqual([type, state ?? "running", policy], ["quorum", "running", null])
        assert.deepEqual(limits, {
          messageTtl: 60_000,
          maxLength: 7,
          maxBytes: null,
          overflow: "drop-head",
          expires: 60_000,
          deliveryLimit: 5,
          deadLetterExchange: "",
          singleActiveConsumer: true,
        })
        const plain = (yield* insight.queue(yield* queue({ maxLength: 3 })))!
        assert.deepEqual([plain.type, plain.limits.maxLength, plain.limits.overflow], ["classic", 3, "reject-publish"])
        assert.deepEqual([plain.limits.deadLetterExchange, plain.limits.messageTtl], [null, null])
        assert.equal(yield* insight.queue(name("nothing")), undefined)
      }),
  ),
  sees(
    "queue() counts, and says who consumes it and on whose behalf",
    (insight, { queue, send, consume }) =>
      Effect.gen(function* () {
        const name = yield* queue({ type: "quorum" })
        for (const text of ["1", "2", "3"]) yield* send(name, text)
        const inbox = yield* consume(name, 2)
        yield* inbox.take
        const seen = yield* soon(
          insight.queue(name),
          (found) => found?.ready === 1 && found.unacked === 2 && found.holders.length === 1,
        )
        assert.equal(seen?.consumers, 1)
        const [holder] = seen?.holders ?? []
        assert.deepEqual([holder?.instance, holder?.prefetch, holder?.active], [suiteIdentity.instance, 2, true])
        assert.match(holder?.connection ?? "", /^suite/)
      }),
  ),
  sees(
    "queue() says which consumer is the active one where there is one at a time",
    (insight, rig) =>
      Effect.gen(function* () {
        const name = yield* rig.queue({ type: "quorum", singleActiveConsumer: true })
        yield* rig.consume(name, 1)
        yield* (yield* rig.another).consume(name, 1)
        const seen = yield* soon(insight.queue(name), (found) => found?.holders.length === 2)
        assert.deepEqual(seen?.holders.map(({ active }) => active).sort(), [false, true])
      }),
  ),
  sees(
    "exchange() says its type, and there is none of an unknown name",
    (insight, { exchange, name }) =>
      Effect.gen(function* () {
        for (const type of ["direct", "topic", "fanout"] as const) {
          const own = yield* exchange(type)
          assert.deepEqual(yield* insight.exchange(own), { name: own, type, alternate: null })
        }
        assert.equal(yield* insight.exchange(name("nothing")), undefined)
      }),
  ),
  sees("bindings() lists those of one exchange", (insight, { queue, exchange, name }) =>
    Effect.gen(function* () {
      const one = yield* queue()
      const topic = yield* exchange("topic", [["sales.*", one], ["#", one]])
      yield* exchange("topic", [["other", one]])
      const found = yield* insight.bindings(topic)
      assert.deepEqual(found.map(({ queue, key }) => `${queue} ${key}`).sort(), [`${one} #`, `${one} sales.*`])
      assert.deepEqual(yield* insight.bindings(name("nothing")), [])
    })),
  sees("connections says which process and which apps they are", (insight) =>
    Effect.gen(function* () {
      const { instance, apps } = suiteIdentity
      const all = yield* soon(insight.connections, (found) => found.some((one) => one.instance === instance))
      const own = all.find((one) => one.instance === instance)
      assert.deepEqual([own?.apps, own?.state], [apps, "running"])
      assert.match(own?.name ?? "", /^suite/)
    })),
  sees(
    "nodes, permissions and other virtual hosts are as a sound broker has them",
    (insight, { name }) =>
      Effect.gen(function* () {
        const nodes = yield* insight.nodes
        assert.ok(nodes.length > 0)
        for (const { running, memoryAlarm, diskAlarm } of nodes) {
          assert.deepEqual([running, memoryAlarm, diskAlarm], [true, false, false])
        }
        const allowed = yield* insight.permissions("guest")
        assert.deepEqual([allowed?.configure, allowed?.write, allowed?.read], [".*", ".*", ".*"])
        assert.deepEqual(yield* insight.elsewhere(name("nothing")), [])
      }),
  ),
]
