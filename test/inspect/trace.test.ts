/**
 * `trace`: one message, all that becomes of it in several processes, and how it is known that there is no more.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Option, Schema, type Scope, Stream } from "effect"
import {
  type EndTold,
  type HopTold,
  type InspectError,
  type RoutedTold,
  type Scene,
  type TraceTold,
  verbs,
} from "../../src/inspect/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { QueueName } from "../../src/wire/mod.ts"
import { type Team, withTeam } from "./team.ts"

class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { sku: Schema.String }) {}

const Shop = api("shop", {
  sold: event({ n: Schema.Int }),
  packed: event({ n: Schema.Int }),
  ignored: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int, fails: Unknown }),
  nobody: call({ n: Schema.Int }, { returns: Schema.Int }),
})
const Open = api("open", { hello: event({ n: Schema.Int }) }, { expose: true })
const contracts: Scene["contracts"] = new Map(
  [Shop.sold, Shop.packed, Shop.ignored, Shop.price, Shop.nobody, Open.hello].map((one) => [one.type, one]),
)

const price = handle(Shop.price, ({ n }) => n < 0 ? Effect.fail(new Unknown({ sku: "x" })) : Effect.succeed(n * 2))

const verb = verbs.get("trace")
assert.ok(verb?.kind === "follow")
const tracing = (scene: Scene, input: object) =>
  verb.run(scene, input) as Stream.Stream<TraceTold, InspectError, Scope.Scope>

/** All that is told. */
const told = (scene: Scene, input: object) => Effect.map(Stream.runCollect(tracing(scene, input)), (all) => [...all])

const endOf = (all: ReadonlyArray<TraceTold>): EndTold => {
  const last = all.at(-1)
  assert.ok(last?.kind === "end", JSON.stringify(last))
  return last
}

const hops = (all: ReadonlyArray<TraceTold>): ReadonlyArray<HopTold> => all.filter((one) => one.kind === "hop")

const routes = (all: ReadonlyArray<TraceTold>): ReadonlyArray<RoutedTold> => all.filter((one) => one.kind === "routed")

/** With the broker's bindings at hand, as through the management API. */
const seeing = ({ scene, steward }: Team, change: Partial<Scene> = {}) =>
  scene({ steward, surveyor: steward, contracts, ...change })

describe("trace", () => {
  test(
    "tells of an event until all that it caused has ended, in whatever process",
    withTeam((team) =>
      Effect.gen(function* () {
        const { start } = team
        const packer = on(Shop.sold, async ({ n }, { call, emit }) => {
          await call(Shop.price({ n }))
          await emit(Shop.packed({ n }))
        })
        yield* start({ shop: { price }, mail: { note: on(Shop.packed, () => Effect.sleep(50)) } })
        yield* start({ stock: { packer } })
        const all = yield* told(yield* seeing(team), { type: "shop.sold", payload: { n: 2 } })
        const end = endOf(all)
        assert.deepEqual([end.outcome, end.failures, end.open], ["whole", [], []])
        assert.deepEqual(
          routes(all).map((
            { type, complete, queues },
          ) => [type, complete, queues.map(({ queue, consumers }) => [queue, consumers])]),
          [
            ["shop.sold", true, [[QueueName.listener("stock", "packer"), 1]]],
            ["shop.packed", true, [[QueueName.listener("mail", "note"), 1]]],
          ],
        )
        const acked = hops(all).filter(({ fact }) => fact === "acked").map(({ handler }) => handler)
        assert.deepEqual(acked.toSorted(), ["mail.note", "shop.price", "stock.packer"])
        assert.equal(new Set(hops(all).map(({ instance }) => instance)).size, 3)
        assert.equal(hops(all)[0]!.at, 0)
        assert.deepEqual(JSON.parse(JSON.stringify(all)).length, all.length)
      })
    ),
  )

  test(
    "tells the value of a call, or why there is none",
    withTeam((team) =>
      Effect.gen(function* () {
        yield* team.start({ shop: { price } })
        const scene = yield* seeing(team)
        const good = endOf(yield* told(scene, { type: "shop.price", payload: { n: 2 } }))
        assert.deepEqual([good.outcome, good.value], ["whole", 4])
        const declared = endOf(yield* told(scene, { type: "shop.price", payload: { n: -1 } }))
        assert.deepEqual([declared.outcome, declared.error?.tag], ["failed", "Unknown"])
        const none = endOf(yield* told(scene, { type: "shop.nobody", payload: { n: 1 } }))
        assert.deepEqual([none.outcome, none.error?.tag, none.failures.length], ["failed", "NoHandler", 1])
        assert.match(none.error?.consequence ?? "", /The call was not run/)
      })
    ),
  )

  test(
    "ends with a retry as a failure, or waits for it where that is wanted; a dead letter is one",
    withTeam((team) =>
      Effect.gen(function* () {
        let tries = 0
        const again = on(Shop.sold, () => ++tries % 2 === 1 ? Effect.fail("not yet") : Effect.void, {
          retry: { attempts: 3, delays: "1 second" },
        })
        const never = on(Shop.packed, () => Effect.fail("never"), { retry: false })
        yield* team.start({ stock: { again, never } })
        const scene = yield* seeing(team)
        const sold = { type: "shop.sold", payload: { n: 1 } }
        const impatient = endOf(yield* told(scene, sold))
        assert.equal(impatient.outcome, "failed")
        assert.deepEqual(impatient.failures, ['shop.sold: "stock.again" failed (not yet), and tries again in 1 s'])
        yield* Effect.sleep(1_200)
        assert.equal(tries, 2)
        const patient = yield* told(scene, { ...sold, wait: true })
        assert.deepEqual([endOf(patient).outcome, endOf(patient).failures], ["whole", []])
        assert.deepEqual(hops(patient).filter(({ fact }) => fact === "started").map(({ attempt }) => attempt), [1, 2])
        const dead = endOf(yield* told(scene, { type: "shop.packed", payload: { n: 1 } }))
        assert.deepEqual([dead.outcome, dead.failures], ["failed", [
          'shop.packed: "stock.never" gave up, and dead-lettered it: never',
        ]])
      })
    ),
  )

  test(
    "nobody listening is no failure, and a queue of somebody else's is named and not waited for",
    withTeam((team) =>
      Effect.gen(function* () {
        const scene = yield* seeing(team)
        const alone = yield* told(scene, { type: "shop.ignored", payload: { n: 1 } })
        assert.deepEqual([endOf(alone).outcome, hops(alone).map(({ fact }) => fact)], ["whole", ["sent", "unheard"]])
        yield* scene.core.transport.declare({
          exchanges: [],
          queues: [{ name: "audit", type: "classic" }],
          bindings: [{ exchange: "warren.events", queue: "audit", key: "shop.#" }],
        })
        const foreign = yield* told(scene, { type: "shop.ignored", payload: { n: 1 } })
        assert.equal(endOf(foreign).outcome, "whole")
        assert.deepEqual(routes(foreign)[0]?.queues, [{ queue: "audit", followed: false, consumers: 0, ready: 1 }])
      })
    ),
  )

  test(
    "a listener that is not there leaves it open, with what is known of its queue",
    withTeam((team) =>
      Effect.gen(function* () {
        const stock = yield* team.start({ stock: { note: on(Shop.sold, () => {}) } })
        yield* stock.host.drain(0)
        yield* stock.kill
        const scene = yield* seeing(team)
        const all = yield* told(scene, { type: "shop.sold", payload: { n: 1 }, timeout: 500 })
        assert.equal(endOf(all).outcome, "open")
        const queue = QueueName.listener("stock", "note")
        assert.equal(
          endOf(all).open[0]?.what,
          `nothing was heard of "${queue}": nobody consumes it, and 1 message waits there`,
        )
        assert.equal(routes(all)[0]?.queues[0]?.consumers, 0)
      })
    ),
  )

  test(
    "where no bindings can be seen, those are waited for who say to listen, and others for a moment",
    withTeam((team) =>
      Effect.gen(function* () {
        yield* team.start({ stock: { note: on(Shop.sold, () => Effect.sleep(1_300)) } })
        const blind = {
          ...team.steward,
          insight: undefined,
          survey: () => Effect.succeed({ complete: false, queues: [], bindings: undefined }),
        }
        const scene = yield* team.scene({ steward: team.steward, surveyor: blind, contracts })
        const all = yield* told(scene, { type: "shop.sold", payload: { n: 1 } })
        assert.equal(endOf(all).outcome, "whole")
        assert.deepEqual(routes(all).map(({ complete, queues }) => [complete, queues.map(({ queue }) => queue)]), [
          [false, [QueueName.listener("stock", "note")]],
        ])
        assert.ok(hops(all).some(({ fact }) => fact === "acked"))
      })
    ),
  )

  test(
    "says what is wrong with a question, and sends nothing then",
    withTeam((team) =>
      Effect.gen(function* () {
        const scene = yield* seeing(team)
        const problem = (change: Partial<Scene>, input: unknown) =>
          Effect.map(Effect.flip(told({ ...scene, ...change }, input as object)), ({ problem, remedy }) =>
            `${problem}\n${remedy}`)
        assert.match(yield* problem({}, null), /Cannot trace that/)
        assert.match(
          yield* problem({}, { type: "shop.sold", payload: {}, timeout: "long" }),
          /Cannot trace that: .*timeout/s,
        )
        assert.match(
          yield* problem({}, { type: "shop.solt", payload: {} }),
          /Cannot find "shop.solt".*\nDid you mean "shop.sold"\?/,
        )
        assert.match(
          yield* problem({ reaches: "exposed" }, { type: "shop.sold", payload: {} }),
          /No "shop.sold" is exposed there\n.*--broker/,
        )
        assert.match(
          yield* problem({}, { type: "shop.sold", payload: { n: "x" } }),
          /InvalidPayload: Cannot send "shop.sold": field "n" is "x"/,
        )
        const open = yield* told({ ...scene, reaches: "exposed" }, { type: "open.hello", payload: { n: 1 } })
        assert.equal(endOf(open).outcome, "whole")
      })
    ),
  )

  test(
    "whoever stops listening is told no more",
    withTeam((team) =>
      Effect.gen(function* () {
        const stock = yield* team.start({ stock: { note: on(Shop.sold, () => Effect.sleep(300)) } })
        const scene = yield* seeing(team)
        let ended = 0
        const follows: Scene["core"]["follows"] = {
          ...scene.core.follows,
          ask: (listening) => {
            const asking = scene.core.follows.ask(listening)
            const end = (): void => {
              ended++
              asking.end()
            }
            return { ...asking, end }
          },
        }
        const watched = { ...scene, core: { ...scene.core, follows } }
        const first = yield* Effect.scoped(Stream.runHead(tracing(watched, { type: "shop.sold", payload: { n: 1 } })))
        assert.ok(Option.isSome(first) && first.value.kind === "hop")
        assert.equal(ended, 1)
        // the message goes its way
        while (stock.facts("handled").length === 0) yield* Effect.sleep(10)
      })
    ),
  )
})
