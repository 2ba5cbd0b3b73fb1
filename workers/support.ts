/** Support: opens tickets. Its handlers are Effects that share a service, built when the worker starts. */
import { Context, Effect, Layer } from "effect"
import { Bus, worker } from "warren"
import { Parts } from "./apis/parts.ts"
import { Sales } from "./apis/sales.ts"
import { Support } from "./apis/support.ts"
import { NotSold, Warranty } from "./apis/warranty.ts"

/** The SKU of each order that support has heard of. */
class Orders extends Context.Service<Orders, Map<string, string>>()("support/Orders") {
  static readonly layer = Layer.sync(Orders, () => new Map())
}

const { handle, on } = worker({ layer: Orders.layer })

export const remember = on(Sales.orderPlaced, ({ orderId, sku }) =>
  Effect.gen(function* () {
    const orders = yield* Orders
    orders.set(orderId, sku)
  }))

export const openTicket = handle(
  Support.openTicket,
  ({ customer, orderId, problem }, { uuid }) =>
    Effect.gen(function* () {
      const orders = yield* Orders
      const sku = orders.get(orderId)
      if (sku === undefined) return yield* new NotSold({ orderId })
      const [underWarranty, partAvailable] = yield* Effect.all([
        Effect.map(Bus.call(Warranty.check({ orderId })), ({ valid }) => valid),
        Effect.map(Bus.call(Parts.lookup({ sku })), ({ stock }) => stock > 0).pipe(
          Effect.catchTag("UnknownPart", () => Effect.succeed(false)),
        ),
      ], { concurrency: "unbounded" })
      const ticketId = uuid()
      yield* Bus.emit(Support.ticketOpened({ ticketId, customer, orderId, problem, underWarranty, partAvailable }))
      return { ticketId, underWarranty, partAvailable }
    }),
)
