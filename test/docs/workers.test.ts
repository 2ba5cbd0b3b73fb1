/**
 * The shop of docs/workers.md does what the page says.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import process from "node:process"
import { pathToFileURL } from "node:url"
import { Schema } from "effect"
import { describe, test } from "#test"
import { api, call, event } from "warren"
import { testBus } from "warren/testing"
import { writeFiles } from "./pages.ts"

type Module = Readonly<Record<string, unknown>>

const folder = writeFiles("docs/workers.md", "shop")
const load = async (file: string) => await import(pathToFileURL(join(folder, file)).href) as Module

// the same contracts once more, since those of the page have no types here
class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { sku: Schema.String }) {}
const Shop = api("shop", {
  bought: event({ orderId: Schema.String, customer: Schema.String, sku: Schema.String }),
  buy: call({ customer: Schema.String, sku: Schema.String }, { returns: { orderId: Schema.String }, fails: SoldOut }),
})

describe("the shop of docs/workers.md", () => {
  test("sells until it is sold out, and again after 15 minutes", async () =>
    testBus({ shop: await load("shop.ts") }, async (bus) => {
      const buy = () => bus.call(Shop.buy({ customer: "c1", sku: "P-100" }))
      for (let i = 0; i < 3; i++) await buy()
      await assert.rejects(buy(), SoldOut)
      await bus.advance("15 minutes")
      const { orderId } = await buy()
      await bus.expect(Shop.bought({ orderId, customer: "c1", sku: "P-100" }))
    }))

  test("a receipt waits for its price: three attempts, then the dead-letter queue", async () =>
    testBus({ mail: await load("mail.ts") }, async (bus) => {
      await bus.simulate(Shop.bought({ orderId: "o1", customer: "c1", sku: "P-100" }))
      await bus.advance("10 minutes")
      // 1 second, then 1 minute rounded up to the tier of 2 minutes
      assert.deepEqual(bus.timeline().of("retry").map(({ delay }) => delay), [1_000, 120_000])
      assert.equal(bus.timeline().of("dead").length, 1)
    }))

  test("an event that comes twice is booked once, by the inbox of the worker's layer", async () => {
    const back = process.cwd()
    process.chdir(folder)
    try {
      await testBus({ ledger: await load("ledger.ts") }, async (bus) => {
        await bus.faults.duplicate(Shop.bought)
        await bus.simulate(Shop.bought({ orderId: "o1", customer: "c1", sku: "P-100" }))
        assert.equal(bus.timeline().of("handled").length, 1)
        assert.equal(bus.timeline().of("skipped").length, 1)
      }, {
        inbox: { process: () => assert.fail("the inbox of the process was asked") },
      })
    } finally {
      process.chdir(back)
    }
  })
})
