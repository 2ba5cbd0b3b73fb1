/**
 * Handlers that may hold a delivery for longer than the broker waits are refused at the start.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Result, Schema } from "effect"
import { api, call, event } from "../../src/contract/mod.ts"
import { checkPatience, readModule } from "../../src/runtime/Module.ts"
import { handle, on } from "../../src/runtime/mod.ts"

const Shop = api("shop", {
  came: event({ sku: Schema.String }),
  find: call({ sku: Schema.String }, { returns: Schema.Struct({}) }),
})
const minute = 60_000

const refusal = (handlers: Readonly<Record<string, unknown>>, limit = 30 * minute): string | undefined => {
  const app = Result.getOrThrow(readModule(handlers, { file: "shop.ts", app: "shop" }))
  return Result.match(checkPatience([app], limit), { onSuccess: () => undefined, onFailure: ({ message }) => message })
}

describe("checkPatience()", () => {
  test("takes what ends in time, and what says nothing of it", () => {
    assert.equal(
      refusal({ note: on(Shop.came, () => {}), find: handle(Shop.find, () => ({}), { timeout: "30 minutes" }) }),
      undefined,
    )
  })

  test("refuses a timeout that is longer, naming both and the way out", () => {
    const message = refusal({ find: handle(Shop.find, () => ({}), { timeout: "2 hours" }) }) ?? ""
    assert.match(message, /export "find" of "shop.ts": its timeout is 2h, .* after 30m .*WARREN_CONSUMER_TIMEOUT/)
  })

  test("counts all tries of a listener with orderBy, which holds its message meanwhile", () => {
    const ordered = (attempts: number) => ({
      note: on(Shop.came, () => {}, { orderBy: ({ sku }) => sku, retry: { attempts, delays: "10 minutes" } }),
    })
    assert.equal(refusal(ordered(4)), undefined)
    assert.match(refusal(ordered(5)) ?? "", /held through all its tries, up to 40m/)
    assert.equal(refusal(ordered(5), 60 * minute), undefined)
  })
})
