/**
 * How `warren dead` prints: groups on narrow terminals, letters with whatever foreign programs wrote, plans and outcomes.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { formatDead } from "../../src/cli/dead/formatDead.ts"
import { formatLetters } from "../../src/cli/dead/formatLetters.ts"
import { formatEdit, formatMoved, formatPlan } from "../../src/cli/dead/formatMoving.ts"
import { plain } from "../../src/cli/paint.ts"
import type { DeadReport, LetterGroup, MovingPart, PlanTold, ShownLetter } from "../../src/inspect/mod.ts"
import { groupOf, isGroupId, shapeOf } from "../../src/inspect/dead/grouping.ts"

const now = Date.UTC(2026, 10, 29, 12)
const nasty = "a\u001b[31m\u202eb\r\nc\u2028d\u0085"

const group = (more: Partial<LetterGroup> = {}): LetterGroup => ({
  group: "g1234567",
  app: "shop",
  handler: "shop.stock",
  buried: "handler",
  reason: "failed",
  shape: "Error: #",
  error: "Error: 7",
  types: ["shop.sold"],
  count: 3,
  oldest: now - 3_600_000,
  newest: now - 60_000,
  undated: false,
  attempts: [5, 5],
  ids: ["m1"],
  ...more,
})

const report = (groups: ReadonlyArray<LetterGroup>, more: Partial<DeadReport> = {}): DeadReport => ({
  at: now,
  groups,
  more: 0,
  count: groups.reduce((sum, { count }) => sum + count, 0),
  queues: [{ queue: "warren.dead.shop", app: "shop", ready: 3, read: 3, consumers: 0 }],
  complete: true,
  note: null,
  ...more,
})

const letter = (more: Partial<ShownLetter> = {}): ShownLetter => ({
  id: "m1",
  type: "shop.sold",
  sender: "web",
  queue: "warren.dead.shop",
  app: "shop",
  handler: "shop.stock",
  from: null,
  buried: "handler",
  reason: "failed",
  error: "Error: 7",
  attempts: 5,
  at: now - 60_000,
  sent: now - 120_000,
  group: "g1234567",
  stack: ["at f (shop.ts:1:2)", "at g (shop.ts:3:4)"],
  traceparent: null,
  cause: null,
  edited: null,
  contentType: "",
  payload: { kind: "json", size: 7, value: { n: 1 } },
  schema: { sent: "aaaa", now: "bbbb", type: "shop.sold" },
  fit: { fits: true, by: "the modules" },
  by: { host: "h", pid: 7 },
  ...more,
})

const shown = (more: Partial<ShownLetter>) =>
  formatLetters({ at: now, kind: "message", name: "m1", letters: [letter(more)], count: 1, queues: [] }, plain)

const hasNoControl = (text: string) => {
  for (const line of text.split("\n")) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  // what came after its line breaks begins no line of its own
  assert.doesNotMatch(text, /^c/m)
}

describe("shapeOf() and groupOf()", () => {
  test("leave out what differs from message to message", () => {
    const same = (one: string, other: string) => assert.equal(shapeOf(one), shapeOf(other))
    same("row 7 of order o-1001", "row 12 of order o-2")
    same('field "n" is "x", expected number', 'field "n" is {"a":[1]}, expected number')
    same('Declined {"orderId":"a","why":"no \\"money\\""}', 'Declined {"orderId":"bcd","why":"late"}')
    same("at 2026-11-29T20:59:54.065Z", "at 2025-01-02T00:00:00.000Z")
    same("id 01a2291b-6972-77fc-8ea2-99d9fa187c10", "id 01a2291b-aaaa-7bbb-8ccc-99d9fa187c11")
    assert.notEqual(shapeOf("the printer is on fire"), shapeOf("the printer is out of paper"))
  })

  test("an id of a group is told from other names, and is another for another handler or reason", () => {
    const one = groupOf("shop.stock", "handler", "failed", "row 7")
    assert.ok(isGroupId(one))
    assert.equal(groupOf("shop.stock", "handler", "failed", "row 8"), one)
    assert.notEqual(groupOf("shop.bill", "handler", "failed", "row 7"), one)
    assert.notEqual(groupOf("shop.stock", "handler", "undecodable", "row 7"), one)
    assert.ok(!isGroupId("01a2291b"))
  })
})

describe("formatDead()", () => {
  test("keeps group, handler, count and error on a narrow terminal", () => {
    const wide = formatDead(report([group()]), plain, undefined)
    assert.match(wide, /g1234567 +shop\.stock +3 +5 +1 h +1 min +Error: 7\n/)
    const narrow = formatDead(report([group({ error: "x".repeat(300) })]), plain, 60)
    const [, head = "", row = ""] = narrow.split("\n")
    assert.match(head, /^ {2}group +handler +letters +error$/)
    assert.ok(row.length <= 60, `${row.length}`)
  })

  test("says what is not known, was not read, or cannot be seen", () => {
    const text = formatDead(
      report([group({ handler: null, buried: "stranger", reason: "", oldest: null, newest: null, attempts: null })], {
        complete: false,
        note: "AMQP alone",
        more: 2,
        queues: [{ queue: "warren.dead.shop", app: "shop", ready: 9, read: 3, consumers: 1 }],
      }),
      plain,
      undefined,
    )
    assert.match(text, /\? \(shop\) +3 +\? +\? +\?/)
    assert.match(text, /3 of the 9 letters in warren\.dead\.shop were read/)
    assert.match(text, /1 consumer of warren\.dead\.shop/)
    assert.match(text, /note {2}AMQP alone/)
    assert.match(text, /2 groups more/)
    assert.equal(formatDead(report([]), plain, 80), "no dead letters")
    assert.match(formatDead(report([], { queues: [] }), plain, 80), /no queue of any/)
  })

  test("never prints control characters of others", () => {
    hasNoControl(formatDead(report([group({ handler: nasty, error: nasty, reason: nasty })]), plain, undefined))
  })
})

describe("formatLetters()", () => {
  test("prints what is known, and nothing of what is not", () => {
    const text = shown({})
    assert.match(text, /^m1 {2}shop\.sold from web\n {2}handler +shop\.stock, after 5 attempts, on host "h", pid 7\n/)
    assert.match(text, / {2}died +1 min ago, 2026-11-29T11:59:00\.000Z\n/)
    assert.match(text, / {2}schema +aaaa when it was sent, bbbb of shop\.sold now\n/)
    assert.doesNotMatch(text, /trace|cause|edited/)
    const bare = shown({ id: "", type: "", sender: "", handler: null, at: null, sent: null, attempts: null, by: null })
    assert.match(
      bare,
      /^\(no id\) {2}\(no type\)\n {2}handler +nobody says which \(app shop\)\n {2}died +nobody says when/,
    )
  })

  test("prints payloads of every kind, long ones in part", () => {
    assert.match(
      shown({ payload: { kind: "bytes", size: 99, hex: "ff 00", cut: true } }),
      /99 bytes that are no text: ff 00 …/,
    )
    assert.match(shown({ payload: { kind: "text", size: 0, text: "", cut: false } }), /payload +empty$/)
    const long = shown({ payload: { kind: "json", size: 1, value: Array.from({ length: 500 }, (_, i) => i) } })
    assert.ok(long.split("\n").length < 100)
    assert.match(long, /… 442 lines more; --json shows all/)
  })

  test("says where a payload does not fit", () => {
    const misfits = [
      { field: "n", value: '"x"', expected: "a number" },
      { field: "sku", value: "undefined", expected: "a value (it is missing)" },
    ]
    const text = shown({ fit: { fits: false, by: "the modules", misfits } })
    assert.match(text, /fits +not the modules:\n +field "n" is "x", expected a number\n +field "sku" is missing\n/)
    assert.match(shown({ fit: { fits: null, why: "nobody knows" } }), /fits +unknown: nobody knows\n/)
  })

  test("never prints control characters of others", () => {
    const by = { host: nasty, pid: 1 }
    const misfits = [{ field: nasty, value: nasty, expected: nasty }]
    hasNoControl(shown({
      id: nasty,
      type: nasty,
      sender: nasty,
      handler: nasty,
      reason: nasty,
      error: nasty,
      stack: [nasty],
      cause: nasty,
      by,
      fit: { fits: false, by: nasty, misfits },
      schema: { sent: nasty, now: null, type: nasty },
      payload: { kind: "json", size: 1, value: { [nasty]: nasty } },
    }))
    hasNoControl(shown({ payload: { kind: "text", size: 9, text: nasty, cut: true } }))
  })
})

describe("formatPlan() and formatMoved()", () => {
  const part = (more: Partial<MovingPart>): MovingPart => ({
    handler: "shop.stock",
    queue: "warren.on.shop.stock",
    consumers: 1,
    why: null,
    remedy: null,
    count: 3,
    fits: 3,
    misfits: 0,
    unknown: 0,
    firstMisfit: null,
    firstUnknown: null,
    ...more,
  })
  const plan = (parts: ReadonlyArray<MovingPart>, more: Partial<PlanTold> = {}): PlanTold => ({
    kind: "plan",
    at: now,
    meant: { kind: "all", name: "" },
    count: 3,
    groups: [group()],
    parts,
    queues: [],
    within: {},
    ...more,
  })

  test("say what would go where, and what would stay", () => {
    assert.match(
      formatPlan(plan([part({})]), plain),
      /✓ shop\.stock: 3 letters to warren\.on\.shop\.stock \(1 consumer\); 3 fit\n/,
    )
    assert.match(formatPlan(plan([part({ consumers: 0 })]), plain), /\? shop\.stock: .*nobody consumes it now/)
    const misfit = { id: nasty, misfits: [{ field: "n", value: "1", expected: nasty }] }
    const text = formatPlan(plan([part({ fits: 2, misfits: 1, firstMisfit: misfit })]), plain)
    assert.match(text, /✗ .* 2 fit, 1 does not fit and would stay\n/)
    hasNoControl(text)
    const gone = formatPlan(plan([part({ queue: null, why: "it is gone", remedy: "name another" })]), plain)
    assert.match(gone, /✗ shop\.stock: 3 letters would stay, it is gone\n {2}name another\n/)
    const unread = { queue: "q", app: "shop", ready: 9, read: 3, consumers: 0 }
    assert.match(formatPlan(plan([], { queues: [unread] }), plain), /3 letters so far: 6 were not read/)
  })

  test("say what went where, and what stayed", () => {
    const meant = { kind: "all", name: "" } as const
    const by = [{ handler: "shop.stock", queue: "warren.on.shop.stock", count: 1 }]
    const stayed = [{ handler: nasty, why: nasty, remedy: null, count: 2, id: nasty }]
    const text = formatMoved(
      { kind: "end", meant, done: 1, by, stayed, left: 2, held: [], ms: 12_345 },
      "retried",
      plain,
    )
    assert.match(text, /^retried {2}1 letter of shop\.stock to warren\.on\.shop\.stock\nstays {4}2 letters of /)
    assert.match(text, /1 letter retried in 12 s; there are 2 dead letters now$/)
    hasNoControl(text)
  })

  test("an edit says what is different", () => {
    const changes = [{ field: nasty, before: nasty, after: null }, { field: "", before: "1", after: "2" }]
    const edit = { id: "m1", type: "t", handler: "shop.stock", queue: "q", changes, by: "it", done: false, others: 1 }
    const text = formatEdit(edit, plain)
    assert.match(text, /^trial {2}m1 \(t\) would go to q for shop\.stock\n/)
    assert.match(text, /payload {2}1 → 2\nfits it; nothing has changed\n1 letter more of that message stays as it is$/)
    hasNoControl(text)
  })
})
