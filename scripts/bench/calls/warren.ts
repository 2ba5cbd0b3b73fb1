/**
 * Warren on one lane, with schemas, deadline, ids and trace context: through the front door, as any program would.
 *
 * `WARREN_BROKER`, `WARREN_LANE` and `WARREN_SECRET` say how, as they do for any program. Before anything is measured, a
 * call that fails is asked which lane it took, since a lane that does not work falls back by itself.
 */
import { Schema } from "effect"
import process from "node:process"
import { api, call, connect, handle } from "../../../src/mod.ts"
import { prefetch } from "../amqpCase.ts"
import { orderFields } from "../orderSchema.ts"
import { checkOrder, ordersOf, type System } from "./System.ts"

const Orders = api("orders", {
  echo: call(orderFields, { returns: Schema.Struct(orderFields) }),
  fail: call({}, { returns: Schema.Void }),
})

/** How long a lane may take until it works, ms: servers are known once they have announced themselves. */
const patience = 15_000

const wanted = process.env["WARREN_LANE"] ?? "auto"

type Bus = Awaited<ReturnType<typeof connect>>

/** The lane that calls take now. */
const laneOf = async (bus: Bus): Promise<string> => {
  try {
    await bus.call(Orders.fail({}))
    return "none"
  } catch (error) {
    return typeof error === "object" && error !== null && "lane" in error ? String(error.lane) : "none"
  }
}

const awaitLane = async (bus: Bus): Promise<void> => {
  const until = performance.now() + patience
  for (;;) {
    const lane = await laneOf(bus)
    if (wanted === "auto" || lane === wanted) return
    if (performance.now() > until) throw new Error(`its calls take the lane "${lane}"`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Warren. */
export const system: System = {
  serve: async () => {
    const orders = {
      echo: handle(Orders.echo, (payload) => payload, { concurrency: prefetch }),
      fail: handle(Orders.fail, () => {
        throw new Error("To be told the lane")
      }),
    }
    await connect({ app: "orders", workers: { orders } })
    return "orders"
  },
  connect: async (_, { bytes }) => {
    const bus = await connect({ app: "client" })
    await awaitLane(bus)
    const next = ordersOf(bytes)
    return async () => {
      const asked = next()
      checkOrder(await bus.call(Orders.echo(asked)), asked)
    }
  },
}
