/**
 * Cases of the steward suite: a queue of the steward's own, which is bounded and leaves nothing behind.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { filled, refusedBy, type StewardCase } from "./stewardSuiteRig.ts"
import { briefly, eventually } from "./transportSuiteRig.ts"

const text = (body: Uint8Array): string => new TextDecoder().decode(body)

/** See the top of the file. */
export const receiving: ReadonlyArray<StewardCase> = [
  {
    name: "receive() hands over what comes to its queue, by name and by binding, and deletes it in the end",
    run: ({ steward, name, exchange, queue, send }) =>
      Effect.gen(function* () {
        const own = name("own")
        const topic = yield* exchange("topic", [["other", yield* queue()]])
        const came: Array<string> = []
        yield* briefly(Effect.gen(function* () {
          yield* steward.receive(own, {
            most: 10,
            take: ({ body, headers }) => came.push(`${text(body)} ${headers["h"]}`),
            onLost: (why) => came.push(why),
          })
          yield* steward.bind({ exchange: topic, queue: own, key: "sales.*" })
          yield* send(own, "one", { headers: { h: 1 } })
          assert.equal(yield* send({ exchange: topic, key: "sales.sold" }, "two", { headers: { h: 2 } }), "routed")
          yield* eventually(Effect.sync(() => came.length), (count) => count === 2)
        }))
        assert.deepEqual(came, ["one 1", "two 2"])
        yield* eventually(steward.look(own), (facts) => facts === undefined)
        assert.equal(yield* send({ exchange: topic, key: "sales.sold" }, "three"), "unroutable")
        assert.equal(came.length, 2)
      }),
  },
  {
    name: "receive() drops the oldest where more wait than may, and holds up nobody who publishes",
    run: ({ steward, name, send }) =>
      Effect.gen(function* () {
        const own = name("own")
        const came: Array<string> = []
        yield* steward.receive(own, { most: 5, take: ({ body }) => came.push(text(body)), onLost: () => {} })
        for (let i = 0; i < 500; i++) assert.equal(yield* send(own, String(i)), "routed")
        yield* eventually(Effect.sync(() => came.at(-1)), (last) => last === "499")
        assert.deepEqual(came, came.toSorted((a, b) => Number(a) - Number(b)))
      }),
  },
  {
    name: "receive() refuses the name of a queue that is there, which stays as it is",
    run: (rig) =>
      Effect.gen(function* () {
        const { steward } = rig
        const queue = yield* filled(rig)
        const take = () => assert.fail("It took somebody else's message")
        const refused = yield* refusedBy(
          Effect.scoped(steward.receive(queue, { most: 5, take, onLost: () => assert.fail("it never began") })),
        )
        assert.match(refused, /^(Clash|Forbidden): Cannot receive from "/)
        assert.equal((yield* steward.look(queue))?.ready, 3)
      }),
  },
]
