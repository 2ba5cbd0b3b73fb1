/**
 * The figures of the core on one runtime, as JSON lines: calls in process, what they are made of, and testBus.
 *
 * Run by `core.ts`, once a runtime; each case is measured in interleaved rounds and reported as medians, since the
 * machine's speed drifts. Asserts nothing.
 */
import { Effect, Result, Schema } from "effect"
import process from "node:process"
import { api, Bus, call, type CallSpec, event, every, handle, type Message, on } from "../../src/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import { readModule } from "../../src/runtime/mod.ts"
import { testBus } from "../../src/testing/mod.ts"
import { fromBytes, toBytes } from "../../src/wire/mod.ts"

class UnknownPart extends Schema.TaggedError<UnknownPart>()("UnknownPart", { sku: Schema.String }) {}
const Part = Schema.Struct({ sku: Schema.String, name: Schema.String, price: Schema.Number, stock: Schema.Int })
const Parts = api("parts", {
  lookup: call({ sku: Schema.String }, { returns: Part, fails: UnknownPart }),
  arrived: event({ sku: Schema.String, quantity: Schema.Int }),
  counted: event({ sku: Schema.String }),
})
const part = { sku: "P-100", name: "Pump", price: 12.5, stock: 7 }
const parts = {
  lookup: handle(Parts.lookup, () => Effect.succeed(part)),
  count: on(Parts.arrived, async ({ sku }, { emit }) => void await emit(Parts.counted({ sku }))),
}

const onlyCalls = process.argv.includes("--only-calls")
const rounds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 7)
const calls = 20_000

const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const report = (name: string, value: number, unit: string) => console.log(JSON.stringify({ name, value, unit }))

/** µs for each of `n` runs. */
const timed = async (n: number, run: () => PromiseLike<unknown> | unknown): Promise<number> => {
  const start = performance.now()
  await run()
  return (performance.now() - start) / n * 1_000
}

const lookup = (): Message<CallSpec> => Parts.lookup({ sku: "P-100" })

const inProcess = Effect.gen(function* () {
  const { bus } = yield* launch({
    apps: [yield* Effect.fromResult(readModule(parts, { file: "bench", app: "parts" }))],
  })
  const serial = (n: number) =>
    Effect.gen(function* () {
      for (let i = 0; i < n; i++) yield* bus.call(lookup())
    })
  const parallel = (n: number) =>
    Effect.forEach(Array.from({ length: 64 }), () => serial(Math.ceil(n / 64)), {
      concurrency: "unbounded",
      discard: true,
    })
  const latencies = new Float64Array(calls)
  const sampled = Effect.gen(function* () {
    for (let i = 0; i < calls; i++) {
      const start = performance.now()
      yield* bus.call(lookup())
      latencies[i] = performance.now() - start
    }
  })

  // for the profiler: nothing but calls
  if (onlyCalls) return yield* serial(20 * calls)

  const request = { sku: "P-100" }
  const { codec, returnsCodec } = Parts.lookup
  const cases = {
    serial: () => Effect.runPromise(serial(calls)),
    parallel: () => Effect.runPromise(parallel(calls)),
    // what a call does with schemas: encode and decode the payload, encode and decode the reply
    schema: () => {
      for (let i = 0; i < calls; i++) {
        Result.getOrThrow(codec.decode(Result.getOrThrow(codec.encode(request))))
        Result.getOrThrow(returnsCodec.decode(Result.getOrThrow(returnsCodec.encode(part))))
      }
    },
    // the bytes of both messages, written and read
    bytes: () => {
      for (let i = 0; i < calls; i++) {
        Result.getOrThrow(fromBytes(Result.getOrThrow(toBytes(request))))
        Result.getOrThrow(fromBytes(Result.getOrThrow(toBytes(part))))
      }
    },
    // the fibers of a call: the handler's, two publishes, two acks, and a caller that is resumed from outside
    fibers: () =>
      Effect.runPromise(Effect.gen(function* () {
        const runFork = Effect.runForkWith(yield* Effect.context<never>())
        const nothing = Effect.sync(() => {})
        for (let i = 0; i < calls; i++) {
          yield* Effect.callback<void>((resume) => {
            for (let fiber = 0; fiber < 4; fiber++) runFork(nothing)
            runFork(Effect.suspend(() => Effect.succeed(part))).addObserver(() => resume(Effect.void))
          })
        }
      })),
    // the raw limit: the same JSON through a Map of functions, no schema, no queue, no deadline
    raw: async () => {
      const handlers = new Map([["parts.lookup", (_: unknown) => Promise.resolve(part)]])
      for (let i = 0; i < calls; i++) {
        const payload: unknown = JSON.parse(JSON.stringify(request))
        JSON.parse(JSON.stringify(await handlers.get("parts.lookup")!(payload)))
      }
    },
  }
  yield* Effect.promise(async () => {
    const figures: Record<string, Array<number>> = {}
    for (let round = 0; round < rounds + 2; round++) {
      for (const [name, run] of Object.entries(cases)) {
        const us = await timed(calls, run)
        // the first two rounds warm up
        if (round >= 2) (figures[name] ??= []).push(us)
      }
    }
    const us = Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, median(values)]))
    await Effect.runPromise(sampled)
    report("call, p50", latencies.sort()[calls >> 1]! * 1_000, "µs")
    report("call, p99", latencies[Math.floor(calls * 0.99)]! * 1_000, "µs")
    report("calls one after another", 1e6 / us["serial"]!, "/s")
    report("calls, 64 in flight", 1e6 / us["parallel"]!, "/s")
    report("raw limit: Map of functions and JSON", 1e6 / us["raw"]!, "/s")
    for (const [share, name] of [["schema", "schemas"], ["bytes", "JSON bytes"], ["fibers", "fibers"]] as const) {
      report(`share of a call: ${name}`, us[share]! / us["serial"]! * 100, "%")
    }
  })
})

const sample = {
  ...parts,
  nightly: every("0 3 * * *", () => {}),
}

const testing = async () => {
  const one = () =>
    testBus([sample], (bus) =>
      Effect.gen(function* () {
        yield* bus.simulate(Parts.arrived({ sku: "P-100", quantity: 1 }))
        yield* bus.expect(Parts.counted.match({ sku: "P-100" }))
        yield* Bus.call(lookup())
        yield* bus.advance("1 hour")
      }))
  for (let i = 0; i < 200; i++) await one()
  const tests = await timed(1, async () => {
    for (let i = 0; i < 10_000; i++) await one()
  })
  report("10,000 testBus tests", tests / 1e6, "s")
  let days = 0
  await testBus([sample], async (bus) => {
    days = await timed(1, async () => {
      const timeline = await bus.advance("30 days")
      if (timeline.of("tick").length !== 30) throw new Error(`Expected 30 ticks, got ${timeline.of("tick").length}`)
    })
  })
  report("30 days of a nightly schedule", days / 1e6, "s")
}

await Effect.runPromise(Effect.scoped(inProcess))
if (!onlyCalls) await testing()
