/**
 * A process of the inspection bench: a worker or a client on a broker, or both in one process.
 *
 * Started and asked by `inspection.ts`: the part, `on` or `off` (whether it takes part in inspection), and the broker. It is
 * copied into other versions of Warren to be run there (`--against`), which know no such switch.
 */
import { Effect, Result, Scope } from "effect"
import { Schema } from "effect"
import process from "node:process"
import { launch } from "../../../src/launch/mod.ts"
import { promised } from "../../../src/launch/Connected.ts"
import { api, call, event, handle, on } from "../../../src/mod.ts"
import * as runtime from "../../../src/runtime/mod.ts"
import { Count, obey, order, prefetch, repeat } from "../amqpCase.ts"
import { orderFields } from "../orderSchema.ts"

const [part, mode, broker] = process.argv.slice(2)

const Orders = api("orders", {
  placed: event(orderFields),
  echo: call(orderFields, { returns: Schema.Struct(orderFields) }),
})

const count = new Count()
const worker = {
  take: on(Orders.placed, count.add, { concurrency: prefetch }),
  echo: handle(Orders.echo, (payload) => payload, { concurrency: prefetch }),
}

const apps = part === "client" ? [] : [
  Result.getOrThrow(runtime.readModule(worker, { file: "bench", app: "orders" })),
]

const scope = Effect.runSync(Scope.make())
const launching = launch({ ...(broker !== undefined && { broker }), lane: "broker", apps }).pipe(
  Effect.provideService(runtime.CurrentSettings, {
    ...runtime.defaultSettings,
    app: part === "client" ? "client" : "orders",
  }),
  Scope.provide(scope),
)
const { bus } = await Effect.runPromise(
  "CurrentInspected" in runtime
    ? Effect.provideService(launching, runtime.CurrentInspected, mode !== "off")
    : launching,
)
const connected = promised(bus, scope)

await obey(async (job) => {
  switch (job.job) {
    case "receive":
      return { at: await count.reach(job.count) }
    case "call":
      return await repeat(job.count, job.flight, () => connected.call(Orders.echo(order())))
    case "emit": {
      const handled = part === "alone" ? count.reach(job.count) : undefined
      const sent = await repeat(job.count, job.flight, () => connected.emit(Orders.placed(order())))
      return { ...sent, to: Math.max(sent.to, await handled ?? 0) }
    }
    default:
      throw new Error(`Cannot do "${job.job}"`)
  }
})
await connected.close()
process.exit(0)
