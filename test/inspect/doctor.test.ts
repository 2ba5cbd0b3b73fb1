/**
 * `doctor`: what is said of permissions by their patterns, and of processes by what they announce and answer.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect, Schema } from "effect"
import { type Check, examine, verdictOf } from "../../src/inspect/mod.ts"
import { judgeClock } from "../../src/inspect/doctor/broker.ts"
import { judgePermissions } from "../../src/inspect/doctor/permissions.ts"
import { examineProcesses, type Heard } from "../../src/inspect/doctor/processes.ts"
import { api, call, event, handle, on } from "../../src/mod.ts"
import type { Instance, Told } from "../../src/runtime/mod.ts"
import { withTeam } from "./team.ts"

const Shop = api("shop", { sold: event({ n: Schema.Int }), price: call({ n: Schema.Int }, { returns: Schema.Int }) })
/** A later version, whose readers want more. */
const Later = api("shop", { sold: event({ n: Schema.Int, currency: Schema.String }) })
/** One whose readers want no more than before. */
const Kind = api("shop", { sold: event({ n: Schema.Int, note: Schema.optionalKey(Schema.String) }) })

const named = (checks: ReadonlyArray<Check>, name: string): Check =>
  checks.find((one) => one.name === name) ?? assert.fail(`there is no "${name}" in ${JSON.stringify(checks)}`)

describe("judgePermissions()", () => {
  const judge = (configure: string, write: string, read: string) =>
    judgePermissions({ user: "ada", configure, write, read }, "/")

  test("takes what docs/operations.md grants, and everything", () => {
    assert.equal(judge("^warren\\.", "^warren\\.|^amq\\.default$", "^warren\\.").state, "ok")
    assert.equal(judge(".*", ".*", ".*").state, "ok")
  })

  test("names what is missing, and how to grant it", () => {
    const narrow = judge("^warren\\.on\\.", "^warren\\.", "")
    assert.equal(narrow.state, "broken")
    assert.match(narrow.evidence, /may not configure warren\.events, /)
    assert.match(narrow.evidence, /may not write amq\.default; may not read warren\.events/)
    assert.match(narrow.remedy ?? "", /^`rabbitmqctl set_permissions -p \/ ada '\^warren/)
  })

  test("says that it cannot read a pattern, rather than that it fits", () => {
    assert.equal(judge("(", ".*", ".*").state, "unknown")
    assert.equal(judge(`${"a?".repeat(400)}`, ".*", ".*").state, "unknown")
  })
})

describe("judgeClock()", () => {
  const at = { startedAt: 1_000_000, now: 2_000_000 }

  test("a connection is made after its process began and before now; what is not, shows another clock", () => {
    assert.equal(judgeClock([1_000_500, 1_999_000], at).state, "ok")
    // it was lost, and made again
    assert.equal(judgeClock([1_500_000], at).state, "ok")
    // connections are made a moment before a process counts as begun
    assert.equal(judgeClock([998_000], at).state, "ok")
    assert.match(judgeClock([940_000], at).evidence, /at least 60 s behind/)
    assert.match(judgeClock([1_000_500, 2_060_000], at).evidence, /at least 60 s ahead/)
    assert.equal(judgeClock([], at).state, "skipped")
  })
})

describe("verdictOf()", () => {
  test("what is broken goes before what is unknown, and neither a warning nor what was left out counts", () => {
    const of = (...states: ReadonlyArray<Check["state"]>) =>
      verdictOf(states.map((state) => ({ area: "", name: "", state, evidence: "" })))
    assert.equal(of("ok", "warning", "skipped"), "well")
    assert.equal(of("ok", "unknown", "warning"), "unknown")
    assert.equal(of("unknown", "broken"), "broken")
  })
})

describe("doctor", () => {
  test(
    "finds processes that are well, and how many share an app",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        yield* start({ shop: { price: handle(Shop.price, ({ n }) => n) } })
        yield* start({ shop: { price: handle(Shop.price, ({ n }) => n) } })
        const { checks } = yield* examine(yield* scene())
        assert.equal(verdictOf(checks), "well", JSON.stringify(checks))
        assert.match(named(checks, "there").evidence, /^2 processes, and each answers/)
        assert.match(named(checks, "clocks").evidence, /^2 clocks compared with this one, at most \d+ ms apart/)
        assert.match(named(checks, "versions").evidence, /share shop \(2\)/)
        // nobody with figures of nodes was asked: what is not seen is not said to be well
        assert.equal(named(checks, "clock").state, "skipped")
        assert.equal(named(checks, "management").state, "ok")
      })
    ),
  )

  test(
    "a reader that cannot read what another process writes is broken, by name",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const web = yield* start({}, { app: "web" })
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        yield* start({ stock: { note: on(Later.sold, () => {}) } })
        const seen = yield* scene()
        const torn = named((yield* examine(seen)).checks, "contracts")
        assert.equal(torn.state, "broken", torn.evidence)
        assert.match(torn.evidence, /shop\.sold as .*web.* knows it, read by stock .*currency/)
      })
    ),
  )

  test(
    "schemas that differ and can be read are a warning",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const web = yield* start({}, { app: "web" })
        yield* web.bus.emit(Shop.sold({ n: 1 }))
        yield* start({ stock: { note: on(Kind.sold, () => {}) } })
        const mixed = named((yield* examine(yield* scene())).checks, "contracts")
        assert.equal(mixed.state, "warning", mixed.evidence)
      })
    ),
  )

  test(
    "a process that was killed is broken, and nobody at all is left out",
    withTeam(({ start, scene }) =>
      Effect.gen(function* () {
        const seen = yield* scene()
        assert.equal(named((yield* examine(seen)).checks, "there").state, "skipped")
        const shop = yield* start({ shop: { price: handle(Shop.price, ({ n }) => n) } })
        yield* Effect.sleep(200)
        yield* shop.kill
        yield* Effect.sleep(600)
        const { checks } = yield* examine(seen)
        assert.equal(named(checks, "there").state, "broken", named(checks, "there").evidence)
        assert.equal(named(checks, "clocks").state, "skipped")
        // nobody told it: that is not the same as nothing
        assert.equal(named(checks, "work").state, "unknown")
        assert.ok(!checks.some(({ name }) => name === "handlers"))
      })
    ),
  )
})

describe("examineProcesses()", () => {
  const instance: Instance = {
    instance: "i1",
    apps: [{ app: "shop", handlers: [] }],
    emits: [],
    calls: [],
    host: "far",
    pid: 7,
    runtime: "bun",
    version: "1",
    startedAt: 0,
    state: "running",
    every: 1_000,
    inHand: 0,
    handled: 0,
    failed: 0,
    life: "running",
    lastHeard: 0,
    goneAt: undefined,
    isSelf: false,
  }
  const ping = (now: number, askedAt = 1_000, heardAt = 1_010): Told<"ping"> => ({
    instance: "i1",
    answer: { kind: "ping", now },
    askedAt,
    heardAt,
    isSelf: false,
  })
  const heard = (more: Partial<Heard>): Heard => ({
    instances: [instance],
    stats: [],
    pings: [],
    infos: [],
    consumerTimeout: 1_800_000,
    ...more,
  })

  test("a clock is off only beyond what the way may explain", () => {
    const clocks = (one: Told<"ping">) => named(examineProcesses(heard({ pings: [one] })), "clocks")
    assert.equal(clocks(ping(1_500)).state, "ok")
    const behind = clocks(ping(1_005 - 90_000))
    assert.equal(behind.state, "warning")
    assert.match(behind.evidence, /shop \(host "far", pid 7\) is 90 s behind/)
    assert.match(clocks(ping(1_005 + 7_200_000)).evidence, /120 min ahead|2 h ahead/)
    // asked long before it was heard: the clock may well be right
    assert.equal(clocks(ping(2_500, 0, 3_000)).state, "ok")
  })

  test("two versions of an app are named, and servers without lanes on several machines", () => {
    const price = {
      name: "price",
      kind: "call",
      subject: "shop.price",
      queue: "q",
      schema: "s",
      version: "",
      idempotent: false,
    } as const
    const apps = [{ app: "shop", handlers: [price] }]
    const checks = examineProcesses(heard({
      instances: [
        { ...instance, apps, direct: "zmq+tcp://10.0.0.1:1" },
        { ...instance, apps, instance: "i2", host: "near", pid: 8, version: "2" },
      ],
    }))
    assert.match(named(checks, "versions").evidence, /shop runs as 1, 2/)
    const lanes = named(checks, "lanes")
    assert.equal(lanes.state, "warning")
    assert.match(lanes.evidence, /^1 of 2 .*calls to shop \(host "near", pid 8\)/)
  })
})
