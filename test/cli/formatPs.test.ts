/**
 * How `warren ps` looks: what fits, what is left out, and that foreign names are only text.
 */
import assert from "node:assert/strict"
import { stripVTControlCharacters } from "node:util"
import { describe, test } from "#test"
import { formatPs, type PsView } from "../../src/cli/formatPs.ts"
import { coloured, plain } from "../../src/cli/paint.ts"
import { cropped } from "../../src/cli/screen.ts"
import { ago, span } from "../../src/cli/span.ts"
import type { PsApp, PsProcess, PsReport } from "../../src/inspect/mod.ts"

const now = 1_000_000_000
const app = (name: string, change: Partial<PsApp> = {}): PsApp => ({
  app: name,
  handlers: 1,
  unheld: 0,
  inHand: 0,
  oldest: null,
  perSecond: 1.5,
  p50: 0.4,
  p99: 120,
  handled: 10,
  failed: 0,
  retried: 0,
  dead: 0,
  skipped: 0,
  lastFailure: null,
  ...change,
})
const process = (change: Partial<PsProcess> = {}): PsProcess => ({
  instance: "01a21db9-9df8-770b-9a3a-c0026cbf6c63",
  isSelf: false,
  caller: null,
  apps: [app("sales")],
  host: "vm",
  pid: 7,
  runtime: "bun 1.4.5",
  version: "",
  startedAt: now - 60_000,
  uptime: 60_000,
  life: "running",
  lastHeard: now,
  answers: true,
  connection: { state: "ready" },
  waiting: 0,
  handlers: [],
  sent: [],
  lastFailure: null,
  ...change,
})
const report = (processes: ReadonlyArray<PsProcess>, change: Partial<PsReport> = {}): PsReport => ({
  at: now,
  place: { kind: "rabbitmq", server: "RabbitMQ 4.1.0", label: "amqp://guest@here:5672", vhost: "/", user: "guest" },
  host: "vm",
  processes,
  elsewhere: [],
  once: [],
  ...change,
})
const text = (one: PsReport, view: Partial<PsView> = {}) =>
  formatPs(one, plain, { handlers: false, all: false, room: undefined, ...view })

describe("formatPs()", () => {
  test("is as wide as the terminal where it can be, and keeps what matters", () => {
    const one = report([process({ apps: [app("sales", { failed: 3 })], version: "1.2.3" })])
    const wide = text(one)
    assert.match(
      wide,
      /app +instance +pid +host +runtime +version +up +state +in hand +\/s +p50 ms +p99 ms +handled +failed +dead/,
    )
    assert.match(
      wide,
      /sales {2}…6cbf6c63 {4}7 {2}vm {4}bun 1\.4\.5 {2}1\.2\.3 {4}1 min {2}running {8}0 {2}1\.5 {5}0\.4 {5}120/,
    )
    const narrow = text(one, { room: 80 })
    assert.ok(narrow.split("\n").every((line) => line.length <= 80), narrow)
    assert.match(narrow, /sales .* 7 .*running .*1\.5/)
    assert.doesNotMatch(narrow, /bun/)
  })

  test("says in words what is not as it should be", () => {
    const error = { what: "sales.quote", at: now - 5_000, error: "no\nsuch\x1b[2J part" }
    const said = text(report([
      process({ apps: [app("sales", { lastFailure: error })] }),
      process({ pid: 8, life: "missing", lastHeard: now - 20_000, answers: false, connection: null }),
      process({ pid: 9, answers: false, connection: null }),
      process({ pid: 10, connection: { state: "blocked", reason: "memory alarm" }, waiting: 12 }),
    ]))
    assert.match(said, /sales\.quote {2}5 s ago, pid 7 {2}no such \[2J part/)
    assert.match(said, /pid 8\) {2}was not heard for 20 s/)
    assert.match(said, /pid 9\) {2}is heard, and did not answer/)
    assert.match(said, /pid 10\) {2}connection blocked: memory alarm/)
    assert.match(said, /pid 10\) {2}12 messages wait in it/)
    assert.match(said, / 8 .* missing /)
    assert.match(said, / 9 .* silent /)
    // deno-lint-ignore no-control-regex -- none may come through
    assert.doesNotMatch(said, /\x1b/)
  })

  test("leaves out who is gone and replaced, and who has done nothing, unless all are wanted", () => {
    const processes = [
      process(),
      process({ pid: 8, life: "gone", lastHeard: now - 60_000 }),
      process({ pid: 9, life: "gone", lastHeard: now - 60_000, apps: [app("parts")] }),
      process({ pid: 10, apps: [], caller: "warren" }),
    ]
    const some = text(report(processes))
    assert.doesNotMatch(some, / 8 |warren/)
    assert.match(some, /parts .* 9 .* gone/)
    assert.match(some, /pid 9\) {2}ended 1 min ago, and no other process hosts it/)
    const all = text(report(processes), { all: true })
    assert.match(all, / 8 .* gone/)
    assert.match(all, /warren .* 10 /)
  })

  test("names processes on other brokers, and apps that were here once", () => {
    const said = text(report([], {
      elsewhere: [{
        instance: "i",
        apps: ["parts"],
        pid: 11,
        runtime: "deno 2.9.5",
        version: "",
        startedAt: now - 3_600_000,
        broker: "amqp://localhost:5673/",
        why: "other-broker",
      }],
      once: [{ app: "support", lastSeen: now - 7_200_000, ended: false, host: "far", pid: 12, version: "" }],
    }))
    assert.match(said, /nobody handles anything here/)
    assert.match(said, /parts {3}11 {2}deno 2\.9\.5 {2}1 h {2}on another broker: amqp:\/\/localhost:5673\//)
    assert.match(said, /support {2}far {4}12 {2}2 h ago/)
  })

  test("shows each handler when asked", () => {
    const recent = { count: 5, p50: 3, p99: 9, perSecond: 0.5 }
    const counts = { handled: 5, failed: 0, retried: 2, dead: 0, skipped: 0, returned: 0, halted: 0 }
    const handler = {
      app: "sales",
      name: "quote",
      kind: "call" as const,
      subject: "sales.quote",
      queue: "q",
      schema: "",
      held: false,
      heldError: "refused",
      concurrency: 16,
      prefetch: 16,
      inHand: 2,
      running: 1,
      oldest: 65_000,
      ...counts,
      recent,
    }
    const said = text(report([process({ handlers: [handler] })]), { handlers: true })
    assert.match(said, /01a21db9-9df8-770b-9a3a-c0026cbf6c63/)
    assert.match(said, /sales\.quote {2}call {2}sales\.quote {2}no {7}1\/16 {8}2 {3}1 min {2}0\.5 {5}3\.0 {5}9\.0/)
    assert.match(said, /the broker holds no consumer for sales\.quote: refused/)
  })
})

describe("cropped()", () => {
  test("counts what is seen, and leaves no colour open", () => {
    const line = coloured("red", "abcdef")
    assert.equal(stripVTControlCharacters(cropped(line, 3)), "abc")
    assert.ok(cropped(line, 3).endsWith("\x1b[39m"))
    assert.equal(cropped("abc", 80), "abc")
  })
})

describe("span()", () => {
  test("says durations in at most two units", () => {
    const cases: ReadonlyArray<readonly [number, string]> = [
      [0, "0 ms"],
      [850, "850 ms"],
      [12_400, "12 s"],
      [360_000, "6 min"],
      [7_500_000, "2 h 5 min"],
      [86_400_000, "1 d"],
      [90_000_000, "1 d 1 h"],
      [-5, "0 ms"],
    ]
    for (const [ms, said] of cases) assert.equal(span(ms), said)
    assert.equal(ago(10), "just now")
    assert.equal(ago(5_000), "5 s ago")
  })
})
