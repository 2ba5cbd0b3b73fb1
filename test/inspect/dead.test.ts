/**
 * Dead letters: listed by handler and error, shown, retried, dropped, edited and exported, over one broker inside the test.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Result, Schema, type Scope, Stream } from "effect"
import { contractsIn } from "../../src/contract/mod.ts"
import {
  type Asking,
  contractsByType,
  deadDrop,
  deadEdit,
  deadExport,
  deadLs,
  type DeadReport,
  deadRetry,
  deadShow,
  type EditReport,
  type ExportReport,
  type Following,
  InspectError,
  type MovedTold,
  type Moving,
  type PlanTold,
  type Scene,
  type ShowReport,
} from "../../src/inspect/mod.ts"
import { api, event, every, on } from "../../src/mod.ts"
import type { Headers, Packet } from "../../src/transport/mod.ts"
import { Header, QueueName, revivedCopy } from "../../src/wire/mod.ts"
import { type Team, withTeam } from "./team.ts"

const Shop = api("shop", {
  sold: event({ n: Schema.Int, sku: Schema.String }),
  opened: event({ at: Schema.Date }),
})
const contracts = contractsByType(contractsIn([Shop]))

/** What the handlers below do with a message. */
let mood: "throws" | "works" = "throws"
const seen: Array<{ readonly id: string; readonly attempt: number; readonly n: number; readonly label: string }> = []

const shop = {
  stock: on(Shop.sold, ({ n }, { id, attempt }) => {
    if (mood === "throws") throw new Error(`row ${n} of table 7 is locked by "tx-${n}f"`)
    seen.push({ id, attempt, n, label: "stock" })
  }, { retry: false }),
  bill: on(Shop.sold, ({ n }, { id, attempt }) => {
    if (mood === "throws" && n > 2) throw new TypeError("no price")
    seen.push({ id, attempt, n, label: "bill" })
  }, { retry: false }),
}

const ask = <A>(scene: Scene, verb: Asking, input: unknown = {}) =>
  Effect.map(verb.run(scene, input), (answer) => JSON.parse(JSON.stringify(answer)) as A)

const refusal = (scene: Scene, verb: Asking | Following, input: unknown) =>
  Effect.map(
    Effect.result(verb.kind === "ask" ? verb.run(scene, input) : Stream.runCollect(verb.run(scene, input))),
    (result) => {
      assert.ok(Result.isFailure(result))
      assert.ok(result.failure instanceof InspectError)
      return `${result.failure.problem} | ${result.failure.remedy ?? ""}`
    },
  )

const move = <A extends Moving>(scene: Scene, verb: Following, input: unknown) =>
  Effect.map(Stream.runCollect(verb.run(scene, input)), (told) => [...told].at(-1) as A)

const until = Effect.fnUntraced(function* (fits: () => Effect.Effect<boolean, unknown, Scope.Scope>) {
  for (let i = 0; i < 100; i++) {
    if (yield* fits()) return
    yield* Effect.sleep(20)
  }
  assert.fail("it never became so")
})

const ready = ({ steward }: Pick<Team, "steward">, queue: string) =>
  Effect.map(steward.look(queue), (facts) => facts?.ready ?? -1)

/** A team whose handlers have given up `n` sales; the scene sees all of it. */
const withLetters = (
  n: number,
  body: (
    all: Team & {
      readonly seen: Scene
      readonly send: (queue: string, packet: Partial<Packet>) => Effect.Effect<unknown, unknown>
    },
  ) => Effect.Effect<void, unknown, Scope.Scope>,
) =>
  withTeam((team) =>
    Effect.gen(function* () {
      mood = "throws"
      seen.length = 0
      const member = yield* team.start({ shop })
      for (let i = 1; i <= n; i++) yield* member.bus.emit(Shop.sold({ n: i, sku: `P-${i}` }), { id: `sale-${i}` })
      yield* until(() => Effect.map(ready(team, "warren.dead.shop"), (count) => count >= n + Math.max(0, n - 2)))
      const send = (queue: string, packet: Partial<Packet>) =>
        member.core.transport.publish({ exchange: "", key: queue }, {
          id: "m",
          type: "shop.sold",
          app: "web",
          timestamp: 0,
          contentType: "",
          persistent: true,
          headers: {},
          body: new Uint8Array(0),
          ...packet,
        })
      const scene = yield* team.scene({ steward: team.steward, surveyor: team.steward, contracts })
      seen.length = 0
      yield* body({ ...team, seen: scene, send })
    })
  )

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** Headers of a letter that a handler gave up. */
const givenUp = (handler: string, more: Headers = {}): Headers => ({
  [Header.deadReason]: "failed",
  [Header.deadError]: "Error: no",
  [Header.deadHandler]: handler,
  [Header.deadAt]: 1_000,
  [Header.attempt]: 5,
  ...more,
})

const dead = "warren.dead.shop"

describe("dead.ls", () => {
  test(
    "groups by handler and error, whatever ids and numbers are in it",
    withLetters(4, ({ seen }) =>
      Effect.gen(function* () {
        const report = yield* ask<DeadReport>(seen, deadLs)
        assert.deepEqual(
          report.groups.map(({ handler, count, shape, attempts }) => [handler, count, shape, attempts]).toSorted(),
          [
            ["shop.bill", 2, "TypeError: no price", [1, 1]],
            ["shop.stock", 4, 'Error: row # of table # is locked by "#"', [1, 1]],
          ],
        )
        assert.deepEqual([report.count, report.complete, report.note], [6, true, null])
        assert.deepEqual(report.queues, [{ queue: dead, app: "shop", ready: 6, read: 6, consumers: 0 }])
        const [stock] = report.groups.filter(({ handler }) => handler === "shop.stock")
        assert.deepEqual(stock?.ids, ["sale-4", "sale-3", "sale-2"])
        assert.ok(stock!.oldest! <= stock!.newest! && stock!.newest! <= report.at)
        // the same the next time, and of one handler only
        const one = yield* ask<DeadReport>(seen, deadLs, { of: "shop.stock" })
        assert.deepEqual(one.groups.map(({ group }) => group), [stock?.group])
        assert.match(yield* refusal(seen, deadLs, { of: "shp" }), /no app "shp".*Did you mean "shop"\?/)
        assert.match(yield* refusal(seen, deadLs, { of: 7 }), /"dead\.ls" cannot read/)
      })),
  )

  test(
    "reads no more than it may, and says so; without a list it sees the apps that it knows",
    withLetters(4, ({ seen, steward, send }) =>
      Effect.gen(function* () {
        const few = yield* ask<DeadReport>(seen, deadLs, { limit: 3 })
        assert.deepEqual([few.count, few.queues[0]?.read, few.queues[0]?.ready], [3, 3, 6])
        const blind = {
          ...steward,
          survey: ({ known }: { readonly known: ReadonlyArray<string> }) =>
            Effect.map(
              Effect.forEach(known, steward.look),
              (found) => ({ complete: false, queues: found.filter((one) => one !== undefined), bindings: undefined }),
            ),
        }
        const report = yield* ask<DeadReport>({ ...seen, surveyor: blind, note: "AMQP alone" }, deadLs)
        assert.deepEqual([report.count, report.complete, report.note], [6, false, "AMQP alone"])
        assert.equal(yield* ready({ steward }, dead), 6)
        yield* send(dead, { id: "late" })
        // what nobody says anything of is told as that
        const [stranger] = (yield* ask<DeadReport>(seen, deadLs)).groups.filter(({ buried }) => buried === "stranger")
        assert.deepEqual([stranger?.handler, stranger?.count, stranger?.newest], [null, 1, null])
      })),
  )

  test(
    "says what the broker said of letters that it buried itself",
    withLetters(1, ({ seen, send }) =>
      Effect.gen(function* () {
        const record = (queue: string, reason: string): Headers => ({
          "x-death": JSON.stringify([{ queue, reason, count: 1, exchange: "", key: queue }]),
          "x-first-death-queue": "warren.retry.5s",
          "x-first-death-reason": "expired",
          "x-last-death-queue": queue,
          "x-last-death-reason": reason,
        })
        yield* send(dead, { id: "b1", headers: record("warren.on.shop.stock", "delivery_limit") })
        yield* send(dead, { id: "b2", headers: record("warren.every.shop.tidy", "expired"), timestamp: 5_000 })
        const { groups } = yield* ask<DeadReport>(seen, deadLs)
        const told = groups.filter(({ buried }) => buried === "broker").map((one) => [
          one.handler,
          one.reason,
          one.oldest,
          one.undated,
          one.attempts,
        ])
        assert.deepEqual(told.toSorted(), [
          ["shop.stock", "delivery_limit", null, true, null],
          ["shop.tidy", "expired", 5_000, true, null],
        ])
        const { letters: [letter] } = yield* ask<ShowReport>(seen, deadShow, { target: "b1" })
        assert.equal(letter?.from, "warren.on.shop.stock")
        assert.match(letter?.error ?? "", /the broker buried it, delivery_limit: .*kill the process/)
      })),
  )
})

describe("dead.show", () => {
  test(
    "tells everything of each letter of a message, which a part of its id names",
    withLetters(3, ({ seen, send }) =>
      Effect.gen(function* () {
        const { kind, name, letters } = yield* ask<ShowReport>(seen, deadShow, { target: "le-3" })
        assert.deepEqual([kind, name, letters.map(({ handler }) => handler).toSorted()], [
          "message",
          "sale-3",
          ["shop.bill", "shop.stock"],
        ])
        const letter = letters.find(({ handler }) => handler === "shop.stock")!
        assert.deepEqual(letter.payload, { kind: "json", size: 19, value: { n: 3, sku: "P-3" } })
        assert.match(letter.stack?.[0] ?? "", /dead\.test\.ts:\d+/)
        assert.match(letter.traceparent ?? "", /^00-[0-9a-f]{32}-/)
        assert.equal(letter.schema.sent, letter.schema.now)
        assert.deepEqual(letter.fit, { fits: true, by: '"shop.sold" as the modules have it' })
        assert.ok((letter.by?.pid ?? 0) > 0)
        const of = yield* ask<ShowReport>(seen, deadShow, { target: "sale-3", of: "shop.bill" })
        assert.deepEqual(of.letters.map(({ handler }) => handler), ["shop.bill"])
        assert.match(yield* refusal(seen, deadShow, { target: "sale" }), /"sale" is part of 3 ids/)
        assert.match(yield* refusal(seen, deadShow, { target: "sale-9" }), /No dead letter has the id "sale-9"/)
        assert.match(yield* refusal(seen, deadShow, { target: "shop.stok" }), /Did you mean "shop\.stock"\?/)
        assert.match(yield* refusal(seen, deadShow, {}), /No dead letters were named/)
        // what was not read is not called absent
        assert.match(
          yield* refusal(seen, deadShow, { target: "sale-3", limit: 1 }),
          /among the 1 oldest of 4 that were read \| Read more of them with --limit/,
        )
        yield* send(dead, { id: "raw", headers: givenUp("shop.stock"), body: new Uint8Array([0xff, 0, 1]) })
        const raw = yield* ask<ShowReport>(seen, deadShow, { target: "raw" })
        assert.deepEqual(raw.letters[0]?.payload, { kind: "bytes", size: 3, hex: "ff 00 01", cut: false })
        assert.equal(raw.letters[0]?.fit.fits, false)
        assert.equal(raw.letters[0]?.attempts, 5)
        // nobody remembers it
        assert.equal(raw.letters[0]?.by, null)
      })),
  )

  test(
    "says where a payload does not fit, by the modules or by what the handler's process left in the ledger",
    withLetters(1, ({ seen, send, steward }) =>
      Effect.gen(function* () {
        yield* send(dead, { id: "odd", headers: givenUp("shop.stock"), body: json({ n: "x" }) })
        const by = Effect.fnUntraced(function* (scene: Scene) {
          const { letters: [letter] } = yield* ask<ShowReport>(scene, deadShow, { target: "odd" })
          return letter!.fit
        })
        const strict = yield* by(seen)
        assert.ok(strict.fits === false)
        assert.deepEqual(strict.misfits.map(({ field }) => field).toSorted(), ["n", "sku"])
        yield* until(() => Effect.map(ready({ steward }, QueueName.contracts), (count) => count > 0))
        const blind = yield* by({ ...seen, contracts: new Map() })
        assert.ok(blind.fits === false)
        assert.deepEqual(blind.misfits.map(({ field, value, expected }) => [field, value, expected]), [
          ["n", '"x"', "a whole number"],
          ["sku", "undefined", "a value (it is missing)"],
        ])
        // what nobody knows is not called a fit
        yield* send(dead, { id: "far", type: "moon.rose", headers: givenUp("shop.gone"), body: json({}) })
        const { letters: [far] } = yield* ask<ShowReport>(seen, deadShow, {
          target: "far!".slice(0, 3),
          of: "shop.gone",
        })
        assert.equal(far?.fit.fits, null)
      })),
  )
})

describe("dead.retry", () => {
  test(
    "puts letters back as first attempts of the same message, each to the handler it comes from",
    withLetters(3, ({ seen: scene, steward }) =>
      Effect.gen(function* () {
        mood = "works"
        const plan = yield* move<PlanTold>(scene, deadRetry, { target: "sale-3", dryRun: true })
        assert.deepEqual(
          plan.parts.map(({ handler, queue, count, fits, consumers }) => [handler, queue, count, fits, consumers])
            .toSorted(),
          [
            ["shop.bill", "warren.on.shop.bill", 1, 1, 1],
            ["shop.stock", "warren.on.shop.stock", 1, 1, 1],
          ],
        )
        assert.equal(yield* ready({ steward }, dead), 4)
        const end = yield* move<MovedTold>(scene, deadRetry, { target: "sale-3" })
        assert.deepEqual([end.kind, end.done, end.stayed, end.left], ["end", 2, [], 2])
        yield* until(() => Effect.sync(() => seen.length === 2))
        assert.deepEqual(seen.map(({ id, attempt, n }) => [id, attempt, n]), [["sale-3", 1, 3], ["sale-3", 1, 3]])
        const rest = yield* move<MovedTold>(scene, deadRetry, { target: "shop.stock" })
        assert.deepEqual(rest.by, [{ handler: "shop.stock", queue: "warren.on.shop.stock", count: 2 }])
        yield* until(() => Effect.sync(() => seen.length === 4))
        assert.match(yield* refusal(scene, deadRetry, { target: "shop.stock" }), /"shop\.stock" has no dead letters/)
      })),
  )

  test(
    "retries each once although it fails again, at the rate that is said",
    withLetters(3, ({ seen, steward }) =>
      Effect.gen(function* () {
        const began = performance.now()
        const end = yield* move<MovedTold>(seen, deadRetry, { all: true, rate: 20 })
        assert.ok(performance.now() - began >= 3 * 50, `${performance.now() - began} ms`)
        assert.equal(end.done, 4)
        yield* until(() => Effect.map(ready({ steward }, dead), (count) => count === 4))
        const { letters } = yield* ask<ShowReport>(seen, deadShow, { target: "sale-1" })
        assert.equal(letters[0]?.attempts, 1)
      })),
  )

  test(
    "lets those stay that would only come back, and those whose handler is gone; says who may be meant",
    withLetters(1, ({ seen: scene, send, steward }) =>
      Effect.gen(function* () {
        mood = "works"
        yield* send(dead, { id: "odd", headers: givenUp("shop.bill"), body: json({ n: "x" }) })
        yield* send(dead, { id: "old", headers: givenUp("shop.stocks"), body: json({ n: 7, sku: "P" }) })
        yield* send(dead, { id: "who", body: json({ n: 8, sku: "P" }) })
        const plan = yield* move<PlanTold>(scene, deadRetry, { all: true, dryRun: true })
        const part = (id: string | null) => plan.parts.find(({ handler }) => handler === id)
        assert.deepEqual([part("shop.bill")?.misfits, part("shop.bill")?.firstMisfit?.id], [1, "odd"])
        assert.match(part("shop.stocks")?.why ?? "", /no queue "warren\.on\.shop\.stocks"/)
        assert.match(part("shop.stocks")?.remedy ?? "", /^Did you mean --to shop\.stock\?/)
        assert.match(part(null)?.why ?? "", /nobody says/)
        const end = yield* move<MovedTold>(scene, deadRetry, { all: true })
        assert.deepEqual([end.done, end.left], [1, 3])
        assert.deepEqual(
          end.stayed.map(({ handler, id, count }) => [String(handler), id, count]).toSorted(),
          [["null", "who", 1], ["shop.bill", "odd", 1], ["shop.stocks", "old", 1]],
        )
        // whoever says where they go has them
        assert.match(yield* refusal(scene, deadRetry, { target: "old", of: "moon" }), /No dead letter of "moon"/)
        const sent = yield* move<MovedTold>(scene, deadRetry, { target: "shop.stocks", to: "shop.stock" })
        assert.equal(sent.done, 1)
        yield* until(() => Effect.sync(() => seen.some(({ id, label }) => id === "old" && label === "stock")))
        const forced = yield* move<MovedTold>(scene, deadRetry, { target: "shop.bill", force: true })
        assert.equal(forced.done, 1)
        yield* until(() => Effect.map(ready({ steward }, dead), (count) => count === 2))
        const { letters: [odd] } = yield* ask<ShowReport>(scene, deadShow, { target: "shop.bill" })
        assert.equal(odd?.reason, "undecodable")
      })),
  )

  test(
    "does what a handler of another program would: the copy is the revived one of the protocol",
    withLetters(0, ({ seen, send, steward, start }) =>
      Effect.gen(function* () {
        // a queue that nobody consumes
        yield* Effect.scoped(start({ store: { keep: on(Shop.sold, () => {}) } }))
        const packet: Packet = {
          id: "one",
          type: "shop.sold",
          app: "web",
          timestamp: 1_700_000_000_123,
          contentType: "application/json",
          persistent: true,
          headers: givenUp("store.keep", { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, "my-own": 3 }),
          body: json({ n: 1, sku: "P" }),
        }
        yield* send("warren.dead.store", packet)
        assert.equal((yield* move<MovedTold>(seen, deadRetry, { target: "store" })).done, 1)
        const [copy] = yield* steward.peek("warren.on.store.keep", 1)
        assert.deepEqual({ ...copy?.packet, expiration: undefined }, revivedCopy(packet))
      })),
  )

  test(
    "interrupted half-way, each is in one place or the other",
    withLetters(0, ({ seen, send, steward, start }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(start({ store: { keep: on(Shop.sold, () => {}) } }))
        for (let i = 0; i < 40; i++) {
          yield* send("warren.dead.store", {
            id: `i${i}`,
            headers: givenUp("store.keep"),
            body: json({ n: i, sku: "P" }),
          })
        }
        yield* Effect.timeoutOption(Stream.runDrain(deadRetry.run(seen, { all: true, rate: 20 })), 700)
        const [left, there] = [
          yield* ready({ steward }, "warren.dead.store"),
          yield* ready({ steward }, "warren.on.store.keep"),
        ]
        assert.ok(there > 0 && left > 0 && there + left === 40, `${left} and ${there}`)
      })),
  )
})

describe("dead.drop", () => {
  test(
    "drops what is meant and nothing else, and nothing that came after it was agreed to",
    withLetters(3, ({ seen, send, steward }) =>
      Effect.gen(function* () {
        const plan = yield* move<PlanTold>(seen, deadDrop, { target: "shop.stock", dryRun: true })
        assert.deepEqual([plan.count, plan.groups.length, plan.within], [3, 1, { [dead]: 4 }])
        yield* send(dead, { id: "late", headers: givenUp("shop.stock"), body: json({ n: 1, sku: "P" }) })
        const end = yield* move<MovedTold>(seen, deadDrop, { target: "shop.stock", within: plan.within })
        assert.deepEqual([end.done, end.left], [3, 2])
        const { groups } = yield* ask<DeadReport>(seen, deadLs)
        assert.deepEqual(groups.flatMap(({ ids }) => ids).toSorted(), ["late", "sale-3"])
        // what was not read was not agreed to
        const few = yield* move<PlanTold>(seen, deadDrop, { all: true, limit: 1, dryRun: true })
        assert.deepEqual([few.count, few.within], [1, { [dead]: 1 }])
        const [{ group = "" } = {}] = groups.filter(({ handler }) => handler === "shop.bill")
        yield* move(seen, deadDrop, { target: group })
        assert.equal(yield* ready({ steward }, dead), 1)
      })),
  )
})

describe("dead.edit", () => {
  test(
    "retries a letter with another payload that fits, under its own id",
    withLetters(3, ({ seen: scene, steward }) =>
      Effect.gen(function* () {
        mood = "works"
        const payload = { n: 30, sku: "P-3" }
        assert.match(
          yield* refusal(scene, deadEdit, { target: "sale-3", payload }),
          /several handlers: .*--of app\.handler/,
        )
        const one = { target: "sale-3", of: "shop.stock" }
        assert.match(
          yield* refusal(scene, deadEdit, { ...one, payload: { n: "x", sku: "P" } }),
          /does not fit "shop\.sold" as the modules have it: field "n" is "x", expected .*Nothing has changed/,
        )
        assert.match(yield* refusal(scene, deadEdit, { target: "shop.stock", payload }), /only one can be edited/)
        const trial = yield* ask<EditReport>(scene, deadEdit, { ...one, payload, dryRun: true })
        assert.deepEqual([trial.done, trial.changes], [false, [{ field: "n", before: "3", after: "30" }]])
        assert.equal(yield* ready({ steward }, dead), 4)
        const report = yield* ask<EditReport>(scene, deadEdit, { ...one, payload })
        assert.deepEqual([report.done, report.handler, report.others], [true, "shop.stock", 0])
        yield* until(() => Effect.sync(() => seen.length === 1))
        assert.deepEqual(seen, [{ id: "sale-3", attempt: 1, n: 30, label: "stock" }])
        assert.equal(yield* ready({ steward }, dead), 3)
      })),
  )
})

describe("dead.export", () => {
  test(
    "writes a test in which the message comes in again, and nothing foreign gets out of its strings",
    withLetters(0, ({ seen, send }) =>
      Effect.gen(function* () {
        const error = "Error: a\nprocess.exit(1) // \u2028alert()"
        yield* send(dead, {
          id: "one",
          headers: givenUp("shop.stock", { [Header.deadError]: error }),
          body: json({ n: 1, sku: 'a"b' }),
        })
        const options = { target: "one", worker: { from: "./shop.ts" }, api: { from: "./apis.ts", name: "Shop" } }
        const { text, file } = yield* ask<ExportReport>(seen, deadExport, options)
        assert.equal(file, "dead-shop.stock-one.test.ts")
        assert.match(text, /import \{ Shop \} from "\.\/apis\.ts"\nimport \* as shop from "\.\/shop\.ts"/)
        assert.match(text, /await bus\.simulate\(Shop\.sold\(\{\n +n: 1,\n +sku: "a\\"b"\n +\}\)\)/)
        assert.match(text, /^\/\/ process\.exit\(1\) \/\/ {2}alert\(\)$/m)
        assert.ok(text.split("\n").every((line) => !/^\s*process/.test(line)))
        // a value that differs from what is on the wire is read by its contract
        yield* send(dead, {
          id: "day",
          type: "shop.opened",
          headers: givenUp("shop.morning"),
          body: json({ at: "2026-01-01T00:00:00.000Z" }),
        })
        const day = yield* ask<ExportReport>(seen, deadExport, { ...options, target: "day", of: "shop.morning" })
        assert.match(day.text, /Schema\.decodeUnknownSync\(Schema\.toCodecJson\(Shop\.opened\.payload\)\)/)
        // without a module for the api, the handler's own contract makes the message
        const bare = yield* ask<ExportReport>(seen, deadExport, { target: "one" })
        assert.match(bare.text, /const event = shop\.stock\.contract as unknown as/)
      })),
  )

  test(
    "of a schedule's tick, the test lets it be due",
    withTeam(({ start, scene, steward }) =>
      Effect.gen(function* () {
        const tidy = every("1 second", () => {
          throw new Error("untidy")
        }, { retry: false })
        yield* start({ shop: { tidy } })
        yield* until(() => Effect.map(ready({ steward }, dead), (count) => count > 0))
        const seen = yield* scene({ steward, surveyor: steward })
        const { groups: [group] } = yield* ask<DeadReport>(seen, deadLs)
        assert.equal(group?.handler, "shop.tidy")
        const { text } = yield* ask<ExportReport>(seen, deadExport, { target: group!.group })
        assert.match(text, /await bus\.advance\("1 day"\)/)
        assert.match(text, /\{ start: \d+ \}/)
        const plan = yield* move<PlanTold>(seen, deadRetry, { target: "shop.tidy", dryRun: true })
        assert.deepEqual([plan.parts[0]?.queue, plan.parts[0]?.misfits], ["warren.every.shop.tidy", 0])
      })
    ),
  )
})
