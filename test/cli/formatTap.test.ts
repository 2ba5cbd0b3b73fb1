/**
 * How `warren tap` looks: what stands where, what is cut, and that foreign text cannot steer a terminal.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { formatCounts, formatOpen, TapLines, visible } from "../../src/cli/formatTap.ts"
import { plain } from "../../src/cli/paint.ts"
import type { TapMessageTold } from "../../src/inspect/mod.ts"

const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime()
const told = (change: Partial<TapMessageTold> = {}): TapMessageTold => ({
  kind: "message",
  at,
  id: "1",
  type: "sales.orderPlaced",
  app: "sales",
  what: "event",
  heard: true,
  foreign: false,
  instance: "i",
  host: "h",
  pid: 1,
  size: 1,
  fits: true,
  payload: { customer: "c1" },
  ...change,
})
const lines = (change: Partial<TapMessageTold>, room?: number) => new TapLines(plain, { room }).message(told(change))

describe("formatTap", () => {
  test("a message is a line: when, what, from whom, and what is special about it", () => {
    assert.deepEqual(lines({}), ['03:04:05.006  event  sales.orderPlaced     sales     {"customer":"c1"}'])
    assert.deepEqual(lines({ what: "call", heard: null }), [
      '03:04:05.006  call   sales.orderPlaced     sales     {"customer":"c1"}',
    ])
    const odd = {
      heard: false,
      foreign: true,
      fits: false,
      problem: '"customer" is 1, expected string',
      at: 0,
      app: "",
    }
    assert.deepEqual(lines(odd), [
      '--:--:--.---  event  sales.orderPlaced     -         {"customer":"c1"}  (nobody listens, foreign, ' +
      'does not fit: "customer" is 1, expected string)',
    ])
    assert.match(
      lines({ payload: undefined, fits: null, problem: "300000 bytes are too many to be told" })[0]!,
      /\(300/,
    )
    assert.match(lines({ payload: undefined, raw: "//4=", encoding: "base64", fits: false })[0]!, / base64 \/\/4= /)
  })

  test("columns grow with what stands in them, and stay so", () => {
    const all = new TapLines(plain, { room: undefined })
    const [long] = all.message(told({ type: "warehouse.shipmentDelivered" }))
    const [short] = all.message(told())
    assert.equal(long!.indexOf("{"), short!.indexOf("{"))
  })

  test("on a narrow terminal a payload is cut, or stands below; elsewhere it is whole", () => {
    const payload = { text: "x".repeat(500) }
    assert.equal(lines({ payload })[0]!.length > 500, true)
    const [wide, ...none] = lines({ payload }, 120)
    assert.deepEqual([wide!.length, wide!.endsWith("…"), none.length], [120, true, 0])
    const narrow = lines({ payload }, 60)
    assert.deepEqual(narrow.map(({ length }) => length <= 60), [true, true])
    assert.match(narrow[1]!, /^ {4}\{"text":"x+…$/)
    for (let room = 5; room < 200; room += 7) {
      assert.ok(lines({ payload: "😀".repeat(100) }, room).every((line) => line.isWellFormed()), `${room}`)
    }
  })

  test("nothing that comes from elsewhere steers the terminal", () => {
    const evil = "\u001b[2J\u009b2J\u202e\u2028\n\r\u0007"
    const shown = new TapLines(plain, { room: undefined }).message(told({
      type: `a${evil}`,
      app: evil,
      payload: { [evil]: evil },
      problem: evil,
    })).join("")
    assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    assert.equal(visible("a\u001bb\u{e0001}"), "a\\u001bb\\udb40\\udc01")
    assert.equal(lines({ raw: evil, payload: undefined, encoding: "text" }).length, 1)
  })

  test("counts are a table with rates, and a sum", () => {
    const counts = [{ type: "sales.orderPlaced", app: "sales", what: "event", count: 1_200, perSecond: 3 }] as const
    const all = { kind: "counts", at: 1, elapsed: 60_000, total: 1_200, counts } as const
    assert.equal(
      formatCounts(all, plain, { room: undefined }, false),
      "         type               from   count  /s\n" +
        "  event  sales.orderPlaced  sales   1200  20\n\n1,200 messages in 1 min",
    )
    assert.match(formatCounts(all, plain, { room: undefined }, true), / 3\.0\n/)
    assert.equal(formatCounts({ ...all, total: 0, counts: [] }, plain, { room: 10 }, true), "0 messages in 1 min")
  })

  test("says who tells, who does not, and which name was meant", () => {
    const open = { kind: "open", at: 1, pattern: "#", processes: 1, silent: [], near: [] } as const
    assert.deepEqual(formatOpen(open, plain), ["tapping all messages; 1 process tells, ctrl-c ends"])
    const silent = Array.from({ length: 12 }, (_, pid) => ({ instance: "i", host: "h\u0007", pid, apps: ["a"] }))
    const said = formatOpen({ ...open, pattern: "sales.odrer", silent, near: ["sales.order"] }, plain)
    assert.equal(said[1], 'nobody knows "sales.odrer"; did you mean "sales.order"?')
    assert.equal(said[2], '"a" (host h , pid 0) does not tell; what it sends is not seen')
    assert.equal(said.at(-1), "2 more processes do not tell")
  })
})
