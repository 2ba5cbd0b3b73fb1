/**
 * Cases of the runtime suite: calling, declared errors, and every way in which a call can fail.
 *
 * Each error is checked with its message, its consequence and its fields.
 */
import assert from "node:assert/strict"
import { Effect, Fiber, Result } from "effect"
import { Bus, handle } from "../runtime/mod.ts"
import { callError, failure, gate, Missing, Refused, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

/** Calling and failing. */
export const calls: ReadonlyArray<RuntimeCase> = [
  {
    name: "call() gives the value, from an Effect, an async and a plain handler",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { bus } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) => Effect.succeed({ n: n * 2 })),
            relay: handle(contracts.relay, async ({ n }) => {
              await Promise.resolve()
              return { n: n + 1 }
            }),
            far: handle(contracts.far, ({ n }) => ({ n: -n })),
          },
        })
        const caller = yield* start()
        for (const { bus: one } of [{ bus }, caller]) {
          assert.deepEqual(yield* one.call(contracts.ask({ n: 21 })), { n: 42 })
          assert.deepEqual(yield* one.call(contracts.relay({ n: 1 })), { n: 2 })
          assert.deepEqual(yield* one.call(contracts.far({ n: 5 })), { n: -5 })
        }
      }),
  },
  {
    name: "call() pairs a thousand answers with their calls, whatever order they come in",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) => Effect.delay(Effect.succeed({ n }), (n * 7) % 5), {
              concurrency: 100,
            }),
          },
        })
        const { bus } = yield* start()
        const numbers = Array.from({ length: 1_000 }, (_, n) => n)
        const answers = yield* Effect.forEach(numbers, (n) => bus.call(contracts.ask({ n })), {
          concurrency: "unbounded",
        })
        assert.deepEqual(answers.map(({ n }) => n), numbers)
      }),
  },
  {
    name: "call() fails with the declared error, failed in an Effect or thrown in async or plain code",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) => n === 0 ? new Missing() : new Refused({ why: "effect" })),
            relay: handle(contracts.relay, async ({ n }) => {
              await Promise.resolve()
              if (n > 0) throw new Refused({ why: "async" })
              return { n }
            }),
          },
        })
        const { bus, facts } = yield* start()
        const refused = yield* failure(bus.call(contracts.ask({ n: 1 })))
        assert.ok(refused instanceof Refused && refused.why === "effect")
        assert.ok((yield* failure(bus.call(contracts.ask({ n: 0 })))) instanceof Missing)
        const thrown = yield* failure(bus.call(contracts.relay({ n: 1 })))
        assert.ok(thrown instanceof Refused && thrown.why === "async")
        assert.equal(facts("refused").length, 3)
      }),
  },
  {
    name: "call() does not take an undeclared error for a declared one that has no fields",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({ [name("app")]: { ask: handle(contracts.ask, () => Promise.reject(new Error("boom"))) } })
        const { bus } = yield* start()
        const error = yield* callError("HandlerFailed", bus.call(contracts.ask({ n: 1 })))
        assert.equal(error.detail, "Error: boom")
      }),
  },
  {
    name: "call() fails NoHandler at once when nobody serves it",
    run: ({ contracts, start, lane }) =>
      Effect.gen(function* () {
        const { bus } = yield* start()
        const began = performance.now()
        const error = yield* callError("NoHandler", bus.call(contracts.ask({ n: 1 }), { timeout: "1 minute" }))
        assert.ok(performance.now() - began < 2_000)
        assert.deepEqual([error.call, error.servers], [contracts.ask.type, 0])
        assert.match(error.lane, lane)
        assert.match(
          error.message,
          /^Cannot call "s\w+\.ask": no running worker handles it \(0 servers seen, lane "\w+"/,
        )
        assert.match(error.consequence, /^The call was not run/)
      }),
  },
  {
    name: "call() fails DeadlineExceeded when no reply comes in time",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({ [name("app")]: { ask: handle(contracts.ask, () => Effect.never) } })
        const { bus } = yield* start()
        const error = yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 1 }), { timeout: 300 }))
        assert.deepEqual([error.timeout, error.stage], [300, "waiting"])
        assert.match(error.message, /^Cannot finish "s\w+\.ask" within 300 ms: no reply came \(/)
        assert.match(error.consequence, /unknown/)
        const nothing = yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 1 }), { timeout: 0 }))
        assert.deepEqual([nothing.stage, nothing.consequence], ["sending", "Nothing was sent"])
      }),
  },
  {
    name: "call() fails Overloaded beyond maxPendingCalls, and works again when there is room",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        yield* start({
          [name("app")]: { ask: handle(contracts.ask, ({ n }) => promise.then(() => ({ n }))) },
        })
        const { bus } = yield* start({}, { maxPendingCalls: 2 })
        const pending = yield* Effect.forkChild(
          Effect.forEach([1, 2], (n) => bus.call(contracts.ask({ n })), { concurrency: 2 }),
          { startImmediately: true },
        )
        const error = yield* callError("Overloaded", bus.call(contracts.ask({ n: 3 })))
        assert.equal(error.detail, "2 calls of this process are waiting for replies already")
        assert.match(error.consequence, /^The call was not run/)
        open()
        yield* Fiber.join(pending)
        assert.deepEqual(yield* bus.call(contracts.ask({ n: 4 })), { n: 4 })
      }),
  },
  {
    name: "call() fails InvalidPayload before sending",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const { bus, facts } = yield* start()
        const error = yield* callError("InvalidPayload", bus.call(contracts.ask({ n: "1" } as never)))
        assert.deepEqual([error.contract, error.field, error.value], [contracts.ask.type, "n", '"1"'])
        assert.match(error.message, /field "n" is "1", expected/)
        assert.deepEqual(facts().map(({ fact, type, tag }) => [fact, type, tag]), [
          ["refused", contracts.ask.type, "InvalidPayload"],
        ])
      }),
  },
  {
    name: "call() fails InvalidReply when the handler answers with something else",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({ [name("app")]: { ask: handle(contracts.ask, (() => ({ n: "many" })) as never) } })
        const { bus } = yield* start()
        const error = yield* callError("InvalidReply", bus.call(contracts.ask({ n: 1 })))
        assert.deepEqual([error.field, error.value], ["n", '"many"'])
        assert.match(error.message, /^Cannot read the reply to "s\w+\.ask": field "n" is "many", expected number/)
        assert.match(error.consequence, /^The handler ran to its end/)
      }),
  },
  {
    name: "call() fails HandlerFailed, naming the chain over two hops",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const one = name("one")
        const server = yield* start({
          [one]: { relay: handle(contracts.relay, ({ n }) => Bus.call(contracts.far({ n }))) },
          [name("two")]: { far: handle(contracts.far, () => Promise.reject(new TypeError("broken"))) },
        })
        const { bus } = yield* start()
        const error = yield* callError("HandlerFailed", bus.call(contracts.relay({ n: 1 })))
        assert.deepEqual(error.chain, [contracts.relay.type, contracts.far.type])
        assert.match(error.detail, /TypeError: broken/)
        assert.match(error.message, /s\w+\.relay -> s\w+\.far: /)
        assert.match(error.consequence, /may have had effects/)
        assert.equal(server.facts("failed").length, 2)
      }),
  },
  {
    name: "call() fails HandlerFailed, naming the chain, when a nested call finds no handler",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        yield* start({
          [name("one")]: {
            relay: handle(contracts.relay, async ({ n }, { call }) => await call(contracts.far({ n }))),
          },
        })
        const { bus } = yield* start()
        const error = yield* callError("HandlerFailed", bus.call(contracts.relay({ n: 1 })))
        assert.deepEqual(error.chain, [contracts.relay.type, contracts.far.type])
        assert.match(error.detail, /no running worker handles it/)
      }),
  },
  {
    name: "call() fails HandlerDied when its worker vanishes, and is not run a second time",
    needs: ["givesBack"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const ran: Array<number> = []
        const serve = (who: number) =>
          start({
            [app]: { ask: handle(contracts.ask, () => Effect.andThen(Effect.sync(() => ran.push(who)), Effect.never)) },
          })
        const servers = [yield* serve(0), yield* serve(1)]
        const { bus } = yield* start()
        const pending = yield* Effect.forkChild(Effect.result(bus.call(contracts.ask({ n: 1 }))), {
          startImmediately: true,
        })
        yield* until("one of them began", () => ran.length === 1)
        yield* servers[ran[0]!]!.kill
        const error = yield* callError("HandlerDied", Effect.flatMap(Fiber.join(pending), Effect.fromResult))
        // the broker gives it to another, which says so; past the broker the link tells
        assert.match(error.message, /the worker that ran it died, (it was redelivered|app "\S+" \(instance \S+, host)/)
        assert.match(error.consequence, /^The outcome is unknown/)
        assert.equal(ran.length, 1)
      }),
  },
  {
    name: "call() of an idempotent call is run again by another worker",
    needs: ["givesBack"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const ran: Array<{ who: number; redelivered: boolean }> = []
        const serve = (who: number) =>
          start({
            [app]: {
              again: handle(contracts.again, ({ n }, { redelivered }) => {
                ran.push({ who, redelivered })
                return ran.length === 1 ? Effect.never : Effect.succeed({ n })
              }),
            },
          })
        const servers = [yield* serve(0), yield* serve(1)]
        const { bus } = yield* start()
        const pending = yield* Effect.forkChild(bus.call(contracts.again({ n: 8 })), { startImmediately: true })
        yield* until("one of them began", () => ran.length === 1)
        yield* servers[ran[0]!.who]!.kill
        assert.deepEqual(yield* Fiber.join(pending), { n: 8 })
        // a worker that is being killed may take it once more
        assert.deepEqual(ran.map(({ redelivered }) => redelivered), ran.map((_, i) => i > 0))
        assert.ok(ran.length > 1)
      }),
  },
  {
    name: "call() fails ReplyLost when its own connection ends, and Disconnected afterwards",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        let ran = 0
        yield* start({
          [name("app")]: { ask: handle(contracts.ask, () => Effect.andThen(Effect.sync(() => ran++), Effect.never)) },
        })
        const { bus, kill } = yield* start()
        const pending = yield* Effect.forkChild(Effect.result(bus.call(contracts.ask({ n: 1 }))), {
          startImmediately: true,
        })
        yield* until("it began", () => ran === 1)
        yield* kill
        const lost = yield* Fiber.join(pending)
        assert.ok(Result.isFailure(lost) && lost.failure._tag === "ReplyLost", String(lost))
        assert.match(lost.failure.message, /^Cannot receive the reply to "s\w+\.ask": the connection was closed/)
        assert.match(lost.failure.consequence, /not sent again/)
        const after = yield* callError("Disconnected", bus.call(contracts.ask({ n: 1 })))
        assert.match(after.message, /^Cannot send "s\w+\.ask": not connected/)
        const emitted = yield* failure(bus.emit(contracts.happened({ n: 1 })))
        assert.equal(emitted._tag, "Disconnected")
      }),
  },
]
