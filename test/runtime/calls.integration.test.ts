/**
 * Calls and emits over a broker that is short of memory, is down, or was restarted; and between processes whose clocks
 * disagree by an hour. Starts a broker of its own, because it is killed.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { Clock, Duration, Effect, Fiber, Logger, Result, Schema, type Scope } from "effect"
import { type Rabbit, startRabbit } from "../../scripts/rabbitmq.ts"
import { api, call, event } from "../../src/contract/mod.ts"
import { launch } from "../../src/launch/mod.ts"
import {
  CurrentJournal,
  CurrentSettings,
  defaultSettings,
  type Entry,
  handle,
  type Namespace,
  on,
  readModule,
  type Settings,
} from "../../src/runtime/mod.ts"
import { callError, failure, until, within } from "../../src/testing/runtimeSuiteRig.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined

let rabbit: Rabbit | undefined
beforeAll(async () => {
  if (skip === undefined) rabbit = await startRabbit()
})
afterAll(() => rabbit?.stop())

const contracts = () => {
  const name = `c${crypto.randomUUID().slice(0, 8)}`
  return api(name, {
    ask: call({ n: Schema.Int }, { returns: Schema.Int }),
    hold: call({ ms: Schema.Int }, { returns: Schema.Int }),
    happened: event({ n: Schema.Int }),
  })
}

/** A process; its clock is off by so many ms. */
const open = Effect.fnUntraced(function* (app: string, worker?: Namespace, off = 0, settings: Partial<Settings> = {}) {
  const facts: Array<Entry> = []
  const apps = worker === undefined ? [] : [Result.getOrThrow(readModule(worker, { file: `${app}.ts`, app }))]
  const clock = yield* Clock.Clock
  const shifted: Clock.Clock = {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + off,
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + off),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(off) * 1_000_000n,
    currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(off) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration),
  }
  // past a broker that is away or blocks, calls would go on
  const launched = yield* launch({ broker: rabbit?.url, apps, lane: "broker" }).pipe(
    Effect.provideService(CurrentJournal, { record: (entry: Entry) => void facts.push(entry) }),
    Effect.provideService(CurrentSettings, { ...defaultSettings, grace: 0, app, ...settings }),
    Effect.provideService(Clock.Clock, shifted),
    Effect.provide(Logger.layer([])),
  )
  return { ...launched, facts }
})

const run = (body: Effect.Effect<void, unknown, Scope.Scope>) => () => Effect.runPromise(Effect.scoped(body))

describe("clocks that disagree by an hour", () => {
  for (const [which, off] of [["ahead", 3_600_000], ["behind", -3_600_000]] as const) {
    test(
      `the server's is ${which}: live calls are answered, expired ones do not run, and the skew is told`,
      { skip },
      run(Effect.gen(function* () {
        const { ask, hold } = contracts()
        const held: Array<number> = []
        const server = yield* open("server", {
          ask: handle(ask, ({ n }) => n + 1),
          hold: handle(hold, async ({ ms }, { sleep }) => {
            held.push(ms)
            await sleep(ms)
            return ms
          }, { concurrency: 1 }),
        }, off)
        const { bus } = yield* open("caller")
        assert.equal(yield* bus.call(ask({ n: 1 })), 2)
        const [skew] = server.facts.filter(({ fact }) => fact === "clock-skew")
        assert.ok(Math.abs(Math.abs(skew?.ms ?? 0) - Math.abs(off)) < 10_000, JSON.stringify(skew))
        const first = yield* Effect.forkChild(bus.call(hold({ ms: 900 })), { startImmediately: true })
        yield* until("the first is at work", () => held.length === 1)
        // it waits for its turn until it has expired
        yield* callError("DeadlineExceeded", bus.call(hold({ ms: 1 }), { timeout: 300 }))
        assert.equal(yield* Fiber.join(first), 900)
        assert.equal(yield* bus.call(hold({ ms: 2 })), 2)
        assert.deepEqual(held, [900, 2])
      })),
    )
  }
})

describe("calls between processes", () => {
  test(
    "an interrupted call stops its handler elsewhere",
    { skip },
    run(Effect.gen(function* () {
      const { hold } = contracts()
      let state = "idle"
      const held = handle(hold, () =>
        Effect.sync(() => void (state = "at work")).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Effect.sync(() => void (state = "interrupted"))),
        ))
      yield* open("server", { hold: held })
      const { bus } = yield* open("caller")
      const calling = yield* Effect.forkChild(bus.call(hold({ ms: 0 }), { timeout: 60_000 }), {
        startImmediately: true,
      })
      yield* until("it is at work", () => state === "at work")
      yield* Fiber.interrupt(calling)
      yield* until("it is interrupted", () => state === "interrupted")
    })),
  )

  test(
    "call 10,001 of those that wait fails Overloaded at once",
    { skip },
    run(Effect.gen(function* () {
      const { ask, hold } = contracts()
      const worker = { ask: handle(ask, ({ n }) => n), hold: handle(hold, () => Effect.never, { concurrency: 100 }) }
      yield* open("server", worker)
      const { bus } = yield* open("caller")
      const one = bus.call(hold({ ms: 0 }), { timeout: 60_000 })
      const waiting = yield* Effect.forEach(
        Array.from({ length: defaultSettings.maxPendingCalls }),
        () => Effect.forkChild(one, { startImmediately: true }),
      )
      const [elapsed, error] = yield* Effect.timed(callError("Overloaded", one))
      assert.match(error.detail, /10000 calls of this process are waiting for replies already/)
      assert.ok(Duration.toMillis(elapsed) < 100, `It took ${Duration.toMillis(elapsed)} ms`)
      yield* Fiber.interruptAll(waiting)
      assert.equal(yield* within("no answer", 20_000)(bus.call(ask({ n: 7 }), { timeout: 20_000 })), 7)
    })),
  )
})

describe("a broker that is short of memory", () => {
  test(
    "emits and calls fail typed at their deadline, nothing of them is sent later, and all goes on after it",
    { skip },
    run(Effect.gen(function* () {
      const { ask, happened } = contracts()
      const seen: Array<number> = []
      const worker = {
        ask: handle(ask, ({ n }) => (seen.push(n), n)),
        note: on(happened, ({ n }) => void seen.push(n)),
      }
      yield* open("server", worker)
      const { bus, core } = yield* open("caller")
      yield* bus.call(ask({ n: 1 }))
      yield* Effect.promise(() => rabbit!.alarm(true))
      // the broker tells a connection that it is blocked when it publishes
      for (const n of [2, 3, 4]) {
        const [elapsed, errors] = yield* Effect.timed(Effect.all([
          failure(bus.call(ask({ n }), { timeout: 400 })),
          failure(bus.emit(happened({ n }), { timeout: 400 })),
        ], { concurrency: 2 }))
        for (const { _tag } of errors as ReadonlyArray<{ _tag: string }>) {
          assert.ok(_tag === "Disconnected" || _tag === "DeadlineExceeded", _tag)
        }
        assert.ok(Math.abs(Duration.toMillis(elapsed) - 400) < 300, `${Duration.toMillis(elapsed)} ms`)
      }
      assert.match(core.outbox.obstacle() ?? "", /the broker takes no messages for now/)
      yield* Effect.promise(() => rabbit!.alarm(false))
      yield* until("it goes on", () => core.outbox.obstacle() === undefined)
      assert.equal(yield* bus.call(ask({ n: 10 })), 10)
      yield* bus.emit(happened({ n: 11 }))
      yield* until("the last is seen", () => seen.includes(11))
      yield* Effect.sleep(300)
      // what was on its way when the broker said so may arrive; what waited here does not
      assert.deepEqual(seen.filter((n) => n === 3 || n === 4), [])
    })),
  )
})

describe("a broker that is away", () => {
  test(
    "so many wait for it and no more; back, with no server, it answers NoHandler at once",
    { skip },
    run(Effect.gen(function* () {
      const { ask, happened } = contracts()
      const seen: Array<number> = []
      const listener = yield* open("server", { note: on(happened, ({ n }) => void seen.push(n)) })
      const { bus, core } = yield* open("caller", undefined, 0, { maxWaiting: 10 })
      yield* Effect.scoped(Effect.gen(function* () {
        yield* open("gone", { ask: handle(ask, ({ n }) => n) })
        assert.equal(yield* bus.call(ask({ n: 1 })), 1)
      }))
      const none = callError("NoHandler", bus.call(ask({ n: 1 })))
      yield* none
      // RabbitMQ 3.10 forgets quorum queues that are younger
      yield* Effect.sleep(2_000)
      yield* Effect.promise(() => rabbit!.kill())
      yield* until("the loss is noticed", () => !core.isConnected())
      const waiting = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, n) => n),
        (n) => Effect.forkChild(bus.emit(happened({ n }), { timeout: 60_000 }), { startImmediately: true }),
      )
      const [elapsed, full] = yield* Effect.timed(Effect.all([
        failure(bus.emit(happened({ n: 10 }), { timeout: 60_000 })),
        callError("Overloaded", bus.call(ask({ n: 1 }), { timeout: 60_000 })),
      ]))
      assert.match(String(full[0]), /10 messages of this process wait already, because there is no connection/)
      assert.ok(Duration.toMillis(elapsed) < 200, `It took ${Duration.toMillis(elapsed)} ms`)
      yield* Effect.promise(() => rabbit!.start())
      yield* within("No confirm", 20_000)(Effect.forEach(waiting, Fiber.join))
      yield* within("Nobody listens", 20_000)(until("all are heard", () => new Set(seen).size === 10))
      const [again, { servers }] = yield* Effect.timed(none)
      assert.ok(Duration.toMillis(again) < 1_000, `It took ${Duration.toMillis(again)} ms`)
      assert.equal(servers, 0)
      assert.deepEqual([listener.host.isReady(), seen.toSorted((a, b) => a - b)], [
        true,
        Array.from({ length: 10 }, (_, n) => n),
      ])
    })),
  )
})
