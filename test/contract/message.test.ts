/**
 * Message values: comparable, printable, never throwing; `match`; and what a declaration refuses.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { inspect } from "node:util"
import { Equal, Hash, Option, Schema } from "effect"
import fc from "fast-check"
import {
  type AnySchema,
  api,
  call,
  event,
  infoOf,
  InvalidContract,
  isApi,
  isContract,
  jsonSchema,
} from "../../src/contract/mod.ts"
import { properties } from "../wire/properties.ts"
import { samples } from "./schemas.ts"

class Lost extends Schema.TaggedError<Lost>()("Lost", {}) {}

const Shop = api("shop", {
  sold: event({ sku: Schema.String, at: Schema.Date, tags: Schema.Array(Schema.String) }),
  told: event({ sku: Schema.String, at: Schema.Date, tags: Schema.Array(Schema.String) }),
  free: event(Schema.Unknown as AnySchema),
  opened: event({ note: Schema.optionalKey(Schema.String) }),
  find: call({ sku: Schema.String }, { returns: Schema.Int, fails: Lost, idempotent: true }),
}, { version: 3, expose: ["find"] })

const sold = () => Shop.sold({ sku: "a", at: new Date(5), tags: ["x"] })

describe("a message", () => {
  test("equals another of the same contract and content, and hashes alike", () =>
    properties(
      fc.property(samples.chain(({ values }) => values), (value) => {
        const copy = structuredClone(value)
        assert.ok(Equal.equals(Shop.free(value), Shop.free(copy)))
        assert.equal(Hash.hash(Shop.free(value)), Hash.hash(Shop.free(copy)))
        assert.ok(!Equal.equals(Shop.free(value), Shop.free([value])))
      }),
      200,
    ))

  test("differs by contract and by content", () => {
    assert.ok(Equal.equals(sold(), sold()))
    const { payload } = sold()
    assert.ok(!Equal.equals(sold(), Shop.told(payload)))
    assert.ok(!Equal.equals(sold(), Shop.sold({ ...payload, sku: "b" })))
    assert.ok(!Equal.equals(sold(), Shop.sold({ ...payload, at: new Date(6) })))
    assert.ok(!Equal.equals(sold(), Shop.sold({ ...payload, tags: ["x", "y"] })))
  })

  test("is never refused, and prints, whatever its payload is", () => {
    properties(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
      const message = Shop.free(value)
      assert.ok(String(message).startsWith("shop.free("))
    }))
    const circle: { self?: unknown } = {}
    circle.self = circle
    const getter = {
      get sku(): string {
        throw new Error("no")
      },
    }
    for (const value of [circle, getter, Proxy.revocable({}, {}).proxy, 1n, Symbol("s")]) {
      assert.ok(String(Shop.free(value)).startsWith("shop.free("))
    }
    assert.equal(String(sold()), 'shop.sold({"sku":"a","at":"1970-01-01T00:00:00.005Z","tags":["x"]})')
    assert.equal(String(Shop.opened()), "shop.opened({})")
    assert.equal(JSON.stringify(Shop.opened({ note: "n" })), '{"type":"shop.opened","payload":{"note":"n"}}')
    assert.ok(inspect(sold()).includes("shop.sold("))
  })
})

describe("match()", () => {
  const payload = sold().payload

  test("accepts what has the parts it names, at any depth", () =>
    properties(
      fc.property(samples.chain(({ values }) => values), (value) => {
        assert.ok(Shop.free.match(structuredClone(value) as object).accepts(value))
        assert.ok(Shop.free.match({}).accepts({ value }))
        assert.ok(Shop.free.match({ value } as object).accepts({ value, more: 1 }))
        assert.ok(!Shop.free.match({ value, more: 1 } as object).accepts({ value }))
      }),
      200,
    ))

  test("compares arrays, dates, maps, sets, bytes and options as a whole", () => {
    assert.ok(Shop.sold.match({ at: new Date(5) }).accepts(payload))
    assert.ok(!Shop.sold.match({ at: new Date(6) }).accepts(payload))
    assert.ok(Shop.sold.match({ tags: ["x"] }).accepts(payload))
    assert.ok(!Shop.sold.match({ tags: [] }).accepts(payload))
    const wholes: ReadonlyArray<readonly [unknown, unknown]> = [
      [new Set([1]), new Set([1, 2])],
      [new Map([[1, 2]]), new Map([[1, 3]])],
      [Uint8Array.of(1), Uint8Array.of(1, 2)],
      [Option.some(1), Option.some(2)],
      [new URL("https://a.example"), new URL("https://b.example")],
    ]
    for (const [one, other] of wholes) {
      assert.ok(Shop.free.match({ one } as object).accepts({ one }), String(one))
      assert.ok(!Shop.free.match({ one } as object).accepts({ one: other }), String(one))
    }
  })

  test("tells an absent key from a present one only when it is named", () => {
    assert.ok(Shop.opened.match().accepts({}))
    assert.ok(!Shop.opened.match({ note: "x" }).accepts({}))
    assert.ok(!Shop.opened.match({ note: "x" }).accepts(null))
    assert.equal(String(Shop.opened.match({ note: "x" })), 'shop.opened.match({"note":"x"})')
  })

  test("never throws", () =>
    properties(
      fc.property(fc.anything(), fc.anything(), (part, whole) => {
        assert.equal(typeof Shop.free.match(part as object).accepts(whole), "boolean")
      }),
      300,
    ))
})

describe("api()", () => {
  test("says what it has", () => {
    assert.ok(isApi(Shop) && !isApi(Shop.sold) && isContract(Shop.sold) && !isContract(Shop))
    const { name, version, contracts } = infoOf(Shop)
    assert.deepEqual([name, version, contracts.map(({ member }) => member)], [
      "shop",
      "3",
      ["sold", "told", "free", "opened", "find"],
    ])
    assert.deepEqual(contracts.filter(({ exposed }) => exposed).map(({ type }) => type), ["shop.find"])
    const { find } = jsonSchema(Shop).members
    assert.deepEqual([find?.kind, find?.idempotent, find?.exposed, find?.type], ["call", true, true, "shop.find"])
    assert.equal(find?.payload["type"], "object")
    assert.ok(find?.returns !== undefined && find.fails !== undefined)
    assert.ok(Object.isFrozen(Shop))
  })

  const refused = (declare: () => unknown): string => {
    try {
      declare()
    } catch (error) {
      assert.ok(error instanceof InvalidContract, String(error))
      return error.message
    }
    return assert.fail("It was accepted")
  }

  test("refuses names that cannot travel", () => {
    const names = ["", "1a", "a.b", "a b", "a#", "*", "ä", "a".repeat(61), "_a", "-", "a\n"]
    for (const name of names) {
      assert.match(refused(() => api(name, {})), /must start with a letter/)
      assert.match(refused(() => api("shop", { [name]: event({}) })), /must start with a letter/)
    }
    assert.match(refused(() => api(undefined as never, {})), /must start with a letter/)
  })

  test("refuses an exposed member that is not there, and what is no definition", () => {
    assert.match(refused(() => api("shop", { a: event({}) }, { expose: ["b"] as never })), /"shop\.b".*no such member/)
    for (const thing of [undefined, null, 1, {}, Schema.String]) {
      assert.match(refused(() => api("shop", { a: thing as never })), /"shop\.a": it is neither an event/)
    }
  })

  test("refuses errors whose tags are Warren's own, in every way of declaring them", () => {
    class NoHandler extends Schema.TaggedError<NoHandler>()("NoHandler", {}) {}
    const ways: ReadonlyArray<unknown> = [
      NoHandler,
      [Lost, NoHandler],
      Schema.Union([Lost, NoHandler]),
      Schema.TaggedStruct("ReplyLost", { a: Schema.Int }),
      Schema.Struct({ _tag: Schema.Literal("Overloaded") }),
      Schema.TaggedUnion({ HandlerDied: {}, Mine: {} }),
    ]
    for (const fails of ways) {
      assert.match(refused(() => api("shop", { a: call({}, { fails: fails as typeof Lost }) })), /belongs to Warren/)
    }
  })

  test("refuses fields that are no schemas, where they stand", () => {
    for (const payload of [{ a: "string" }, { a: String }, { a: undefined }, 1, "fields"]) {
      assert.match(refused(() => api("shop", { a: event(payload as never) })), /schema/)
      assert.match(refused(() => api("shop", { a: call({}, { returns: payload } as never) })), /schema/)
    }
  })
})
