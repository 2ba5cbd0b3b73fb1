/**
 * Ids: order, uniqueness and derivation, for any clock.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { getRandomValues } from "node:crypto"
import fc from "fast-check"
import { deriveId, formatTraceparent, makeIds, nextTrace, parseTraceparent } from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** Bytes that differ from call to call, and repeat from run to run. */
const counting = () => {
  let state = 1
  return makeIds((bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = (state = (state * 1_103_515_245 + 12_345) >>> 0) >>> 16
  })
}

const clock = fc.array(fc.integer({ min: -3, max: 5 }), { minLength: 1, maxLength: 300 })
const time = fc.integer({ min: 0, max: 2 ** 48 - 1_000_000 })

describe("makeIds()", () => {
  test("makes UUIDv7 that sort in the order they were made, also when the clock goes back", () =>
    properties(fc.property(time, clock, (start, steps) => {
      const ids = counting()
      let now = start
      const made = steps.map((step) => ids.next(now = Math.max(0, now + step)))
      for (const id of made) assert.match(id, pattern)
      assert.deepEqual(made, made.toSorted())
      assert.equal(new Set(made).size, made.length)
    })))

  test("puts the time first", () =>
    properties(fc.property(time, (now) => assert.equal(timeOf(counting().next(now)), now))))

  test("keeps order and uniqueness over 20,000 ids of one millisecond, as a test's clock asks", () => {
    const ids = counting()
    const made = Array.from({ length: 20_000 }, () => ids.next(1_767_225_600_000))
    assert.deepEqual(made, made.toSorted())
    assert.equal(new Set(made).size, made.length)
    assert.ok(timeOf(made.at(-1)!) - 1_767_225_600_000 < 10)
  })
})

describe("deriveId()", () => {
  test("repeats for the same arguments and differs for others, whatever the cause is", () =>
    properties(fc.property(
      fc.string(),
      fc.string(),
      fc.nat(),
      fc.nat(),
      (cause, handler, ordinal, other) => {
        const id = deriveId(cause, handler, ordinal)
        assert.match(id, pattern)
        assert.equal(deriveId(cause, handler, ordinal), id)
        if (other !== ordinal) assert.notEqual(deriveId(cause, handler, other), id)
        assert.notEqual(deriveId(cause, `${handler}x`, ordinal), id)
        assert.notEqual(deriveId(`${cause}x`, handler, ordinal), id)
      },
    )))

  test("takes the time of its cause", () =>
    properties(fc.property(time, (now) => {
      const cause = counting().next(now)
      assert.equal(timeOf(deriveId(cause, "a.b", 0)), now)
    })))
})

describe("nextTrace()", () => {
  test("can always be written and read again", () =>
    properties(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (now) => {
        const ids = makeIds((bytes) => void getRandomValues(bytes))
        const root = nextTrace(undefined, ids.next(now))
        assert.deepEqual(parseTraceparent(formatTraceparent(root)), root)
        const child = nextTrace(root, ids.next(now))
        assert.deepEqual(parseTraceparent(formatTraceparent(child)), child)
        assert.equal(child.traceId, root.traceId)
        assert.notEqual(child.spanId, root.spanId)
      }),
    ))
})

describe("parseTraceparent()", () => {
  test("takes nothing for a trace but a trace", () => {
    properties(fc.property(fc.anything(), (header) => {
      if (typeof header !== "string") assert.equal(parseTraceparent(header), undefined)
    }))
    const good = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`
    assert.deepEqual(parseTraceparent(good), { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
    const bad = [
      good.toUpperCase(),
      `${good} `,
      good.replace("00-", "ff-"),
      `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
      `00-${"a".repeat(32)}-${"0".repeat(16)}-01`,
      "",
    ]
    for (const header of bad) assert.equal(parseTraceparent(header), undefined, header)
  })
})
