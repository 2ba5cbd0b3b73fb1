/**
 * JSON bytes: what is written is read again, and what must not be read is refused without harm.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Result } from "effect"
import fc from "fast-check"
import { fromBytes, maxDepth, toBytes } from "../../src/wire/mod.ts"
import { properties } from "./properties.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const detailOf = (body: Uint8Array): string => {
  const read = fromBytes(body)
  assert.ok(Result.isFailure(read), "It was read")
  return read.failure.detail
}

describe("toBytes()", () => {
  test("refuses what fromBytes() would refuse, and what JSON has no words for", () => {
    const circle: Array<unknown> = []
    circle.push(circle)
    let deep: unknown = 1
    for (let i = 0; i < 50_000; i++) deep = [deep]
    const levels = (count: number) => Array.from({ length: count }).reduce<unknown>((inner) => [inner], "x".repeat(9))
    assert.ok(Result.isSuccess(toBytes(levels(maxDepth))))
    for (const value of [circle, deep, levels(maxDepth + 1), 1n, Symbol("s"), JSON.parse('{"__proto__":1}')]) {
      assert.ok(Result.isFailure(toBytes(value)))
    }
    for (const value of [undefined, null, 0, "__proto__", { proto: "__proto__" }]) {
      assert.ok(Result.isSuccess(toBytes(value)))
    }
  })
})

describe("fromBytes()", () => {
  test("reads what toBytes() wrote", () =>
    properties(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const written = toBytes(value)
      if (Result.isFailure(written)) return assert.match(JSON.stringify(value), /__proto__/)
      const read = fromBytes(written.success)
      assert.ok(Result.isSuccess(read))
      assert.deepEqual(read.success, JSON.parse(JSON.stringify(value)))
    })))

  test("never throws, and gives a value or a reason, for any bytes", () =>
    properties(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string().map(bytes)), (body) => {
        const read = fromBytes(body)
        if (Result.isFailure(read)) assert.ok(read.failure.message.startsWith("Cannot read the body as JSON: "))
      }),
      1_000,
    ))

  test("refuses every truncation of a text, or reads a shorter value", () =>
    properties(fc.property(fc.jsonValue(), fc.nat(), (value, at) => {
      const whole = bytes(JSON.stringify([value]))
      assert.ok(Result.isFailure(fromBytes(whole.subarray(0, 1 + at % (whole.length - 1)))))
    })))

  test("refuses what is nested too deeply, without recursion, and no less", () => {
    for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
      const nest = (levels: number) => bytes(open.repeat(levels) + "1" + close.repeat(levels))
      assert.ok(Result.isSuccess(fromBytes(nest(maxDepth))))
      assert.match(detailOf(nest(maxDepth + 1)), /nested deeper than 100/)
      assert.match(detailOf(nest(1_000_000)), /nested deeper than 100/)
    }
    // brackets in texts are no nesting
    const text = JSON.stringify(`${"[".repeat(200)}\\"${"{".repeat(200)}`)
    assert.ok(Result.isSuccess(fromBytes(bytes(text))))
    const tricky = String.raw`{"\\":"[[[\"","a":"\\\\"}`
    assert.ok(Result.isSuccess(fromBytes(bytes(tricky + " ".repeat(200)))))
  })

  test("refuses __proto__ keys at any depth and in any spelling, not texts that say it", () => {
    for (const key of ["__proto__", "\\u005f_proto__", "_\\u005Fproto__", "__\\u0070roto__"]) {
      for (const body of [`{"${key}":{}}`, `[1,{"a":{"${key}":1}}]`]) {
        assert.match(detailOf(bytes(body)), /__proto__/)
      }
    }
    assert.ok(Result.isSuccess(fromBytes(bytes('{"a":"__proto__","b":"\\u005f"}'))))
  })

  test("reads an empty body as null, and drops a byte order mark", () => {
    assert.deepEqual(fromBytes(new Uint8Array(0)), Result.succeed(null))
    assert.deepEqual(fromBytes(Uint8Array.from([0xef, 0xbb, 0xbf, 0x31])), Result.succeed(1))
  })

  test("refuses overlong and surrogate UTF-8", () => {
    for (
      const body of [[0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf5, 0x80, 0x80, 0x80, 0x22]]
    ) {
      assert.equal(detailOf(Uint8Array.from(body)), "it is not valid UTF-8")
    }
  })

  test("reads the character that stands for what is none, and refuses what it would stand for", () => {
    const read = fromBytes(bytes(JSON.stringify("a\ufffdb")))
    assert.equal(Result.getOrThrow(read), "a\ufffdb")
    assert.equal(detailOf(Uint8Array.from([0x22, 0xef, 0xbf, 0xbd, 0xff, 0x22])), "it is not valid UTF-8")
  })

  test("reads 10 MiB in reasonable time", { timeout: 10_000 }, () => {
    const read = fromBytes(bytes(JSON.stringify({ text: "x".repeat(10 * 1024 * 1024) })))
    assert.ok(Result.isSuccess(read))
  })
})
