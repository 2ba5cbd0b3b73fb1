/** Sales: quotes and orders. Its handlers are Effects that ask the parts app and pass its `UnknownPart` on. */
import { Effect } from "effect"
import { Bus, handle } from "warren"
import { Parts } from "./apis/parts.ts"
import { Sales } from "./apis/sales.ts"

export const quote = handle(Sales.quote, ({ sku, quantity }) =>
  Effect.gen(function* () {
    const part = yield* Bus.call(Parts.lookup({ sku }))
    return { sku, quantity, total: part.price * quantity }
  }))

export const placeOrder = handle(Sales.placeOrder, ({ customer, sku, quantity }, { uuid }) =>
  Effect.gen(function* () {
    yield* Bus.call(Parts.lookup({ sku }))
    const orderId = uuid()
    yield* Bus.emit(Sales.orderPlaced({ orderId, customer, sku, quantity }))
    return { orderId }
  }))
