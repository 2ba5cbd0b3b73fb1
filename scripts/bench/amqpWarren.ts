/**
 * One process of the AMQP bench that uses Warren: `worker` (a listener and a call handler) or `client`.
 *
 * Started and told what to do by `amqp.ts` (and `amqpMemory.ts`); the broker's URL is the second argument. Uses the
 * front door only, as any program would.
 */
import { Schema } from "effect"
import process from "node:process"
import { api, call, connect, event, handle, on } from "../../src/mod.ts"
import { Count, obey, order, prefetch, repeat } from "./amqpCase.ts"
import { orderFields } from "./orderSchema.ts"

const [part, broker = ""] = process.argv.slice(2)

const Orders = api("orders", {
  placed: event(orderFields),
  echo: call(orderFields, { returns: Schema.Struct(orderFields) }),
  piled: event(orderFields),
})

switch (part) {
  case "worker": {
    const count = new Count()
    const worker = {
      take: on(Orders.placed, count.add, { concurrency: prefetch }),
      echo: handle(Orders.echo, (payload) => payload, { concurrency: prefetch }),
    }
    await using _ = await connect({ app: "orders", broker, workers: { orders: worker } })
    await obey((job) => job.job === "receive" ? count.reach(job.count).then((at) => ({ at })) : undefined)
    break
  }
  case "client": {
    await using bus = await connect({ app: "client", broker })
    await obey((job) => {
      if (job.job === "emit") return repeat(job.count, job.flight, () => bus.emit(Orders.placed(order())))
      if (job.job === "call") return repeat(job.count, job.flight, () => bus.call(Orders.echo(order())))
      if (job.job === "fill") return repeat(job.count, 1_000, () => bus.emit(Orders.piled(order())))
      return undefined
    })
    break
  }
  // never through with any message: as many as it may hold stay in hand, the others wait in the queue
  case "pile": {
    const worker = { take: on(Orders.piled, (_, { sleep }) => sleep("1 hour")) }
    await using _ = await connect({ app: "pile", broker, workers: { pile: worker } })
    await obey()
    break
  }
  case "listeners": {
    const worker = Object.fromEntries(
      Array.from({ length: Number(process.argv[4]) }, (_, i) => [`take${i}`, on(Orders.placed, () => {})]),
    )
    const began = performance.now()
    await using _ = await connect({ app: "listeners", broker, workers: { listeners: worker } })
    console.log(JSON.stringify({ started: performance.now() - began }))
    await obey()
    break
  }
  default:
    throw new Error(`There is no part "${part}"`)
}

process.exit(0)
