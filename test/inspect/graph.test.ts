/**
 * `graph`: who speaks to whom, from processes, what is remembered, and what modules declare.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Schema } from "effect"
import { type Graph, type GraphFacts, graphOf, type Scene, type Use, verbs } from "../../src/inspect/mod.ts"
import { Bus } from "../../src/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { withTeam } from "./team.ts"

const Shop = api("shop", {
  sold: event({ n: Schema.Int }),
  returned: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int }),
})
const Stock = api("stock", { left: call({ n: Schema.Int }, { returns: Schema.Int }) })

const look = (scene: Scene): Effect.Effect<Graph> => {
  const verb = verbs.get("graph")
  return verb?.kind === "ask"
    ? Effect.scoped(Effect.orDie(verb.run(scene, {}))) as Effect.Effect<Graph>
    : assert.fail("there is no verb")
}

/** `shop, web -> shop.price`, with what is known otherwise than now, and the mark. */
const told = ({ messages }: Graph) =>
  Object.fromEntries(messages.map(({ type, senders, handlers, mark }) => {
    const of = (all: typeof senders) =>
      all.map(({ app, handler, known }) =>
        `${app}${handler === "" ? "" : `.${handler}`}${known === "now" ? "" : `:${known}`}`
      ).join(" ")
    return [type, `${of(senders)} -> ${of(handlers)}${mark === undefined ? "" : ` (${mark})`}`]
  }))

const facts = (more: Partial<GraphFacts>): GraphFacts => ({
  at: 0,
  source: "",
  isRunning: true,
  members: [],
  apps: [],
  uses: [],
  schedules: [],
  gaps: [],
  ...more,
})

describe("graphOf()", () => {
  const use = (known: Use["known"], more: Partial<Use> = {}): Use => ({
    app: "stock",
    type: "shop.sold",
    kind: "event",
    role: "handles",
    handler: "note",
    known,
    ...more,
  })

  test("what runs goes before what is declared, and that before what is remembered", () => {
    const { messages, apps } = graphOf(facts({ uses: [use("once", { seen: 7 }), use("now"), use("declared")] }))
    assert.deepEqual(messages[0]?.handlers, [{ app: "stock", handler: "note", known: "now" }])
    assert.deepEqual(apps.map(({ app, known }) => [app, known]), [["stock", "now"]])
    assert.deepEqual(
      graphOf(facts({ uses: [use("once", { seen: 7 }), use("once", { seen: 9 })] })).messages[0]?.handlers,
      [{ app: "stock", handler: "note", known: "once", seen: 9 }],
    )
  })

  test("marks what nobody handles, and what nobody handles now", () => {
    const markOf = (uses: ReadonlyArray<Use>, isRunning = true) =>
      graphOf(facts({ uses, isRunning, members: [{ type: "shop.sold", kind: "event" }] })).messages[0]?.mark
    assert.equal(markOf([]), "nobody")
    assert.equal(markOf([use("now", { role: "sends", handler: "" })]), "nobody")
    assert.equal(markOf([use("once")]), "nobody-now")
    assert.equal(markOf([use("declared")]), "nobody-now")
    assert.equal(markOf([use("declared")], false), undefined)
    assert.equal(markOf([use("now")]), undefined)
  })
})

describe("graph", () => {
  test(
    "knows which app of a process sends, what nobody hears, and what modules declare",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const price = handle(Shop.price, ({ n }) => Effect.flatMap(Bus, (bus) => bus.call(Stock.left({ n }))))
        const web = yield* start({}, { app: "web" })
        yield* start({
          shop: { price },
          stock: { left: handle(Stock.left, ({ n }) => n), note: on(Shop.sold, () => {}) },
        })
        yield* web.bus.call(Shop.price({ n: 1 }))
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        const contracts = new Map([[Shop.returned.type, Shop.returned]])
        const listeners = [{ app: "desk", name: "greet", subject: "shop.sold" }]
        const graph = yield* look(yield* scene({ contracts, listeners } as Partial<Scene>))
        assert.deepEqual(told(graph), {
          "shop.price": "web -> shop.price",
          "shop.returned": " ->  (nobody)",
          "shop.sold": "web -> stock.note desk.greet:declared",
          // only the shop calls it, though the stock is in the same process
          "stock.left": "shop -> stock.left",
        })
        assert.deepEqual(graph.apps.map(({ app, known }) => [app, known]), [
          ["desk", "declared"],
          ["shop", "now"],
          ["stock", "now"],
          ["web", "now"],
        ])
      })
    ),
  )

  test(
    "remembers apps that are gone, each with what it sent itself",
    withTeam(({ start, scene, steward }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(Effect.gen(function* () {
          const price = handle(Shop.price, ({ n }) => Effect.flatMap(Bus, (bus) => bus.call(Stock.left({ n }))))
          const both = yield* start({ shop: { price }, stock: { left: handle(Stock.left, ({ n }) => n) } })
          yield* both.bus.call(Shop.price({ n: 1 }))
          yield* Effect.sleep(600)
        }))
        const graph = yield* look(yield* scene({ steward }))
        assert.equal(told(graph)["stock.left"], "shop:once -> stock.left:once (nobody-now)")
        assert.deepEqual(graph.apps.map(({ app, known }) => [app, known]).slice(0, 2), [["shop", "once"], [
          "stock",
          "once",
        ]])
      })
    ),
  )

  test(
    "a process that does not answer is a gap, and is known by what it announced",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const killed = yield* start({ stock: { note: on(Shop.sold, () => {}) } })
        const seen = yield* scene()
        yield* killed.kill
        const graph = yield* look(seen)
        assert.match(graph.gaps[0] ?? "", /^stock \(host .*\) did not answer/)
        assert.equal(told(graph)["shop.sold"], " -> stock.note")
      })
    ),
  )
})
