/**
 * `tap`: messages of several processes as they are sent, chosen and judged, while nothing that is watched is disturbed.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Fiber, Schema, type Scope, Stream } from "effect"
import {
  type InspectError,
  type Scene,
  type TapCountsTold,
  type TapMessageTold,
  type TapOpenTold,
  type TapTold,
  verbs,
} from "../../src/inspect/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import type { Packet } from "../../src/transport/mod.ts"
import { Header, QueueName, routeTo } from "../../src/wire/mod.ts"
import { type Team, withTeam } from "./team.ts"

const Shop = api("shop", {
  sold: event({ customer: Schema.String, lines: Schema.Array(Schema.Struct({ sku: Schema.String, n: Schema.Int })) }),
  packed: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int }),
})
const contracts: Scene["contracts"] = new Map([Shop.sold, Shop.packed, Shop.price].map((one) => [one.type, one]))
const price = handle(Shop.price, ({ n }) => n * 2)
const sold = (customer: string, sku: string, n = 1) => Shop.sold({ customer, lines: [{ sku, n }] })

const verb = verbs.get("tap")
assert.ok(verb?.kind === "follow" && verb.looks)
const tapping = (scene: Scene, input: object) =>
  verb.run(scene, input) as Stream.Stream<TapTold, InspectError, Scope.Scope>

interface Tap {
  readonly told: ReadonlyArray<TapTold>
  readonly messages: () => ReadonlyArray<TapMessageTold>
  readonly open: TapOpenTold
  readonly until: (what: string, passes: () => boolean) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
  readonly ended: Effect.Effect<unknown, InspectError>
}

/** An open tap. */
const opened = Effect.fnUntraced(function* (team: Team, input: object = {}, change: Partial<Scene> = {}) {
  const scene = yield* team.scene({ steward: team.steward, contracts, ...change })
  const told: Array<TapTold> = []
  const fiber = yield* Effect.forkScoped(
    Effect.scoped(Stream.runForEach(tapping(scene, input), (one) => Effect.sync(() => void told.push(one)))),
  )
  const until = Effect.fnUntraced(function* (what: string, passes: () => boolean) {
    for (let i = 0; i < 300; i++) {
      if (passes()) return
      yield* Effect.sleep(10)
    }
    assert.fail(`It never came that ${what}: ${JSON.stringify(told)}`)
  })
  yield* until("it is open", () => told.length > 0)
  const open = told[0]!
  assert.ok(open.kind === "open", JSON.stringify(open))
  const messages = () => told.filter((one) => one.kind === "message")
  return { told, messages, open, until, end: Fiber.interrupt(fiber), ended: Fiber.join(fiber) } satisfies Tap
})

const foreign = (body: string, part: Partial<Packet>): Packet => ({
  id: "f1",
  type: "shop.packed",
  app: "cobol",
  timestamp: 1,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body: new TextEncoder().encode(body),
  ...part,
})

describe("tap", () => {
  test(
    "tells events and calls of every process as they are sent, by whom, and whether anybody listens",
    withTeam((team) =>
      Effect.gen(function* () {
        const packer = on(
          Shop.sold,
          async ({ lines: [first] }, { call }) => void await call(Shop.price({ n: first!.n })),
        )
        const shop = yield* team.start({ shop: { price } })
        const stock = yield* team.start({ stock: { packer } })
        const tap = yield* opened(team)
        assert.deepEqual([tap.open.pattern, tap.open.processes, tap.open.silent, tap.open.near], ["#", 2, [], []])
        const { id } = yield* shop.bus.emit(sold("c1", "P-100", 3))
        yield* shop.bus.emit(Shop.packed({ n: 1 }))
        yield* tap.until("three are told", () => tap.messages().length === 3)
        const [first, second, third] = ["shop.sold", "shop.price", "shop.packed"].map((type) =>
          tap.messages().find((one) => one.type === type)
        ) as [TapMessageTold, TapMessageTold, TapMessageTold]
        assert.deepEqual(
          [first.id, first.what, first.app, first.heard, first.fits, first.foreign, first.instance],
          [id, "event", "warren", true, true, false, shop.core.instance],
        )
        assert.deepEqual(first.payload, { customer: "c1", lines: [{ sku: "P-100", n: 3 }] })
        assert.deepEqual(
          [second.what, second.app, second.cause, second.heard, second.payload, second.instance],
          ["call", "stock", id, null, { n: 3 }, stock.core.instance],
        )
        assert.deepEqual([third.heard, third.fits], [false, true])
        assert.deepEqual(JSON.parse(JSON.stringify(tap.told)).length, tap.told.length)
        yield* tap.end
        yield* tap.until("nobody tells any more", () => !shop.core.taps.isOpen && !stock.core.taps.isOpen)
        const queues = (yield* team.steward.survey({ prefix: "warren.tap.", exchange: "", known: [] })).queues
        assert.deepEqual(queues, [])
      })
    ),
  )

  test(
    "disturbs nothing: nobody listening is noticed, no queue has a message or a binding more, none comes twice or late",
    withTeam((team) =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        const shop = yield* team.start({
          shop: { note: on(Shop.packed, ({ n }) => void seen.push(n), { concurrency: 1 }) },
        })
        const bindings = Effect.map(
          team.steward.survey({ prefix: "warren.", exchange: "warren.events", known: [] }),
          (found) => found.bindings,
        )
        const before = yield* bindings
        const tap = yield* opened(team)
        assert.deepEqual(yield* bindings, before)
        yield* shop.bus.emit(sold("c1", "x"))
        assert.deepEqual(shop.facts("unheard").map(({ type }) => type), ["shop.sold"])
        const refused = yield* Effect.flip(shop.bus.call(Shop.price({ n: 1 })))
        assert.equal((refused as { readonly _tag: string })._tag, "NoHandler")
        for (let n = 0; n < 200; n++) yield* shop.bus.emit(Shop.packed({ n }))
        yield* tap.until("all are handled", () => seen.length === 200)
        yield* tap.until("all are told", () => tap.messages().length === 202)
        assert.deepEqual(seen, Array.from({ length: 200 }, (_, n) => n))
        const queue = (yield* team.steward.look(QueueName.listener("shop", "note")))!
        assert.deepEqual([queue.ready, queue.unacked, queue.consumers], [0, 0, 1])
        assert.equal(shop.facts("handled").length, 200)
      })
    ),
  )

  test(
    "tells what fits the pattern, the sender and every condition",
    withTeam((team) =>
      Effect.gen(function* () {
        const shop = yield* team.start({}, { app: "shop" })
        const other = yield* team.start({}, { app: "other" })
        const api = yield* opened(team, { pattern: "shop" })
        assert.equal(api.open.pattern, "shop.*")
        const sent = yield* opened(team, { pattern: "#", from: "other" })
        const chosen = yield* opened(team, { pattern: "*.sold", where: ["customer=c1", "lines[0].n=2"] })
        const nearly = yield* opened(team, { pattern: "shop.pakced" })
        assert.deepEqual(nearly.open.near, ["shop.packed"])
        yield* shop.bus.emit(sold("c1", "a", 1))
        yield* shop.bus.emit(sold("c2", "b", 2))
        yield* other.bus.emit(sold("c1", "c", 2))
        yield* other.bus.emit(Shop.packed({ n: 2 }))
        yield* api.until("all are told", () => api.messages().length === 4)
        yield* sent.until("those of one app are told", () => sent.messages().length === 2)
        yield* chosen.until("what fits is told", () => chosen.messages().length === 1)
        yield* Effect.sleep(100)
        assert.deepEqual(sent.messages().map(({ type }) => type), ["shop.sold", "shop.packed"])
        assert.deepEqual(chosen.messages().map(({ app }) => app), ["other"])
        assert.equal(nearly.messages().length, 0)
      })
    ),
  )

  test(
    "compares texts as they are, and numbers, booleans and null as JSON",
    withTeam((team) =>
      Effect.gen(function* () {
        const Odd = api("odd", { any: event(Schema.Unknown) })
        const one = yield* team.start()
        const wheres = [
          "a=12",
          'a="12"',
          "a=12.0",
          "a=true",
          "a=null",
          "a=",
          "b.c=x=y",
          "l[1]=2",
          "l.length=2",
          'o={"k":1}',
        ]
        const taps = yield* Effect.forEach(wheres, (where) => opened(team, { where: [where] }), {
          concurrency: "unbounded",
        })
        const values = [
          { a: 12 },
          { a: "12" },
          { a: true },
          { a: null },
          { a: "" },
          {},
          { b: { c: "x=y" } },
          {
            l: [1, 2],
          },
          { o: { k: 1 } },
          5,
          null,
        ]
        for (const value of values) yield* one.bus.emit(Odd.any(value))
        const wanted: ReadonlyArray<ReadonlyArray<unknown>> = [
          [{ a: 12 }, { a: "12" }],
          [{ a: "12" }],
          [{ a: 12 }],
          [{ a: true }],
          [{ a: null }],
          [{ a: "" }],
          [{ b: { c: "x=y" } }],
          [{ l: [1, 2] }],
          [{ l: [1, 2] }],
          [{ o: { k: 1 } }],
        ]
        for (let i = 0; i < 100 && taps.some((tap, at) => tap.messages().length < wanted[at]!.length); i++) {
          yield* Effect.sleep(50)
        }
        yield* Effect.sleep(300)
        assert.deepEqual(taps.map((tap) => tap.messages().map(({ payload }) => payload)), wanted)
      })
    ),
  )

  test(
    "refuses what it cannot read, with an example",
    withTeam((team) =>
      Effect.gen(function* () {
        const scene = yield* team.scene({ steward: team.steward })
        const problem = (input: object) => Effect.map(Effect.flip(Stream.runDrain(tapping(scene, input))), String)
        for (const pattern of ["", "a b", ".", "a..b", "sales.**", "\u0007"]) {
          assert.match(yield* problem({ pattern }), /Cannot read ".*" as a pattern/s)
        }
        for (const where of ["", "customer", "=1", "a..b=1", "a[x]=1"]) {
          assert.match(yield* problem({ where: [where] }), /Cannot read ".*" as a condition/)
        }
        assert.match(yield* problem({ limit: 0 }), /Cannot tap that/)
        assert.match(yield* problem({ where: Array.from({ length: 21 }, () => "a=1") }), /20 at most/)
      }).pipe(Effect.scoped)
    ),
  )

  test(
    "tells of foreign senders once, by whoever handles the message, and shows what does not decode as it is",
    withTeam((team) =>
      Effect.gen(function* () {
        const handlers = { one: on(Shop.packed, () => {}), two: on(Shop.packed, () => {}) }
        yield* team.start({ shop: { ...handlers, price } })
        const far = yield* team.start({ far: handlers })
        const tap = yield* opened(team)
        const { transport } = far.core
        const event = routeTo.event("shop.packed")
        yield* transport.publish(event, foreign('{"n":1}', {}))
        yield* transport.publish(event, foreign('{"n":"x"}', { id: "f2" }))
        yield* transport.publish(event, foreign("{\u001b[2J", { id: "f3" }))
        yield* transport.publish(event, foreign("", { id: "f4", body: new Uint8Array([255, 254]) }))
        yield* transport.publish(routeTo.call("shop.price"), foreign('{"n":4}', { id: "f5", type: "shop.price" }))
        // what is no first attempt was told
        yield* transport.publish(event, foreign('{"n":1}', { id: "f6", headers: { [Header.attempt]: 2 } }))
        yield* tap.until("five are told", () => tap.messages().length === 5)
        yield* Effect.sleep(150)
        const told = new Map(tap.messages().map((one) => [one.id, one]))
        assert.equal(tap.messages().length, 5)
        assert.ok([...told.values()].every(({ foreign, app, heard }) => foreign && app === "cobol" && heard === null))
        assert.deepEqual([told.get("f1")!.fits, told.get("f1")!.payload], [true, { n: 1 }])
        assert.deepEqual([told.get("f2")!.fits, told.get("f2")!.payload], [false, { n: "x" }])
        assert.match(told.get("f2")!.problem!, /"n" is "x", expected/)
        assert.deepEqual([told.get("f3")!.fits, told.get("f3")!.raw, told.get("f3")!.encoding], [
          false,
          "{\u001b[2J",
          "text",
        ])
        assert.deepEqual([told.get("f4")!.raw, told.get("f4")!.encoding], ["//4=", "base64"])
        assert.deepEqual([told.get("f5")!.what, told.get("f5")!.payload], ["call", { n: 4 }])
      })
    ),
  )

  test(
    "knows contracts that only the processes know, and says of none that it does not know it",
    withTeam((team) =>
      Effect.gen(function* () {
        const Odd = api("odd", { any: event({ n: Schema.Int }) })
        const one = yield* team.start({ far: { note: on(Odd.any, () => {}) } })
        const tap = yield* opened(team, {}, { contracts: new Map() })
        yield* one.bus.emit(Odd.any({ n: 1 }))
        yield* one.core.transport.publish(routeTo.event("odd.any"), foreign('{"n":"x"}', { type: "odd.any" }))
        yield* one.bus.emit(Shop.packed({ n: 1 }))
        yield* tap.until("three are told", () => tap.messages().length === 3)
        const fits = new Map(tap.messages().map(({ type, foreign, fits }) => [`${type} ${foreign}`, fits]))
        assert.deepEqual([...fits].toSorted(), [["odd.any false", true], ["odd.any true", false], [
          "shop.packed false",
          null,
        ]])
      })
    ),
  )

  test(
    "hears the first message of a process that begins after it, though that ends at once",
    withTeam((team) =>
      Effect.gen(function* () {
        const tap = yield* opened(team)
        for (let n = 0; n < 3; n++) {
          yield* Effect.scoped(
            Effect.flatMap(team.start({}, { app: "brief" }), ({ bus }) => bus.emit(Shop.packed({ n }))),
          )
        }
        yield* tap.until("all are told", () => tap.messages().length === 3)
        assert.deepEqual(
          tap.messages().map(({ payload, app }) => [payload, app]),
          [0, 1, 2].map((n) => [{ n }, "brief"]),
        )
        yield* tap.end
        const later = yield* team.start()
        yield* tap.until("it knows of no tap", () => !later.core.taps.isOpen)
      })
    ),
  )

  test(
    "names a process that is there and does not tell",
    withTeam((team) =>
      Effect.gen(function* () {
        const shop = yield* team.start({ shop: { price } }, { heartbeat: 60_000 })
        const scene = yield* team.scene({ steward: team.steward, contracts })
        yield* shop.kill
        const [open] = yield* Stream.runCollect(Stream.take(tapping(scene, {}), 1))
        assert.ok(open?.kind === "open")
        assert.deepEqual(open.silent.map(({ instance, apps }) => [instance, apps]), [[shop.core.instance, ["shop"]]])
        assert.equal(open.processes, 0)
      })
    ),
  )

  test(
    "ends after so many",
    withTeam((team) =>
      Effect.gen(function* () {
        const one = yield* team.start()
        const tap = yield* opened(team, { limit: 2 })
        for (let n = 0; n < 5; n++) yield* one.bus.emit(Shop.packed({ n }))
        yield* tap.ended
        assert.deepEqual(tap.messages().map(({ payload }) => payload), [{ n: 0 }, { n: 1 }])
        yield* tap.until("nobody tells any more", () => !one.core.taps.isOpen)
      })
    ),
  )

  test(
    "counts by type and sender without telling messages, foreign ones too",
    withTeam((team) =>
      Effect.gen(function* () {
        const shop = yield* team.start({
          shop: { price, one: on(Shop.packed, () => {}), two: on(Shop.packed, () => {}) },
        }, {
          app: "shop",
        })
        const other = yield* team.start({}, { app: "other" })
        const tap = yield* opened(team, { mode: "counts", limit: 39 })
        for (let n = 0; n < 30; n++) yield* shop.bus.emit(Shop.packed({ n }))
        for (let n = 0; n < 5; n++) yield* other.bus.emit(Shop.packed({ n }))
        for (let n = 0; n < 3; n++) yield* other.bus.call(Shop.price({ n }))
        yield* other.core.transport.publish(routeTo.event("shop.packed"), foreign('{"n":1}', {}))
        yield* tap.ended
        const last = tap.told.at(-1) as TapCountsTold
        assert.equal(last.total, 39)
        assert.deepEqual(last.counts.map(({ type, app, what, count }) => [type, app, what, count]), [
          ["shop.packed", "shop", "event", 30],
          ["shop.packed", "other", "event", 5],
          ["shop.price", "other", "call", 3],
          ["shop.packed", "cobol", "event", 1],
        ])
        assert.ok(last.counts[0]!.perSecond > 0)
        assert.equal(tap.messages().length, 0)
      })
    ),
  )

  test(
    "tells so many a second and no more, and says how many it left out; the sender does not wait",
    withTeam((team) =>
      Effect.gen(function* () {
        const one = yield* team.start()
        const tap = yield* opened(team)
        const all = 4_000
        for (let n = 0; n < all; n++) yield* one.bus.emit(Shop.packed({ n }))
        const missed = () => tap.told.reduce((sum, one) => one.kind === "missed" ? sum + one.count : sum, 0)
        yield* tap.until("all are told or counted", () => tap.messages().length + missed() === all)
        assert.ok(missed() > 0 && tap.messages().length >= 1_000, `${missed()} ${tap.messages().length}`)
        const numbers = tap.messages().map(({ payload }) => (payload as { readonly n: number }).n)
        assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b))
      })
    ),
  )

  test(
    "a body that is too long is told without it",
    withTeam((team) =>
      Effect.gen(function* () {
        const Long = api("long", { text: event({ text: Schema.String }) })
        const one = yield* team.start()
        const tap = yield* opened(team)
        yield* one.bus.emit(Long.text({ text: "x".repeat(300_000) }))
        yield* one.bus.emit(Long.text({ text: "\u0001".repeat(40_000) }))
        yield* tap.until("both are told", () => tap.messages().length === 2)
        const [first, second] = tap.messages() as [TapMessageTold, TapMessageTold]
        assert.deepEqual([first.size > 300_000, "payload" in first, first.fits], [true, false, null])
        assert.match(first.problem!, /too many/)
        assert.deepEqual(second.payload, { text: "\u0001".repeat(40_000) })
      })
    ),
  )
})
