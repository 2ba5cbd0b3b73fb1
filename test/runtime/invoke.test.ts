/**
 * One handler on one message: whatever it returns or throws, its end is told once, and nothing is left in hand.
 */
import { describe, test } from "#test"
import { Context, Effect, Tracer } from "effect"
import assert from "node:assert/strict"
import { AsyncLocalStorage } from "node:async_hooks"
import process from "node:process"
import { setTimeout as delay } from "node:timers/promises"
import type { CoreShape } from "../../src/runtime/mod.ts"
import { Bag } from "../../src/collections/mod.ts"
import type { Hand } from "../../src/runtime/Current.ts"
import { type Bound, invoke, type Outcome, type Running } from "../../src/runtime/invoke.ts"

/** What of a core a handler meets here: a clock that stands, and deadlines that never come. */
const fakeCore = () => ({ now: () => 1_000, hands: new Bag<Hand>(), deadlines: { add: () => () => {} } })

interface Case {
  readonly stop?: boolean
  readonly services?: Context.Context<never>
  readonly around?: (effect: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>
}

/** Runs it; what its end was, in words, once for each time it was told. */
const run = async (handler: (stop: () => void) => unknown, { stop, services, around }: Case = {}) => {
  const core = fakeCore()
  const held: { running?: Running } = {}
  const bound = {
    app: "a",
    name: "n",
    label: "a.n",
    handler: { run: () => handler(() => held.running?.stop("shutdown")) },
    core: core as unknown as CoreShape,
    bus: {},
    services: services ?? Context.empty(),
  } as unknown as Bound
  const told: Array<string> = []
  const words = (outcome: Outcome) =>
    outcome._tag === "Done" ? `${outcome.value}` : outcome._tag === "Failed" ? `${outcome.error}` : outcome.why
  const running = held.running = invoke(
    bound,
    {
      id: "m",
      payload: 1,
      trace: { traceId: "1".repeat(32), spanId: "1".repeat(16), sampled: true },
      step: undefined,
      attempt: 1,
      redelivered: false,
      deadline: undefined,
    },
    (outcome) => told.push(words(outcome)),
    around,
  )
  if (stop === true) running.stop("shutdown")
  await delay(30)
  assert.equal(core.hands.size, 0)
  return told
}

/** What another library calls a promise. */
const thenable = (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) =>
  Object.defineProperty({}, "then", { value: then })

const wrong = new Error("wrong")
const text = "Error: wrong"

describe("invoke()", () => {
  test("tells the end of a plain function, an async one and an Effect", async () => {
    assert.deepEqual(await run(() => 1), ["1"])
    assert.deepEqual(await run(() => delay(1, 2)), ["2"])
    assert.deepEqual(await run(() => Effect.succeed(3)), ["3"])
    const thrown = () => {
      throw wrong
    }
    assert.deepEqual(await run(thrown), [text])
    assert.deepEqual(await run(() => Promise.reject(wrong)), [text])
    assert.deepEqual(await run(() => Effect.fail(wrong)), [text])
    assert.deepEqual(await run(() => Effect.die(wrong)), [text])
  })

  test("survives promises that keep no promise", async () => {
    const throws = () => {
      throw wrong
    }
    assert.deepEqual(await run(() => thenable(throws)), [text])
    assert.deepEqual(await run(() => Object.assign(Promise.resolve(1), { then: throws })), [text])
    assert.deepEqual(await run(() => thenable((resolve, reject) => (resolve(1), reject(wrong), resolve(2)))), ["1"])
  })

  test("what is stopped has ended, whatever comes of it later", async () => {
    let unhandled: unknown
    const hear = (error: unknown) => unhandled = error
    process.on("unhandledRejection", hear)
    const late = async () => {
      await delay(5)
      throw wrong
    }
    assert.deepEqual(await run(late, { stop: true }), ["shutdown"])
    assert.deepEqual(await run(() => Effect.never, { stop: true }), ["shutdown"])
    const around = (effect: Effect.Effect<unknown, unknown>) => Effect.andThen(Effect.sleep("2 millis"), effect)
    const within = (stop: () => void) => {
      stop()
      return Promise.reject(wrong)
    }
    assert.deepEqual(await run(within, { around }), ["shutdown"])
    process.off("unhandledRejection", hear)
    assert.equal(unhandled, undefined)
  })

  test("what stands around an async handler ends before it is told", async () => {
    const seen: Array<string> = []
    const around = (effect: Effect.Effect<unknown, unknown>) =>
      Effect.onExit(effect, (exit) => Effect.andThen(Effect.sleep("5 millis"), Effect.sync(() => seen.push(exit._tag))))
    assert.deepEqual(await run(() => delay(20), { around, stop: true }), ["shutdown"])
    assert.deepEqual(seen, ["Failure"])
  })

  test("a tracer sets up what surrounds the handler, whatever the handler is", async () => {
    const storage = new AsyncLocalStorage<string>()
    const base = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const services = Context.make(Tracer.Tracer, {
      ...base,
      context: (primitive, fiber) => storage.run("the span's", () => primitive["~effect/Effect/evaluate"](fiber)),
    })
    const none = services as Context.Context<never>
    assert.deepEqual(await run(() => storage.getStore(), { services: none }), ["the span's"])
    const later = async () => {
      await delay(1)
      return storage.getStore()
    }
    assert.deepEqual(await run(later, { services: none }), ["the span's"])
    assert.deepEqual(await run(() => Effect.sync(() => storage.getStore()), { services: none }), ["the span's"])
  })
})
