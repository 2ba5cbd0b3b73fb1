/**
 * Edges that outsiders found: endless chains, repeated hours, stand-ins for what is there, failures over many hops.
 */
import assert from "node:assert/strict"
import { Effect, Schema } from "effect"
import { test } from "#test"
import { api, Bus, call, connect, event, every, handle, HandlerFailed, InvalidModule, on } from "warren"
import { testBus } from "warren/testing"

const A = api("a", {
  went: event({ n: Schema.Int }),
  one: call({}, { returns: Schema.Int }),
  two: call({}, { returns: Schema.Int }),
  three: call({}, { returns: Schema.Int }),
})

test("a listener that keeps causing events, through promises, leaves the event loop its turn", async () => {
  let stop = false
  let count = 0
  const app = {
    go: on(A.went, async ({ n }, { emit }) => {
      count++
      if (!stop) await emit(A.went({ n: n + 1 }))
    }),
  }
  const bus = await connect({ app: "test", workers: { app } })
  await bus.emit(A.went({ n: 0 }))
  // a real timer, which would never fire
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop = true
  await bus.close()
  assert.ok(count > 1)
})

test("every() in a time zone: each hour of a repeated one, a fixed hour once", async () => {
  const timezone = "America/New_York"
  const app = {
    hourly: every("0 * * * *", () => {}, { timezone }),
    quarter: every("*/15 * * * *", () => {}, { timezone }),
    daily: every("30 1 * * *", () => {}, { timezone }),
  }
  await testBus({ app }, async (bus) => {
    const ticks = (await bus.advance("24 hours")).of("tick")
    const of = (name: string) => ticks.filter(({ handler }) => handler === `app.${name}`).length
    assert.deepEqual([of("hourly"), of("quarter"), of("daily")], [24, 96, 1])
  }, { start: "2026-11-01T00:30:00Z" })
})

test("reply() refuses a call that a module of the test handles", async () => {
  await assert.rejects(
    testBus({ app: { one: handle(A.one, () => 1) } }, async (bus) => {
      await bus.reply(A.one, () => 2)
    }),
    (error) => error instanceof InvalidModule && /a module of this test handles "a.one"/.test(error.message),
  )
})

test("a failure over three hops says its cause once, and its way", async () => {
  const app = {
    one: handle(A.one, () => Bus.call(A.two())),
    two: handle(A.two, () => Bus.call(A.three())),
    three: handle(A.three, () => {
      throw new Error("the pump is broken")
    }),
  }
  await testBus({ app }, (bus) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(bus.call(A.one()))
      assert.ok(error instanceof HandlerFailed)
      assert.deepEqual([error.detail, error.chain], ["Error: the pump is broken", ["a.one", "a.two", "a.three"]])
      assert.equal(error.message.split("the pump is broken").length, 2)
    }))
})
