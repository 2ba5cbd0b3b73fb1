/**
 * The support app with stand-ins, and the whole company together, from order to ticket.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { Effect } from "effect"
import { testBus } from "warren/testing"
import { Parts } from "../../workers/apis/parts.ts"
import { Sales } from "../../workers/apis/sales.ts"
import { Support } from "../../workers/apis/support.ts"
import { NotSold, Warranty } from "../../workers/apis/warranty.ts"
import * as parts from "../../workers/parts.ts"
import * as sales from "../../workers/sales.ts"
import * as support from "../../workers/support.ts"
import * as warranty from "../../workers/warranty.ts"

const request = (orderId: string) => ({ customer: "c1", orderId, problem: "it leaks" })

describe("support.openTicket", () => {
  test("says what warranty and parts say", () =>
    testBus([support], (bus) =>
      Effect.gen(function* () {
        yield* bus.reply(Warranty.check, () => ({ valid: false, expires: new Date(0) }))
        yield* bus.reply(Parts.lookup, ({ sku }) => ({ sku, name: "Water pump", price: 4_900, stock: 1 }))
        yield* bus.simulate(Sales.orderPlaced({ orderId: "o1", customer: "c1", sku: "P-100", quantity: 1 }))
        const ticket = yield* bus.call(Support.openTicket(request("o1")))
        assert.equal(ticket.underWarranty, false)
        assert.equal(ticket.partAvailable, true)
        yield* bus.expect(Support.ticketOpened({ ...request("o1"), ...ticket }), { times: 1 })
      })))

  test("fails with NotSold for an order that was never placed, and opens nothing", () =>
    testBus([support], (bus) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(bus.call(Support.openTicket(request("o9"))))
        assert.deepEqual(error, new NotSold({ orderId: "o9" }))
        yield* bus.expectNone(Support.ticketOpened)
      })))
})

test("the whole company, from order to ticket", () =>
  testBus([parts, sales, support, warranty], async (bus) => {
    const { orderId } = await bus.call(Sales.placeOrder({ customer: "c1", sku: "P-300", quantity: 1 }))
    await bus.expect(Warranty.registered.match({ orderId }))
    const ticket = await bus.call(Support.openTicket(request(orderId)))
    assert.deepEqual([ticket.underWarranty, ticket.partAvailable], [true, false])
  }))
