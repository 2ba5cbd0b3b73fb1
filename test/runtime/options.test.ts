/**
 * Options that cannot be followed are refused where the handler is defined, with the value and what was expected.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Result, Schema } from "effect"
import { api, call, event, handle, InvalidOption, on, worker } from "../../src/mod.ts"
import { readModule } from "../../src/runtime/mod.ts"

const Shop = api("shop", { sold: event({}), find: call({}) })

const refused = (make: () => unknown, told: RegExp): void =>
  assert.throws(make, (error: unknown) => {
    assert.ok(error instanceof InvalidOption, String(error))
    assert.match(error.message, told)
    return true
  })

describe("handle() and on()", () => {
  test("refuse a wrong concurrency, timeout and retry policy", () => {
    const run = () => {}
    for (const concurrency of [0, -1, 1.5, Number.NaN, 65_536, "4" as never]) {
      refused(() => on(Shop.sold, run, { concurrency }), /`concurrency`: expected a whole number from 1 to 65535/)
    }
    for (const timeout of [-1, Number.NaN, Infinity, "soon" as never, "Infinity", "-1 second"] as const) {
      refused(() => handle(Shop.find, run, { timeout }), /`timeout`: expected a finite duration/)
    }
    refused(() => handle(Shop.find, run, { timeout: Infinity }), /^Cannot use Infinity for/)
    for (const attempts of [0, 1.5, Infinity]) {
      refused(() => on(Shop.sold, run, { retry: { attempts } }), /`retry\.attempts`: expected a whole number from 1/)
    }
    refused(() => on(Shop.sold, run, { retry: { delays: [] } }), /at least one duration/)
    refused(() => on(Shop.sold, run, { retry: { delays: ["1 second", "later" as never] } }), /retry\.delays/)
  })

  test("refuse the other kind of contract, and what is none", () => {
    refused(() => on(Shop.find as never, () => {}), /the call "shop\.find" for `on`.*for a call use `handle`/)
    refused(() => handle(Shop.sold as never, () => {}), /the event "shop\.sold" for `handle`.*for an event use `on`/)
    refused(() => on(undefined as never, () => {}), /undefined for `on`/)
    refused(() => handle(Shop.find, "find" as never), /expected the handler as a function/)
  })
})

describe("readModule()", () => {
  const sold = on(Shop.sold, () => {})
  const find = handle(Shop.find, () => {})
  const options = { file: "shop.ts", app: "shop" }
  const reason = (namespace: Record<string, unknown>, app = "shop"): string => {
    const read = readModule(namespace, { ...options, app })
    return Result.isFailure(read) ? read.failure.message : assert.fail("It was accepted")
  }

  test("names the handlers by their exports and leaves shared things alone", () => {
    class Mine extends Schema.TaggedError<Mine>()("Mine", {}) {}
    const read = readModule({ sold, find, Shop, Mine, Text: Schema.String, contract: Shop.find }, options)
    assert.ok(Result.isSuccess(read))
    assert.deepEqual(read.success.handlers.map(({ name }) => name), ["sold", "find"])
  })

  test("takes the app's name from its worker", () => {
    const named = worker({ app: "store" })
    const read = readModule({ sold: named.on(Shop.sold, () => {}), find }, options)
    assert.ok(Result.isSuccess(read) && read.success.app === "store")
  })

  test("refuses what cannot be run, with file, export and reason", () => {
    const cases: ReadonlyArray<readonly [Record<string, unknown>, RegExp]> = [
      [{}, /"shop\.ts": it exports no handler/],
      [{ default: sold }, /export "default" of "shop\.ts": a handler needs a name of its own/],
      [
        { find, again: handle(Shop.find, () => {}) },
        /export "again".*"shop\.find", which export "find" handles already/,
      ],
      [{ sold, helper: () => 1 }, /export "helper".*it is a plain function/],
      [{ sold, thing: null }, /it is null/],
      [{ sold, list: [sold] }, /it is an array/],
      [{ sold, text: "x" }, /it is string "x"/],
      [{ "a-b": sold }, /a handler's name may have letters/],
      [
        { a: worker({ app: "one" }).on(Shop.sold, () => {}), b: worker({ app: "two" }).on(Shop.sold, () => {}) },
        /a module is one app/,
      ],
    ]
    for (const [namespace, told] of cases) assert.match(reason(namespace), told)
    assert.match(reason({ sold }, "1st app"), /"1st app" cannot name an app/)
  })
})
