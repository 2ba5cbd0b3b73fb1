/**
 * The judge of a chaos run sees what it is there to see: each kind of loss, repetition and hanging, on made-up evidence.
 */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, test } from "#test"
import { callOf, type CallPlan, emitterOf } from "../../../scripts/chaos/calls.ts"
import { fateOf, listeners } from "../../../scripts/chaos/company.ts"
import { slope } from "../../../scripts/chaos/growth.ts"
import { type Evidence, judge, type Report } from "../../../scripts/chaos/judge.ts"
import { Ledger } from "../../../scripts/chaos/ledger.ts"
import { shortForm } from "../../../scripts/chaos/options.ts"
import { type Line, makeRecorder } from "../../../scripts/chaos/record.ts"
import type { DeadLetter } from "../../../scripts/chaos/remains.ts"
import { recovery, Series } from "../../../scripts/chaos/throughput.ts"

const folders: Array<string> = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** The seventh dies in the listener that stumbles; the third stumbles. */
const events = 10
const at = 1_000_000

const good: ReadonlyArray<Line> = Array.from({ length: events }, (_, n): ReadonlyArray<Line> => [
  ["confirmed", n, at + n],
  ...listeners.filter((name) => name !== "stumbling" || fateOf(n) !== "dies")
    .map((name): Line => ["handled", n, at + n + 1, name]),
  ["calling", n, at],
  ["began", n, at + 1, at + 5_000, "charge"],
  ["called", n, at, at + 5, "answered", "direct", 1],
]).flat()

const planned: DeadLetter = { n: 7, handler: "chaos.stumbling", reason: "failed" }

/** The report of lines, on top of a good run unless one of its parts is replaced. */
const reportOf = (
  lines: ReadonlyArray<Line>,
  { options, name = "worker-1.1", ...parts }: Partial<Evidence> & { readonly name?: string } = {},
): Report => {
  const folder = mkdtempSync(join(tmpdir(), "warren-judge-"))
  folders.push(folder)
  const record = makeRecorder(join(folder, `${name}.lines`))
  for (const line of lines) record(...line)
  const ledger = new Ledger(folder)
  ledger.read()
  return judge({
    options: { ...shortForm, events, ...options },
    ledger,
    effects: new Map(Array.from({ length: events }, (_, n) => [n, 1])),
    dead: [planned],
    windows: [],
    planned: 0,
    from: at,
    to: at + 10_000,
    open: [],
    mechanisms: new Map([["NULL", 1]]),
    troubles: [],
    ...parts,
  })
}

const missed = (report: Report) => report.aims.filter(({ met }) => !met).map(({ name }) => name)

describe("judge()", () => {
  test("finds nothing in a good run", () => {
    const report = reportOf(good)
    assert.deepEqual(missed(report), [])
    assert.deepEqual([report.confirmed, report.lost, report.dead.planned], [events, 0, 1])
  })

  test("counts an event that one listener did not handle as lost", () => {
    const report = reportOf(
      good.filter(([kind, n, , handler]) => !(kind === "handled" && n === 4 && handler === "plain")),
    )
    assert.deepEqual([report.lost, report.lostFirst], [1, ["4 by plain"]])
    assert.deepEqual(missed(report), ["lost"])
  })

  test("counts an effect without its row, and a planned dead letter that is not there, as lost", () => {
    const report = reportOf(good, { effects: new Map([[0, 1]]), dead: [] })
    assert.equal(report.lost, events)
  })

  test("counts an innocent dead letter as lost", () => {
    const innocent: DeadLetter = { n: 1, handler: "", reason: "by the broker" }
    assert.deepEqual(missed(reportOf(good, { dead: [planned, innocent] })), ["lost"])
    assert.deepEqual(missed(reportOf(good, { dead: [planned, { ...planned, n: 3 }] })), ["lost"])
  })

  test("sees an event that was both handled and dead-lettered", () => {
    assert.deepEqual(missed(reportOf([...good, ["handled", 7, at, "stumbling"]])), ["handled and dead-lettered"])
  })

  test("tells a second row from a second handling", () => {
    const twice = [...good, ["handled", 2, at + 50, "dedupe"] satisfies Line]
    const report = reportOf(twice)
    assert.deepEqual([missed(report), report.listeners["dedupe"]?.twice], [[], 1])
    assert.deepEqual(missed(reportOf(good, { effects: new Map(Array.from({ length: events }, (_, n) => [n, 2])) })), [
      "effects twice in the transaction",
    ])
  })

  test("sees what hangs and what is out of order", () => {
    assert.deepEqual(missed(reportOf([...good, ["unconfirmed", 3, at, "hung"]])), ["hung"])
    const two = shortForm.emitters * 16
    assert.deepEqual(
      missed(reportOf([...good, ["handled", two, at - 5, "ordered"], ["handled", two * 2, at, "ordered"]])),
      ["out of order by key"],
    )
  })

  test("judges only the calls that were made in peace", () => {
    const failing: ReadonlyArray<Line> = [...good, ["called", 1, at + 100, at + 200, "Disconnected", "-", 1]]
    assert.deepEqual(missed(reportOf(failing)), ["answered outside of fault windows, lane auto"])
    const window = { fault: { kind: "close-connections" }, from: at + 150, over: at + 160, ready: at + 170 } as const
    assert.deepEqual(missed(reportOf(failing, { windows: [window], planned: 1 })), [])
  })

  test("misses a fault that nobody got over", () => {
    const window = { fault: { kind: "alarm", away: 1 }, from: at + 50, over: at + 60, ready: undefined } as const
    assert.deepEqual(missed(reportOf(good, { windows: [window], planned: 1 })), ["faults made, and got over"])
  })
})

/** The first number of a call that is planned so. */
const callWith = (fits: (plan: CallPlan) => boolean): number => {
  for (let n = events;; n++) if (fits(callOf(n))) return n
}

describe("judge() of calls", () => {
  const charge = callWith(({ kind, timeout }) => kind === "charge" && timeout === 1_000)
  const look = callWith(({ kind }) => kind === "look")

  test("sees a call that hangs, one that ends too late, and one that never ends", () => {
    const calling: Line = ["calling", charge, at]
    assert.deepEqual(missed(reportOf([...good, calling])), ["hung"])
    const late = (ms: number): Line => ["called", charge, at, at + ms, "answered", "direct", 1]
    assert.deepEqual(missed(reportOf([...good, calling, late(2_000)])), [])
    assert.deepEqual(missed(reportOf([...good, calling, late(2_001)])), ["hung"])
    assert.equal(reportOf([...good, calling, late(1_007)]).calls.longest, 7)
    const stood = (by: number): Line => ["stood", at + 900, at + 1_000 + by]
    const still = (by: number, name: string) => missed(reportOf([...good, calling, late(2_400), stood(by)], { name }))
    const [own, other] = emitterOf(charge, 2) === 0 ? ["emitter-1.1", "emitter-2.1"] : ["emitter-2.1", "emitter-1.1"]
    assert.deepEqual(still(400, own), [])
    assert.deepEqual(still(399, own), ["hung"])
    assert.deepEqual(still(400, other), ["hung"])
    const hung = reportOf([...good, calling, ["called", charge, at, at + 2_000, "hung", "-", 0]])
    assert.equal(hung.hung, 1)
    assert.ok(!missed(hung).includes("calls without exactly one outcome"))
  })

  test("sees a handler that began after the deadline, by more than is forgiven", () => {
    const began = (by: number): Line => ["began", look, at + by, at, "look"]
    assert.deepEqual(missed(reportOf([...good, began(5)])), [])
    const report = reportOf([...good, began(6)])
    assert.deepEqual(missed(report), ["calls begun more than 5 ms after their deadline"])
    assert.deepEqual(report.calls.expired, { count: 1, first: [{ n: look, handler: "look", by: 6 }], latest: 6 })
  })

  test("sees what was begun twice although it may not be", () => {
    const twice = (handler: string): ReadonlyArray<Line> => [
      ["began", 99, at, at + 5_000, handler],
      ["began", 99, at, at + 5_000, handler],
    ]
    const looked = reportOf([...good, ...twice("look")])
    assert.deepEqual([missed(looked), looked.calls.repeated], [[], 1])
    for (const handler of ["charge", "relay"]) {
      assert.deepEqual(missed(reportOf([...good, ...twice(handler)])), ["calls run twice that may not be"])
    }
  })

  test("sees a call with two outcomes, at once or later, and one with none", () => {
    const called = (outcomes: number): Line => ["called", charge, at, at + 5, "answered", "direct", outcomes]
    for (const lines of [[called(2)], [called(0)], [called(1), ["again", charge, at + 9] satisfies Line]]) {
      assert.deepEqual(missed(reportOf([...good, ...lines])), ["calls without exactly one outcome"])
    }
  })

  test("sees a handler that ran on in peace although its caller had given up", () => {
    const n = callWith(({ givesUp }) => givesUp !== undefined)
    const gaveUp: ReadonlyArray<Line> = [...good, ["called", n, at, at + 100, "gave-up", "direct", 1]]
    assert.deepEqual(missed(reportOf(gaveUp)), [])
    const ranOn: ReadonlyArray<Line> = [...gaveUp, ["handled", n, at + 2_000, callOf(n).kind]]
    assert.deepEqual(missed(reportOf(ranOn)), ["handlers that ran on when their caller had given up"])
    const window = { fault: { kind: "close-connections" }, from: at + 900, over: at + 910, ready: at + 920 } as const
    assert.deepEqual(missed(reportOf(ranOn, { windows: [window], planned: 1 })), [])
  })

  test("misses a lane by which nothing went, links that are not encrypted, and too few calls", () => {
    const of = (lane: "direct" | "reply" | "broker", curve = false) =>
      missed(reportOf(good, { options: { ...shortForm, events, lane, curve } }))
    assert.deepEqual(of("direct"), [])
    assert.deepEqual(of("direct", true), ["links are all alike"])
    assert.deepEqual(of("reply"), ["of these reply, lane reply"])
    assert.deepEqual(of("broker"), ["of these broker, lane broker", "links"])
    const few = reportOf(good, { options: { ...shortForm, events, calls: events + 1 } })
    assert.deepEqual(missed(few), ["calls by lane auto"])
  })

  test("tells the lanes apart that the emitters of a mixed run take turns at", () => {
    const options = { ...shortForm, events, lane: "all", emitters: 4 } as const
    const report = reportOf([...good, ["called", 40, at, at + 5, "answered", "reply", 1]], { options })
    assert.deepEqual(Object.entries(report.calls.byLane).map(([lane, { all }]) => [lane, all.made, all.by]), [
      ["auto", events, { direct: events, reply: 0, broker: 0 }],
      ["direct", 0, { direct: 0, reply: 0, broker: 0 }],
      ["reply", 1, { direct: 0, reply: 1, broker: 0 }],
      ["broker", 0, { direct: 0, reply: 0, broker: 0 }],
    ])
    assert.ok(missed(report).includes("of these direct, lane direct"))
  })
})

describe("recovery()", () => {
  test("is the end of the first second with 90 % of the usual", () => {
    const series = new Series()
    const every = (ms: number, from: number, to: number) => {
      for (let time = from; time < to; time += ms) series.add(time)
    }
    every(10, 0, 10_000)
    every(20, 12_000, 14_000)
    every(10, 14_000, 20_000)
    const found = recovery(series, 10_000, 12_000, 20_000)
    assert.equal(found.reference, 100)
    assert.ok(found.seconds !== undefined && found.seconds > 2.7 && found.seconds <= 3, `${found.seconds} s`)
    assert.equal(recovery(series, 10_000, 12_000, 13_500).seconds, undefined)
  })
})

describe("slope()", () => {
  test("is the change in 10 minutes", () => {
    const samples = Array.from(
      { length: 20 },
      (_, i) => ({ at: i * 60_000, heap: i * 3, rss: 5, fibers: 0, timers: 0, sockets: 0 }),
    )
    assert.ok(Math.abs(slope(samples, ({ heap }) => heap) - 30) < 1e-9)
    assert.equal(slope(samples, ({ rss }) => rss), 0)
  })
})
