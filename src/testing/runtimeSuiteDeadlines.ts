/**
 * Cases of the runtime suite: deadlines that nested calls inherit, and interruption that reaches the remote handler.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { Bus, handle } from "../runtime/mod.ts"
import { cancelPacket, Header, routeTo } from "../wire/mod.ts"
import { callError, foreign, gate, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

/** Deadlines and interruption. */
export const deadlines: ReadonlyArray<RuntimeCase> = [
  {
    name: "a nested call inherits what is left of the deadline, whatever it asks for",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        yield* start({
          [name("one")]: {
            relay: handle(contracts.relay, ({ n }, { deadline }) => {
              seen.push(deadline ?? Number.NaN)
              return Effect.delay(Bus.call(contracts.far({ n }), { timeout: "1 hour" }), 20)
            }),
          },
          [name("two")]: {
            far: handle(contracts.far, ({ n }, { deadline }) => {
              seen.push(deadline ?? Number.NaN)
              return { n }
            }),
          },
        })
        const { bus } = yield* start()
        const before = Date.now()
        yield* bus.call(contracts.relay({ n: 1 }), { timeout: 2_000 })
        const [outer = 0, inner = 0] = seen
        assert.ok(outer >= before + 1_900 && outer <= before + 2_500, `${outer - before}`)
        assert.ok(inner <= outer, "The nested deadline is not later")
        assert.ok(inner > outer - 100, "The nested call has all that is left")
      }),
  },
  {
    name: "the deadline interrupts the handler, and the one it called",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const ended: Array<string> = []
        const ends = (who: string) => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(who)))
        yield* start({
          [name("one")]: {
            relay: handle(contracts.relay, ({ n }) =>
              Effect.onInterrupt(Bus.call(contracts.far({ n })), () =>
                Effect.sync(() => void ended.push("relay")))),
          },
          [name("two")]: {
            far: handle(contracts.far, () =>
              ends("far")),
          },
        })
        const { bus } = yield* start()
        yield* callError("DeadlineExceeded", bus.call(contracts.relay({ n: 1 }), { timeout: 400 }))
        yield* until("both ended", () => ended.includes("far"))
      }),
  },
  {
    name: "interrupting the caller interrupts the remote handler",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        let ended = false
        const server = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, () => {
              open()
              return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (ended = true)))
            }),
          },
        })
        const { bus } = yield* start()
        const pending = yield* Effect.forkChild(bus.call(contracts.ask({ n: 1 })), { startImmediately: true })
        yield* Effect.promise(() => promise)
        yield* Fiber.interrupt(pending)
        yield* until("the handler was interrupted", () => ended)
        yield* until("it is noted", () => server.facts("cancelled").length === 1)
      }),
  },
  {
    name: "interrupting the caller aborts the signal of async handlers, two hops deep",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        const ended: Array<string> = []
        yield* start({
          [name("one")]: {
            relay: handle(contracts.relay, async ({ n }, { call, signal }) => {
              signal.addEventListener("abort", () => ended.push("relay"))
              return await call(contracts.far({ n }))
            }),
          },
          [name("two")]: {
            far: handle(contracts.far, (_, { signal }) => {
              signal.addEventListener("abort", () => ended.push("far"))
              open()
              return new Promise(() => {})
            }),
          },
        })
        const { bus } = yield* start()
        const pending = yield* Effect.forkChild(bus.call(contracts.relay({ n: 1 })), { startImmediately: true })
        yield* Effect.promise(() => promise)
        yield* Fiber.interrupt(pending)
        yield* until("both were aborted", () => ended.length === 2)
        assert.deepEqual(ended.toSorted(), ["far", "relay"])
      }),
  },
  {
    name: "a signal that is asked for after the interruption is aborted already, and nothing more is sent",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        const result = gate<unknown>()
        const { bus } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, async ({ n }, context) => {
              await promise
              const sent = await context.emit(contracts.followed({ n })).then(() => "sent", (e: Error) => e.message)
              result.open([context.signal.aborted, sent])
              return { n }
            }),
          },
        })
        yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 1 }), { timeout: 300 }))
        yield* Effect.sleep(20)
        open()
        assert.deepEqual(yield* Effect.promise(() => result.promise), [
          true,
          "Cannot go on: the handler was interrupted",
        ])
      }),
  },
  {
    name: "a call whose cancellation overtook it is not run",
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        let ran = 0
        const { queue } = yield* replies
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n, ran: ran++ })) } })
        const now = Date.now()
        yield* transport.publish(
          routeTo.cancel(contracts.ask.type),
          cancelPacket("gone", contracts.ask.type, "x", now, now + 3_000),
        )
        yield* Effect.sleep(50)
        const send = (id: string) =>
          transport.publish(
            routeTo.call(contracts.ask.type),
            foreign('{"n":1}', { id, correlationId: id, replyTo: queue, headers: { [Header.timeout]: 3_000 } }),
          )
        yield* send("gone")
        yield* send("here")
        yield* until("the other one ran", () => ran === 1)
        yield* until("it is noted", () => server.facts("skipped").length === 1)
        assert.equal(server.facts("skipped")[0]?.error, "its caller gave up before it started")
      }),
  },
  {
    name: "a call that expired while it waited for a worker is not run",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const ran: Array<number> = []
        const { promise, open } = gate()
        yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, async ({ n }) => {
              ran.push(n)
              await promise
              return { n }
            }, { concurrency: 1 }),
          },
        })
        const { bus } = yield* start()
        const first = yield* Effect.forkChild(bus.call(contracts.ask({ n: 1 })), { startImmediately: true })
        yield* until("the first began", () => ran.length === 1)
        yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 2 }), { timeout: 60 }))
        open()
        yield* Fiber.join(first)
        assert.deepEqual(yield* bus.call(contracts.ask({ n: 3 })), { n: 3 })
        assert.deepEqual(ran, [1, 3])
      }),
  },
  {
    name: "a handler's own timeout fails the call with what it was",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        let aborted = false
        yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, (_, { signal }) => {
              signal.addEventListener("abort", () => aborted = true)
              return new Promise<never>(() => {})
            }, { timeout: "40 millis" }),
          },
        })
        const { bus } = yield* start()
        const error = yield* callError("HandlerFailed", bus.call(contracts.ask({ n: 1 })))
        assert.equal(error.detail, "it ran longer than its timeout of 40 ms")
        assert.ok(aborted)
      }),
  },
]
