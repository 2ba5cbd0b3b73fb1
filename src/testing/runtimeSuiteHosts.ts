/**
 * Cases of the runtime suite: draining, layers of workers, and consumers that come back.
 */
import assert from "node:assert/strict"
import { Context, Effect, Exit, Fiber, Layer, Result, Scope } from "effect"
import { handle, on, worker } from "../runtime/mod.ts"
import { callError, failure, gate, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

class Shop extends Context.Service<Shop, { readonly price: number }>()("suite/Shop") {}

/** Hosts. */
export const hosts: ReadonlyArray<RuntimeCase> = [
  {
    name: "drain() takes nothing new, finishes what is in hand, and leaves the rest to others",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { promise, open } = gate()
        const seen: Array<string> = []
        const make = (who: string) => ({
          [app]: {
            note: on(contracts.happened, async ({ n }) => {
              if (who === "old") await promise
              seen.push(`${who}${n}`)
            }, { concurrency: 1 }),
            ask: handle(contracts.ask, ({ n }) => ({ n })),
          },
        })
        const old = yield* start(make("old"))
        for (const n of [1, 2, 3]) yield* old.bus.emit(contracts.happened({ n }))
        yield* until("one is in hand", () => old.facts("started").length === 1)
        const draining = yield* Effect.forkChild(old.host.drain(5_000), { startImmediately: true })
        assert.equal(old.host.isReady(), false)
        // listeners in hand may call handlers of their own process
        assert.deepEqual(yield* old.bus.call(contracts.ask({ n: 1 })), { n: 1 })
        open()
        assert.equal(yield* Fiber.join(draining), 0)
        yield* callError("NoHandler", old.bus.call(contracts.ask({ n: 1 })))
        assert.deepEqual(seen, ["old1"])
        const fresh = yield* start(make("new"))
        yield* until("the rest is handled", () => seen.length === 3)
        assert.deepEqual(seen.toSorted(), ["new2", "new3", "old1"])
        assert.deepEqual(yield* fresh.bus.call(contracts.ask({ n: 1 })), { n: 1 })
      }),
  },
  {
    name: "drain() goes on answering calls while a call in hand may make them",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        const { bus, host, facts } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, async ({ n }, { call }) => {
              await promise
              const { n: inner } = await call(contracts.far({ n }))
              return { n: inner + 1 }
            }),
            far: handle(contracts.far, ({ n }) => ({ n: n * 10 })),
          },
        })
        const asked = yield* Effect.forkChild(bus.call(contracts.ask({ n: 1 })), { startImmediately: true })
        yield* until("it is in hand", () => facts("started").length === 1)
        const draining = yield* Effect.forkChild(host.drain(5_000), { startImmediately: true })
        yield* Effect.sleep("100 millis")
        open()
        assert.deepEqual(yield* Fiber.join(asked), { n: 11 })
        assert.equal(yield* Fiber.join(draining), 0)
        yield* callError("NoHandler", bus.call(contracts.far({ n: 1 })))
      }),
  },
  {
    name: "drain() interrupts after the grace period and gives back; a second drain waits for the first",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        let interrupted = 0
        const { bus, host, facts } = yield* start({
          [app]: {
            note: on(contracts.happened, () =>
              Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))),
          },
        })
        for (const n of [1, 2]) {
          yield* bus.emit(contracts.happened({ n }))
        }
        yield* until("both are in hand", () =>
          facts("started").length === 2)
        const began = performance.now()
        const first = yield* Effect.forkChild(host.drain(60), { startImmediately: true })
        assert.equal(yield* host.drain(60_000), 2)
        assert.equal(yield* Fiber.join(first), 2)
        assert.ok(performance.now() - began < 2_000)
        assert.equal(interrupted, 2)
        assert.equal(facts("returned").length, 2)
        const redelivered: Array<boolean> = []
        yield* start({
          [app]: { note: on(contracts.happened, (_, context) => void redelivered.push(context.redelivered)) },
        })
        yield* until("both come again", () => redelivered.length === 2)
        assert.deepEqual(redelivered, [true, true])
      }),
  },
  {
    name: "drain() does not wait for retries in place: they are given back at once, in their order",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { promise, open } = gate()
        const make = (seen: Array<number>, works: boolean) => ({
          [app]: {
            note: on(contracts.happened, async ({ n, key }) => {
              if (!works && key === "b") await promise
              if (!works) throw new Error("not now")
              if (key === "a") seen.push(n)
            }, { orderBy: ({ key }) => key ?? "", retry: { attempts: 9, delays: "1 minute" } }),
          },
        })
        const old = yield* start(make([], false))
        yield* old.bus.emit(contracts.happened({ n: 0, key: "b" }))
        for (const n of [1, 2, 3]) yield* old.bus.emit(contracts.happened({ n, key: "a" }))
        yield* until("one waits for its next try", () => old.facts("retry").length === 1)
        yield* until("all are in hand", () => old.host.stations[0]?.inHand() === 4)
        const began = performance.now()
        const draining = yield* Effect.forkChild(old.host.drain(4_000), { startImmediately: true })
        yield* Effect.sleep(20)
        open()
        yield* Fiber.join(draining)
        assert.ok(performance.now() - began < 2_000, "A failure during the drain does not wait for its next try")
        const seen: Array<number> = []
        yield* start(make(seen, true))
        yield* until("all came again", () => seen.length === 3)
        assert.deepEqual(seen, [1, 2, 3])
      }),
  },
  {
    name: "a layer is built once for all handlers of its workers, and released after the drain",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const log: Array<string> = []
        const layer = Layer.effect(
          Shop,
          Effect.acquireRelease(
            Effect.sync(() => {
              log.push("built")
              return Shop.of({ price: 3 })
            }),
            () => Effect.sync(() => void log.push("released")),
          ),
        )
        const one = worker({ app, layer })
        const two = worker({ app, layer })
        const scope = yield* Scope.make()
        const { bus, host } = yield* start({
          [app]: {
            ask: one.handle(contracts.ask, ({ n }) => Effect.map(Shop, ({ price }) => ({ n: n * price }))),
            far: two.handle(contracts.far, ({ n }) => Effect.map(Shop, ({ price }) => ({ n: n + price }))),
            note: one.on(contracts.happened, () =>
              Effect.gen(function* () {
                yield* Shop
                yield* Effect.sleep(40)
                log.push("handled")
              })),
          },
        }).pipe(Scope.provide(scope))
        assert.deepEqual(yield* bus.call(contracts.ask({ n: 2 })), { n: 6 })
        assert.deepEqual(yield* bus.call(contracts.far({ n: 2 })), { n: 5 })
        yield* bus.emit(contracts.happened({ n: 1 }))
        yield* until("it is in hand", () => host.stations.some(({ inHand }) => inHand() > 0))
        yield* host.drain(5_000)
        assert.deepEqual(log, ["built", "handled"])
        yield* Scope.close(scope, Exit.void)
        assert.deepEqual(log, ["built", "handled", "released"])
      }),
  },
  {
    name: "a layer that fails, or dies, stops the start with WorkerFailed",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const layers = [
          Layer.effect(Shop, Effect.fail(new Error("no database"))),
          Layer.effect(Shop, Effect.die(new Error("no database"))),
        ]
        for (const layer of layers) {
          const { handle } = worker({ app, layer })
          const result = yield* Effect.result(start({ [app]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } }))
          assert.ok(Result.isFailure(result))
          assert.equal(
            (result.failure as Error).message,
            `Cannot start app "${app}" ("${app}.ts"): its layer failed, Error: no database`,
          )
        }
        const { bus } = yield* start()
        yield* callError("NoHandler", bus.call(contracts.ask({ n: 1 })))
      }),
  },
  {
    name: "two apps that handle one call in one host are refused, naming both",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const ask = handle(contracts.ask, ({ n }) => ({ n }))
        const error = yield* failure(Effect.scoped(start({ [name("one")]: { ask }, [name("two")]: { ask } })))
        assert.match(
          String(error),
          /two\.ts": it handles "s\w+\.ask", which export "ask" of ".*one\.ts" handles already/,
        )
      }),
  },
  {
    name: "a consumer that the broker ends comes back, for listeners and for calls",
    needs: ["expel"],
    run: ({ contracts, name, start, features }) =>
      Effect.gen(function* () {
        const app = name("app")
        const seen: Array<number> = []
        const { bus, host } = yield* start({
          [app]: {
            note: on(contracts.happened, ({ n }) => void seen.push(n)),
            ask: handle(contracts.ask, ({ n }) => ({ n })),
          },
        })
        assert.ok(typeof features.expel === "function")
        for (let n = 1; n <= 3; n++) {
          for (const { queue } of host.stations) yield* features.expel(queue)
          // the queue may be gone for a moment, and so may the news of it be on the way
          for (let tries = 0; tries < 80 && seen.at(-1) !== n; tries++) {
            yield* bus.emit(contracts.happened({ n }))
            yield* Effect.sleep(25)
          }
          assert.equal(seen.at(-1), n, "The listener is back")
          yield* until("all consumers are back", host.isReady)
          assert.deepEqual(yield* Effect.retry(bus.call(contracts.ask({ n })), { times: 3 }), { n })
        }
      }),
  },
  {
    name: "a lost connection loses nothing: a waiting call is answered, what is in hand runs once, emits wait for it",
    needs: ["cut"],
    run: ({ contracts, name, start, features }) =>
      Effect.gen(function* () {
        const runs: Array<number> = []
        let asked = 0
        const { promise, open } = gate()
        const { bus, host } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, async ({ n }) => {
              if (n === 1) asked++
              if (n === 1) await promise
              return { n }
            }),
            note: on(contracts.happened, async ({ n }) => {
              runs.push(n)
              if (n === 1) await promise
            }),
          },
        })
        yield* bus.emit(contracts.happened({ n: 1 }))
        const pending = yield* Effect.forkChild(bus.call(contracts.ask({ n: 1 })), { startImmediately: true })
        yield* until("both are in hand", () => runs.length === 1 && asked === 1)
        assert.ok(typeof features.cut === "object")
        yield* features.cut
        // whether it is lost before or after the loss was noticed: an emit waits, and is repeated, until it is confirmed
        yield* bus.emit(contracts.happened({ n: 2 }))
        yield* until("the consumers are back", () => host.isReady() && runs.includes(2))
        // what comes again goes to those who have it in hand
        yield* Effect.sleep(100)
        open()
        assert.deepEqual(yield* Fiber.join(pending), { n: 1 })
        assert.deepEqual(yield* bus.call(contracts.ask({ n: 2 })), { n: 2 })
        assert.equal(asked, 1)
        assert.deepEqual([...new Set(runs)], [1, 2])
        assert.equal(runs.filter((n) => n === 1).length, 1)
      }),
  },
]
