/**
 * `why` on a broker inside the test: its questions, its verdicts, and what it leaves alone. Every cause of a fault, over
 * RabbitMQ: `faults/`.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Result, Schema } from "effect"
import { type Scene, why, type WhyReport } from "../../src/inspect/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { type Team, withTeam } from "./team.ts"

const Shop = api("shop", {
  sold: event({ n: Schema.Int }),
  packed: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int }),
})

const ask = (scene: Scene, input: object): Effect.Effect<WhyReport, unknown> => Effect.scoped(why(scene, input))

/** Somebody who sees all there is to see. */
const onlooker = ({ scene, steward }: Team, change: Partial<Scene> = {}) =>
  scene({ steward, surveyor: steward, ...change })

const stateOf = ({ links }: WhyReport, wanted: string): string =>
  links.filter(({ link }) => link === wanted).map(({ state }) => state).join()

/** Asks until the verdict is there, since facts arrive at their own time. */
const until = Effect.fnUntraced(function* (scene: Scene, input: object, verdict: WhyReport["verdict"]) {
  for (let i = 0; i < 60; i++) {
    const report = yield* ask(scene, input)
    if (report.verdict === verdict) return report
    yield* Effect.sleep(50)
  }
  return assert.fail(`it never became ${verdict}: ${JSON.stringify(yield* ask(scene, input), null, 1)}`)
})

describe("why()", () => {
  test(
    "an event's way is whole once it went, each link says by what, and the canary runs no handler",
    withTeam((team) =>
      Effect.gen(function* () {
        let runs = 0
        const note = on(Shop.sold, () => void runs++)
        yield* team.start({ stock: { note } })
        const web = yield* team.start({}, { app: "web" })
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        const scene = yield* onlooker(team)
        const report = yield* until(scene, { subject: "shop.sold", to: "stock" }, "whole")
        assert.equal(report.cause, undefined)
        assert.equal(report.question.handler, "stock.note")
        assert.deepEqual(report.links.map(({ link }) => link), [
          "contract",
          "connection",
          "listener",
          "emitter",
          "emitted",
          "exchange",
          "queue",
          "binding",
          "consumers",
          "progress",
          "retrying",
          "dead-letters",
          "decoding",
          "outcome",
          "duplicates",
          "canary",
        ])
        assert.ok(report.links.every(({ evidence }) => evidence !== ""))
        assert.equal(stateOf(report, "canary"), "ok")
        assert.equal(runs, 1)
        // without a canary nothing at all is sent along the way
        const still = yield* ask(scene, { subject: "shop.sold", to: "stock", canary: false })
        assert.notEqual(stateOf(still, "canary"), "ok")
        assert.equal((yield* team.steward.look("warren.on.stock.note"))?.ready, 0)
      })
    ),
  )

  test(
    "stops at the first broken link, with a cause and what mends it",
    withTeam((team) =>
      Effect.gen(function* () {
        yield* team.start({ stock: { note: on(Shop.sold, () => {}) } })
        const scene = yield* onlooker(team)
        const nobody = yield* ask(scene, { subject: "shop.sold", to: "stock" })
        assert.equal(nobody.verdict, "broken")
        assert.equal(nobody.cause?.code, "nobody-emits")
        assert.equal(nobody.links.at(-1)?.link, "emitter")
        assert.ok(nobody.cause.text !== "" && nobody.cause.remedy !== "")
        const near = yield* ask(scene, { subject: "shop.slod", to: "stock" })
        assert.deepEqual([near.cause?.code, near.links.length], ["nearly-right", 1])
        const app = yield* ask(scene, { subject: "shop.sold", to: "stocks" })
        assert.match(app.cause?.remedy ?? "", /--to stock/)
      })
    ),
  )

  test(
    "a queue that lost its binding is named on this broker, too",
    withTeam((team) =>
      Effect.gen(function* () {
        yield* team.start({ stock: { note: on(Shop.sold, () => {}) } })
        const web = yield* team.start({}, { app: "web" })
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        const scene = yield* onlooker(team)
        yield* until(scene, { subject: "shop.sold", to: "stock" }, "whole")
        yield* team.steward.unbind({
          exchange: "warren.events",
          queue: "warren.on.stock.note",
          key: "shop.sold",
        })
        const report = yield* ask(scene, { subject: "shop.sold", to: "stock" })
        assert.deepEqual([report.cause?.code, report.links.at(-1)?.link], ["binding-missing", "binding"])
      })
    ),
  )

  test(
    "two listeners of one app that failed: each has its own dead letter, though both lie in one queue",
    withTeam((team) =>
      Effect.gen(function* () {
        const fail = (why: string) => on(Shop.sold, () => Effect.fail(why), { retry: false })
        yield* team.start({ stock: { one: fail("first"), two: fail("second") } })
        const web = yield* team.start({}, { app: "web" })
        const id = yield* web.bus.emit(Shop.sold({ n: 1 }))
        assert.ok(id)
        const scene = yield* onlooker(team)
        for (const [to, error] of [["stock.one", /first/], ["stock.two", /second/]] as const) {
          const report = yield* until(scene, { subject: "shop.sold", to }, "broken")
          assert.equal(report.cause?.code, "dead-failed")
          assert.match(report.cause.text, error)
        }
        const both = yield* ask(scene, { subject: "shop.sold", to: "stock" })
        assert.match(both.links.map(({ evidence }) => evidence).join("\n"), /stock\.two listens to it too: broken/)
      })
    ),
  )

  test(
    "a call: nobody serves it, then somebody does",
    withTeam((team) =>
      Effect.gen(function* () {
        const scene = yield* onlooker(team, {
          contracts: new Map(Object.values({ price: Shop.price }).map((one) => [one.type, one])),
        })
        const none = yield* ask(scene, { subject: "shop.price" })
        assert.deepEqual([none.verdict, none.cause?.code], ["broken", "no-server"])
        const shop = yield* team.start({ shop: { price: handle(Shop.price, ({ n }) => n) } })
        assert.equal(yield* shop.bus.call(Shop.price({ n: 1 })), 1)
        const fine = yield* until(scene, { subject: "shop.price" }, "whole")
        assert.equal(stateOf(fine, "server"), "ok")
      })
    ),
  )

  test(
    "what cannot be seen is unknown, with the reason, and never taken for nothing",
    withTeam((team) =>
      Effect.gen(function* () {
        yield* team.start({ stock: { note: on(Shop.sold, () => {}) } })
        const web = yield* team.start({}, { app: "web" })
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        const { insight: _, ...blind } = team.steward
        const scene = yield* onlooker(team, { steward: blind, surveyor: blind })
        const report = yield* ask(scene, { subject: "shop.sold", to: "stock", canary: false })
        assert.equal(report.verdict, "unknown")
        const dark = report.links.filter(({ state }) => state === "unknown")
        assert.ok(dark.some(({ link }) => link === "binding"))
        assert.ok(dark.every(({ evidence }) => evidence !== ""))
        // a canary that comes through has gone where nobody could look
        assert.equal((yield* until(scene, { subject: "shop.sold", to: "stock" }, "whole")).cause, undefined)
      })
    ),
  )

  test(
    "a question that is none is refused, and says what one is",
    withTeam((team) =>
      Effect.gen(function* () {
        const scene = yield* onlooker(team)
        for (
          const input of [undefined, {}, { subject: 7 }, { subject: "shop" }, { subject: "a.b.c" }, {
            subject: "a b.c",
          }]
        ) {
          const asked = yield* Effect.result(ask(scene, input as object))
          assert.ok(Result.isFailure(asked), JSON.stringify(input))
          assert.match(String((asked.failure as { problem?: string }).problem), /Cannot read/)
        }
      })
    ),
  )
})
