/**
 * Following on the wire: what is written is read again, and no foreign header or JSON passes for it or does harm.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import fc from "fast-check"
import {
  decodeHops,
  encodeHops,
  type FollowedHop,
  formatFollow,
  hopLimits,
  type HopNotice,
  parseFollow,
} from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes("__proto__"))
const text = fc.string({ maxLength: 20 }).filter((one) => !one.includes("__proto__"))
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one === 0 ? 0 : one)

const hop: fc.Arbitrary<FollowedHop> = fc.record({
  at: number,
  fact: name,
  id: name,
  type: text,
  app: text,
}).chain((one) =>
  fc.record({
    handler: text,
    queue: text,
    cause: text,
    lane: text,
    error: text,
    detail: text,
    attempt: number,
    ms: number,
    delay: number,
  }, { requiredKeys: [] }).map((more) => ({ ...one, ...more }))
)

const notice: fc.Arbitrary<HopNotice> = fc.record({
  key: name,
  instance: name,
  host: text,
  pid: fc.nat(),
  sent: number,
  missed: fc.nat(),
  hops: fc.array(hop, { maxLength: 5 }),
})

const good = {
  v: 1,
  key: "k",
  instance: "i",
  host: "h",
  pid: 1,
  sent: 2.5,
  missed: 0,
  hops: [{ at: 1.5, fact: "f", id: "i", type: "t", app: "a" }],
}

describe("decodeHops()", () => {
  test("reads what encodeHops() wrote", () =>
    properties(fc.property(notice, (one) => {
      const body = encodeHops(one)
      assert.ok(body !== undefined)
      assert.deepEqual(decodeHops(body), JSON.parse(JSON.stringify(one)))
    })))

  test("never throws, and what it reads could be written again, for any bytes and any JSON", () =>
    properties(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.jsonValue().map(bytes),
          // a good one with one field replaced, which is what foreign programs get wrong
          fc.tuple(notice, fc.constantFrom(...Object.keys(good)), fc.jsonValue()).map(([one, key, value]) =>
            bytes({ v: 1, ...one, [key]: value })
          ),
          fc.tuple(hop, fc.constantFrom("at", "fact", "id", "handler", "error", "delay"), fc.jsonValue()).map(
            ([one, key, value]) => bytes({ ...good, hops: [{ ...one, [key]: value }] }),
          ),
        ),
        (body) => {
          const read = decodeHops(body)
          if (read !== undefined) assert.deepEqual(decodeHops(encodeHops(read) ?? new Uint8Array(0)), read)
        },
      ),
      2_000,
    ))

  test("takes fields that it does not know, and nothing beyond its limits", () => {
    const isRead = (part: object) => decodeHops(bytes({ ...good, ...part })) !== undefined
    const [one] = good.hops
    assert.ok(isRead({ later: 1, hops: [{ ...one, later: 1 }] }))
    assert.ok(isRead({ hops: Array.from({ length: hopLimits.hops }, () => one) }))
    assert.ok(!isRead({ hops: Array.from({ length: hopLimits.hops + 1 }, () => one) }))
    assert.ok(isRead({ hops: [{ ...one, error: "x".repeat(hopLimits.text) }] }))
    assert.ok(!isRead({ hops: [{ ...one, error: "x".repeat(hopLimits.text + 1) }] }))
    assert.ok(!isRead({ hops: [{ ...one, handler: "x".repeat(hopLimits.name + 1) }] }))
    assert.ok(!isRead({ later: "x".repeat(hopLimits.bytes) }))
    for (
      const part of [{ v: 2 }, { key: "" }, { instance: "" }, { pid: -1 }, { pid: 1.5 }, { missed: "1" }, {
        sent: null,
      }]
    ) {
      assert.ok(!isRead(part), JSON.stringify(part))
    }
  })
})

describe("encodeHops()", () => {
  test("cuts long texts rather than say nothing, and refuses what nobody would read", () => {
    const { v: _, ...one } = good
    const long = encodeHops({ ...one, hops: [{ ...one.hops[0]!, error: "e".repeat(5_000), detail: "🦊".repeat(600) }] })
    const read = decodeHops(long!)!.hops[0]!
    assert.equal(read.error, `${"e".repeat(hopLimits.text - 1)}…`)
    assert.ok(read.detail!.length <= hopLimits.text && read.detail!.endsWith("…"))
    assert.equal(encodeHops({ ...one, hops: [{ ...one.hops[0]!, id: "x".repeat(300) }] }), undefined)
    assert.equal(encodeHops({ ...one, sent: Number.NaN }), undefined)
  })
})

describe("parseFollow()", () => {
  test("reads what formatFollow() wrote, and names no queue but that of a process's control", () => {
    const follow = { instance: "01a0c4f1-5c00-7000-8000-0123456789ab", key: "01a0c4f1-5c70-7777-8000-0123456789ab" }
    assert.deepEqual(parseFollow(formatFollow(follow)), follow)
    const odd = [
      undefined,
      7,
      true,
      "",
      "x",
      "/",
      "a/",
      "/b",
      "a/b/c",
      "a/b c",
      "a\n/b",
      `${"a".repeat(201)}/b`,
      `a/${"b".repeat(65)}`,
    ]
    for (const value of odd) assert.equal(parseFollow(value), undefined, String(value))
  })

  test("never throws, and gives back a part of what it read", () =>
    properties(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[^/]{0,5}\/[\w-]{0,5}$/)), (value) => {
        const read = parseFollow(value)
        if (read !== undefined) assert.equal(formatFollow(read), value)
      }),
      1_000,
    ))
})
