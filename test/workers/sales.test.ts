/**
 * The sales app without the parts app, for which `bus.reply` stands in. Shows typed errors in Effect tests.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect } from "effect"
import { HandlerFailed, InvalidPayload } from "warren"
import { testBus } from "warren/testing"
import { Parts, UnknownPart } from "../../workers/apis/parts.ts"
import { Sales } from "../../workers/apis/sales.ts"
import * as sales from "../../workers/sales.ts"

// parts is not in these tests: bus.reply stands in for it
const pump = { sku: "P-100", name: "Water pump", price: 4_900, stock: 1 }
const priceList = (sku: string) => sku === pump.sku ? Effect.succeed(pump) : Effect.fail(new UnknownPart({ sku }))

describe("sales.quote", () => {
  test("multiplies the price by the quantity", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        yield* bus.reply(Parts.lookup, ({ sku }) => priceList(sku))
        const quote = yield* bus.call(Sales.quote({ sku: "P-100", quantity: 3 }))
        assert.deepEqual(quote, { sku: "P-100", quantity: 3, total: 14_700 })
      })))

  test("passes UnknownPart on", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        yield* bus.reply(Parts.lookup, ({ sku }) => priceList(sku))
        const error = yield* Effect.flip(bus.call(Sales.quote({ sku: "P-999", quantity: 1 })))
        assert.deepEqual(error, new UnknownPart({ sku: "P-999" }))
      })))

  test("names the chain when parts does not run", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bus.call(Sales.quote({ sku: "P-100", quantity: 1 })))
        assert.ok(error instanceof HandlerFailed)
        assert.deepEqual(error.chain, ["sales.quote", "parts.lookup"])
        yield* bus.expectNone(Sales.orderPlaced)
      })))
})

describe("sales.placeOrder", () => {
  test("announces the order that it answers with", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        yield* bus.reply(Parts.lookup, ({ sku }) => priceList(sku))
        const order = { customer: "c1", sku: "P-100", quantity: 2 }
        const { orderId } = yield* bus.call(Sales.placeOrder(order))
        yield* bus.expect(Sales.orderPlaced({ orderId, ...order }), { times: 1 })
      })))

  test("announces nothing for a part that does not exist", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        yield* bus.reply(Parts.lookup, ({ sku }) => priceList(sku))
        const error = yield* Effect.flip(bus.call(Sales.placeOrder({ customer: "c1", sku: "P-999", quantity: 1 })))
        assert.deepEqual(error, new UnknownPart({ sku: "P-999" }))
        yield* bus.expectNone(Sales.orderPlaced)
      })))

  test("refuses a quantity below 1 before anything is sent", () =>
    testBus([sales], (bus) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bus.call(Sales.placeOrder({ customer: "c1", sku: "P-100", quantity: 0 })))
        assert.ok(error instanceof InvalidPayload)
        assert.equal(error.field, "quantity")
        yield* bus.expectNone(Sales.placeOrder)
      })))
})
