/**
 * `ps`: who is there and what everybody is doing, by what they announce and answer, and who is on another broker.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Deferred, Effect, Fiber, Result, Schema, Stream } from "effect"
import { elsewhereOf, ps, type PsReport, psWatch, relationOf, type Scene } from "../../src/inspect/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { readModule } from "../../src/runtime/mod.ts"
import { type Beacon, brokerAt } from "../../src/transport/mod.ts"
import { encodeLedger } from "../../src/wire/mod.ts"
import { place, withTeam } from "./team.ts"

class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { sku: Schema.String }) {}

const Shop = api("shop", {
  sold: event({ n: Schema.Int }),
  price: call({ n: Schema.Int }, { returns: Schema.Int, fails: Unknown }),
  nobody: call({ n: Schema.Int }, { returns: Schema.Int }),
})

const price = handle(Shop.price, ({ n }) => n < 0 ? Effect.fail(new Unknown({ sku: "x" })) : Effect.succeed(n))
const note = on(Shop.sold, ({ n }) => n === 13 ? Effect.fail("unlucky") : Effect.void, { retry: false })

const look = (scene: Scene) => Effect.map(ps.run(scene, {}), (report) => report as PsReport)

/** Looks until it is so. */
const until = Effect.fnUntraced(function* (scene: Scene, fits: (report: PsReport) => boolean) {
  for (let i = 0; i < 100; i++) {
    const report = yield* look(scene)
    if (fits(report)) return report
    yield* Effect.sleep(50)
  }
  return assert.fail(`it never became so: ${JSON.stringify(yield* look(scene), null, 1)}`)
})

describe("ps", () => {
  test(
    "lists each app of each process with what it did, and callers after them",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const shop = yield* start({ shop: { price }, stock: { note } }, { version: "1.2.3" })
        yield* Effect.sleep(5)
        yield* start({ shop: { price } })
        const web = yield* start({}, { app: "web" })
        for (const n of [1, 2, 3]) yield* web.bus.call(Shop.price({ n }))
        yield* Effect.ignore(web.bus.call(Shop.price({ n: -1 })))
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        yield* web.bus.emit(Shop.sold({ n: 13 }), { id: "bad" })
        const seen = yield* scene()
        const report = yield* until(seen, ({ processes }) =>
          processes.flatMap(({ apps }) => apps).some(({ dead }) => dead === 1))
        assert.deepEqual(
          report.processes.map(({ apps, caller }) =>
            apps.map(({ app }) => app).join("+") || `(${caller})`
          ),
          ["shop+stock", "shop", "(web)"],
        )
        const [both, alone, caller] = report.processes
        assert.equal(both?.instance, shop.core.instance)
        assert.deepEqual([both?.version, both?.life, both?.answers, both?.connection?.state], [
          "1.2.3",
          "running",
          true,
          "ready",
        ])
        assert.ok(both!.uptime > 0)
        const [its, stock] = both!.apps
        // a declared error is an answer
        assert.equal((its?.handled ?? 0) + (alone?.apps[0]?.handled ?? 0), 4)
        assert.equal((its?.failed ?? 0) + (alone?.apps[0]?.failed ?? 0), 0)
        assert.deepEqual([stock?.handlers, stock?.unheld, stock?.handled, stock?.failed, stock?.dead], [1, 0, 1, 1, 1])
        assert.equal(stock?.lastFailure?.what, "stock.note")
        assert.match(stock?.lastFailure?.error ?? "", /unlucky/)
        assert.ok((stock?.p99 ?? -1) >= (stock?.p50 ?? 0))
        assert.deepEqual(
          caller?.sent.map(({ type, done, failed }) => [type, done, failed]).sort(),
          [["shop.price", 3, 1], ["shop.sold", 2, 0]],
        )
        assert.equal(caller?.lastFailure, null)
        // whoever only looks is nobody to be listed
        assert.ok(report.processes.every(({ isSelf }) => !isSelf))
        assert.deepEqual([report.elsewhere, report.place], [null, place])
      })
    ),
  )

  test(
    "tells what is in hand, and for how long",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const done = yield* Deferred.make<void>()
        const shop = yield* start({ shop: { wait: on(Shop.sold, () => Deferred.await(done)) } })
        yield* shop.bus.emit(Shop.sold({ n: 1 }))
        const report = yield* until(yield* scene(), ({ processes }) => (processes[0]?.apps[0]?.oldest ?? 0) > 20)
        assert.equal(report.processes[0]?.apps[0]?.inHand, 1)
        assert.equal(report.processes[0]?.handlers[0]?.running, 1)
        yield* Deferred.succeed(done, undefined)
      })
    ),
  )

  test(
    "a caller's call that failed on its way is its last failure",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const web = yield* start({}, { app: "web" })
        yield* Effect.ignore(web.bus.call(Shop.nobody({ n: 1 })))
        const { processes: [caller] } = yield* look(yield* scene())
        assert.equal(caller?.lastFailure?.what, "shop.nobody")
        assert.match(caller?.lastFailure?.error ?? "", /^NoHandler/)
      })
    ),
  )

  test(
    "one that is killed is missing and does not answer; one that ends is gone",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const killed = yield* start({ shop: { price } })
        const seen = yield* scene()
        yield* Effect.scoped(Effect.gen(function* () {
          yield* start({ stock: { note } })
          yield* until(seen, ({ processes }) => processes.length === 2)
        }))
        yield* killed.kill
        const report = yield* until(seen, ({ processes }) => processes[0]?.life === "missing")
        const [shop, stock] = report.processes
        assert.deepEqual([shop?.answers, shop?.connection, shop?.apps[0]?.handled], [false, null, 0])
        assert.ok(shop!.lastHeard < report.at)
        assert.equal(stock?.life, "gone")
      })
    ),
  )

  test(
    "names apps that were here once, when they were seen last, and no programs that only called",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        yield* start({ shop: { price } })
        const handler = { name: "h", kind: "listener" as const, subject: "shop.sold", queue: "q", schema: "", seen: 1 }
        const instance = { instance: "i", host: "far", pid: 7, runtime: "bun", version: "", since: 1, seen: 5_000 }
        const app = (name: string, more: object = {}) => ({
          app: name,
          instances: [instance],
          handlers: [handler],
          sent: [],
          ...more,
        })
        const body = encodeLedger([
          app("shop"),
          app("stock"),
          app("desk", { instances: [instance, { ...instance, seen: 6_000, ended: 9_000, pid: 8 }] }),
          app("web", { handlers: [] }),
        ])
        const steward = {
          look: () => Effect.succeed({ name: "warren.ledger" }),
          peek: () => Effect.succeed([{ packet: { body } }]),
        } as unknown as Scene["steward"]
        const { once } = yield* look(yield* scene({ steward }))
        assert.deepEqual(once?.map(({ app, lastSeen, ended, pid }) => [app, lastSeen, ended, pid]), [
          ["desk", 9_000, true, 8],
          ["stock", 5_000, false, 7],
        ])
      })
    ),
  )

  test("in one process with its broker there is that process", async () => {
    const shop = Result.getOrThrow(readModule({ price }, { file: "shop.ts", app: "shop" }))
    await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const { core, bus } = yield* launch({ apps: [shop] })
      yield* bus.call(Shop.price({ n: 1 }))
      const steward = { look: () => Effect.succeed(undefined) }
      const scene = { core, bus, steward, place: { ...place, kind: "in-process" } } as unknown as Scene
      const { processes } = yield* look(scene)
      assert.equal(processes.length, 1)
      assert.deepEqual([processes[0]?.isSelf, processes[0]?.apps[0]?.app, processes[0]?.apps[0]?.handled], [
        true,
        "shop",
        1,
      ])
      assert.equal(processes[0]?.pid, core.machine.pid)
    })))
  })
})

describe("ps.watch", () => {
  test(
    "reads again and again, with the rates between two readings",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const shop = yield* start({ shop: { price } })
        yield* shop.bus.call(Shop.price({ n: 1 }))
        const seen = yield* scene()
        const calling = yield* Effect.forkChild(
          Effect.forever(Effect.andThen(shop.bus.call(Shop.price({ n: 1 })), Effect.sleep(10))),
        )
        const told = yield* Stream.runCollect(Stream.take(psWatch.run(seen, { every: 250 }), 3))
        yield* Fiber.interrupt(calling)
        const reports = told as ReadonlyArray<PsReport> as readonly [PsReport, PsReport, PsReport]
        const counts = reports.map(({ processes }) => processes[0]!.apps[0]!.handled!)
        assert.ok(counts[0]! < counts[1]! && counts[1]! < counts[2]!, String(counts))
        const [, , { at, processes: [last] }] = reports
        const rate = (counts[2]! - counts[1]!) / (at - reports[1].at) * 1_000
        // both readings are a little earlier than what they are part of
        assert.ok(Math.abs(last!.apps[0]!.perSecond! - rate) < rate / 2, `${last!.apps[0]!.perSecond} against ${rate}`)
      })
    ),
  )

  test("says what it cannot read", async () => {
    const failed = await Effect.runPromise(
      Effect.scoped(Effect.flip(Stream.runCollect(psWatch.run({} as Scene, { every: "soon" })))),
    )
    assert.match(failed.message, /"ps.watch" cannot read .*every/)
  })
})

describe("elsewhereOf()", () => {
  const beacon = (instance: string, broker: Partial<Beacon["broker"]> | undefined): Beacon => ({
    instance,
    apps: ["sales"],
    emits: [],
    pid: 1,
    host: "here",
    runtime: "bun",
    version: "",
    startedAt: 0,
    broker: { ...brokerAt(broker === undefined ? undefined : "amqp://localhost"), ...broker },
  })

  test("tells brokers apart by their cluster, else by their address", () => {
    const relation = (broker: Partial<Beacon["broker"]> | undefined, at = place) =>
      relationOf(beacon("a", broker).broker, at)
    assert.equal(relation({ cluster: "rabbit@here" }), "same")
    // another name of the same machine, and another port that leads to the same broker
    assert.equal(relation({ cluster: "rabbit@here", addresses: ["rabbit.example:9000"] }), "same")
    assert.equal(relation({ cluster: "rabbit@there" }), "other-broker")
    assert.equal(relation({}), "same")
    assert.equal(relation({ addresses: ["[::1]:5672"] }), "same")
    assert.equal(relation({ addresses: ["localhost:5673"] }), "other-broker")
    assert.equal(relation({ cluster: "rabbit@here", vhost: "team" }), "other-vhost")
    assert.equal(relation(undefined), "in-process")
    assert.equal(relation({}, { ...place, kind: "in-process" }), "other-broker")
  })

  test("lists who was not heard, and why", () => {
    const beacons = [
      beacon("heard", {}),
      beacon("silent", {}),
      beacon("alone", undefined),
      beacon("far", { addresses: ["b:1"] }),
    ]
    const found = elsewhereOf(beacons, place, (instance) => instance === "heard")
    assert.deepEqual(found.map(({ instance, why }) => [instance, why]), [
      ["silent", "unheard"],
      ["alone", "in-process"],
      ["far", "other-broker"],
    ])
  })
})
