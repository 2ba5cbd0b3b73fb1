/**
 * A process of the crowd: many instances, each a process to the others, with connections, queues and an app of its own.
 *
 * Started and asked by `crowd.ts`: the broker, the number of its first instance, and how many there are. A worker of a few
 * handlers each; one of them emits an event and makes a call, so that there is something to tell. `silent`: none takes part in
 * inspection.
 */
import { Effect, Schema } from "effect"
import process from "node:process"
import { api, call, event, handle, on } from "../../../src/mod.ts"
import { launch, type Launched } from "../../../src/launch/mod.ts"
import { CurrentInspected, readModule } from "../../../src/runtime/mod.ts"
import { makeMeter } from "../../../src/telemetry/mod.ts"
import { ledgerType, presenceType } from "../../../src/wire/mod.ts"
import { obey } from "../amqpCase.ts"
import { appOf, type Traffic } from "./shape.ts"

const [broker = "", first = "0", count = "1", mode] = process.argv.slice(2)

// the process as it is without any instance
console.log(JSON.stringify({ resident: process.memoryUsage().rss / 2 ** 20 }))

const meter = makeMeter()

const moduleOf = (app: string) => {
  const own = api(app, {
    placed: event({ id: Schema.String }),
    quote: call({ id: Schema.String }, { returns: Schema.Struct({ total: Schema.Number }) }),
    check: call({ id: Schema.String }, { returns: Schema.Boolean }),
  })
  const worker = {
    take: on(own.placed, () => {}),
    quote: handle(own.quote, () => ({ total: 1 })),
    check: handle(own.check, () => true),
  }
  return { own, worker }
}

const start = Effect.fnUntraced(function* (instance: number) {
  const app = appOf(instance)
  const { own, worker } = moduleOf(app)
  const launched = yield* launch({
    broker,
    lane: "broker",
    meter,
    apps: [yield* Effect.fromResult(readModule(worker, { file: "crowd", app }))],
  })
  if (instance === Number(first)) {
    yield* Effect.ignore(launched.bus.emit(own.placed({ id: "1" })))
    yield* Effect.ignore(launched.bus.call(own.quote({ id: "1" })))
  }
  return launched
})

/** Of all instances here what the counter of that name says of these packets. */
const counted = (name: string, labels: Readonly<Record<string, string>>): number =>
  meter.families().flatMap((family) => family.name === name && family.type === "counter" ? family.points : []).reduce(
    (sum, { labels: of, value }) =>
      Object.entries(labels).every(([key, wanted]) => of[key] === wanted) ? sum + value : sum,
    0,
  )

const traffic = (all: ReadonlyArray<Launched>): Traffic => ({
  sent: counted("warren_messages_published_total", { kind: "control", type: presenceType }),
  heard: counted("warren_messages_delivered_total", { type: presenceType }),
  written: counted("warren_messages_published_total", { type: ledgerType }),
  known: Math.min(...all.map(({ core }) => core.presence.directory?.servers() ?? 0)),
})

const program = Effect.gen(function* () {
  const numbers = Array.from({ length: Number(count) }, (_, i) => Number(first) + i)
  // a queue that many declare at once on a broker that is busy may refuse its first consumers
  const all = yield* Effect.forEach(numbers, (instance) => Effect.retry(start(instance), { times: 3 }), {
    concurrency: 8,
  })
  yield* Effect.promise(() => obey((job) => job.job === "traffic" ? Promise.resolve(traffic(all)) : undefined))
  return all
})

await Effect.runPromise(
  Effect.scoped(program).pipe(Effect.provideService(CurrentInspected, mode !== "silent")),
)
process.exit(0)
