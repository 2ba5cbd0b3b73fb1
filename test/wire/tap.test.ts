/**
 * Tapping on the wire: what is written is read again, nothing else passes for it, and conditions hold for what they name.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  decodeTapHello,
  decodeTapNotice,
  decodeTapOrder,
  encodeTapHello,
  encodeTapNotice,
  encodeTapOrder,
  holds,
  tapLimits,
  type TapNotice,
  type TapOrder,
  tapQueue,
  valueAt,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const text = fc.string({ maxLength: 20 }).filter((one) => !one.includes("__proto__"))
const name = fc.stringMatching(/^[\w.-]{1,40}$/)
const key = fc.stringMatching(/^[\w-]{1,64}$/)

const order: fc.Arbitrary<TapOrder> = fc.record({
  asker: name,
  key,
  pattern: text,
  app: text,
  where: fc.array(fc.record({ path: fc.array(text, { maxLength: 3 }), text }, { noNullPrototype: true }), {
    maxLength: 20,
  }),
  mode: fc.constantFrom("messages", "counts"),
  lease: fc.nat(),
}, { noNullPrototype: true, requiredKeys: ["asker", "key", "pattern", "where", "mode", "lease"] })

const kind = fc.constantFrom("event", "call")
const notice: fc.Arbitrary<TapNotice> = fc.record({
  key,
  instance: name,
  host: text,
  pid: fc.nat(),
  round: fc.nat(),
  fitted: fc.nat(),
  messages: fc.array(
    fc.record(
      { at: fc.nat(), id: text, type: text, app: text, kind, size: fc.nat(), body: text, heard: fc.boolean() },
      {
        noNullPrototype: true,
        requiredKeys: ["at", "id", "type", "app", "kind", "size"],
      },
    ),
    { maxLength: 5 },
  ),
  counts: fc.array(fc.record({ type: text, app: text, kind, count: fc.nat() }, { noNullPrototype: true }), {
    maxLength: 5,
  }),
}, { noNullPrototype: true, requiredKeys: ["key", "instance", "host", "pid", "round", "fitted", "messages"] })

describe("tapping on the wire", () => {
  test("what is written is read again", () => {
    properties(
      fc.property(order, (one) => assert.deepEqual({ ...decodeTapOrder(encodeTapOrder(one)!) }, { v: 1, ...one })),
    )
    properties(
      fc.property(notice, (one) => assert.deepEqual({ ...decodeTapNotice(encodeTapNotice(one)!) }, { v: 1, ...one })),
    )
    assert.equal(decodeTapHello(encodeTapHello("i")), "i")
  })

  test("anything else is nothing, and does no harm", () => {
    properties(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map((one) => new TextEncoder().encode(one))), (body) => {
        for (const read of [decodeTapOrder, decodeTapNotice, decodeTapHello]) assert.equal(read(body), undefined)
      }),
    )
    const good = { v: 1, asker: "a", key: "k", pattern: "#", where: [], mode: "messages", lease: 1 }
    assert.ok(decodeTapOrder(bytes(good)))
    const condition = { path: ["a"], text: "1" }
    for (
      const bad of [
        { key: "a.b" },
        { key: "" },
        { asker: "a\u0000" },
        { asker: "a/b" },
        { lease: -1 },
        { lease: 1.5 },
        { mode: "all" },
        { where: Array.from({ length: tapLimits.conditions + 1 }, () => condition) },
        { pattern: "x".repeat(tapLimits.order) },
      ]
    ) assert.equal(decodeTapOrder(bytes({ ...good, ...bad })), undefined, JSON.stringify(bad).slice(0, 80))
  })

  test("only queues of taps can be named", () => {
    properties(
      fc.property(order, (one) => assert.ok(tapQueue(decodeTapOrder(encodeTapOrder(one)!)!).startsWith("warren.tap."))),
    )
  })

  test("a path leads to what is there itself, and to nothing else", () => {
    const value = { a: [{ b: null }], "": 1 }
    assert.equal(valueAt(value, ["a", "0", "b"]), null)
    assert.deepEqual(valueAt(value, []), value)
    assert.equal(valueAt(value, [""]), 1)
    for (const path of [["toString"], ["constructor", "name"], ["a", "1"], ["a", "0", "b", "c"], ["a", "map"]]) {
      assert.equal(valueAt(value, path), undefined, path.join("."))
    }
  })

  test("a condition holds for the text, or for the JSON that the text is", () => {
    const isHeld = (text: string, value: unknown) => holds([{ path: ["a"], text }], { a: value })
    assert.ok(isHeld("12", 12) && isHeld("12", "12") && isHeld("1.20e1", 12) && isHeld('"12"', "12"))
    assert.ok(!isHeld('"12"', 12) && !isHeld("12", 12.5) && !isHeld("true", "false") && !isHeld("", null))
    assert.ok(isHeld("true", true) && isHeld("null", null) && isHeld("[1, 2]", [1, 2]))
    assert.ok(holds([], 5))
    assert.ok(!holds([{ path: ["a"], text: "1" }, { path: ["b"], text: "2" }], { a: 1, b: 1 }))
    properties(
      fc.property(fc.json(), (json) => isHeld(json, JSON.parse(json)) || JSON.parse(json) === undefined),
    )
  })
})
