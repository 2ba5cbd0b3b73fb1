/**
 * The warranty app: what it announces, a repeated message, and two years on the fake clock. The orders of the tests have
 * ids of their own, since the module keeps its warranties in a variable.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect } from "effect"
import { testBus } from "warren/testing"
import { Sales } from "../../workers/apis/sales.ts"
import { NotSold, Warranty } from "../../workers/apis/warranty.ts"
import * as sales from "../../workers/sales.ts"
import * as warranty from "../../workers/warranty.ts"

const order = (orderId: string) => Sales.orderPlaced({ orderId, customer: "c1", sku: "P-100", quantity: 1 })

describe("warranty.register", () => {
  test("announces a warranty for each order", () =>
    testBus([sales, warranty], (bus) =>
      Effect.gen(function* () {
        const placed = order("o1")
        yield* bus.simulate(placed)
        yield* bus.expect(Warranty.registered.match({ orderId: "o1" }))
        yield* bus.expect(placed)
        const timeline = yield* bus.advance("1 hour")
        assert.equal(String(timeline), "(nothing happened)")
        yield* bus.expectNone(Warranty.expired)
      })))

  test("registers an order once, however often it hears of it", () =>
    testBus([warranty], async (bus) => {
      await bus.faults.duplicate(Sales.orderPlaced)
      await bus.simulate(order("o2"))
      await bus.expect(Warranty.registered.match({ orderId: "o2" }), { times: 1 })
    }))
})

describe("warranty.check", () => {
  test("is valid for two years", () =>
    testBus([warranty], async (bus) => {
      await bus.simulate(order("o3"))
      const expires = new Date("2028-01-01T00:00:00Z")
      assert.deepEqual(await bus.call(Warranty.check({ orderId: "o3" })), { valid: true, expires })
      await bus.advance("731 days")
      assert.deepEqual(await bus.call(Warranty.check({ orderId: "o3" })), { valid: false, expires })
    }))

  test("fails with NotSold for an order it never heard of", () =>
    testBus([warranty], async (bus) => {
      await assert.rejects(bus.call(Warranty.check({ orderId: "?" })), new NotSold({ orderId: "?" }))
    }))
})

describe("warranty.expire", () => {
  test("announces the end of a warranty in the night after it, once", () =>
    testBus([warranty], async (bus) => {
      await bus.simulate(order("o4"))
      await bus.advance("730 days")
      await bus.expectNone(Warranty.expired({ orderId: "o4" }))
      await bus.advance("3 hours")
      await bus.expect(Warranty.expired({ orderId: "o4" }))
      await bus.advance("30 days")
      await bus.expect(Warranty.expired({ orderId: "o4" }), { times: 1 })
    }))
})
