/**
 * Calls that are made without a fiber, as promises are: each is told its outcome once, or nothing when it is given up, and its
 * span ends once.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Cause, Effect, Exit, Layer, Schema, Tracer } from "effect"
import { layer as inProcess } from "../../src/broker/mod.ts"
import { api, call, handle } from "../../src/mod.ts"
import { CurrentTelemetry, type Telemetry } from "../../src/runtime/Telemetry.ts"
import { type OpenProcess, openProcess } from "../../src/testing/openProcess.ts"

const Parts = api("parts", {
  lookup: call({ sku: Schema.String }, { returns: Schema.String }),
  wait: call({}, { returns: Schema.Void }),
})

/** Runs a body in a process; `spans`: how those of calls ended. */
const inProcessOf = (
  body: (process: OpenProcess, ended: ReadonlyArray<string>, interrupted: () => number) => Promise<void>,
  isTraced = true,
) =>
() => {
  const ended: Array<string> = []
  let interrupted = 0
  const telemetry: Telemetry = {
    app: "test",
    begin: ({ kind, trace, type }) => {
      const end = (outcome: string) => void (kind === "call" && ended.push(`${type} ${outcome}`))
      const span = Tracer.externalSpan({ traceId: trace.traceId, spanId: trace.spanId })
      return { trace, span, tracer: Tracer.make({ span: () => assert.fail("nobody makes spans") }), end, fail: end }
    },
  }
  const apps = {
    parts: {
      lookup: handle(Parts.lookup, ({ sku }) => `part ${sku}`),
      wait: handle(Parts.wait, () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))),
    },
  }
  return Effect.gen(function* () {
    const process = yield* openProcess(apps, { app: "test" })
    yield* Effect.promise(() => body(process, ended, () => interrupted))
  }).pipe(
    Effect.provideService(CurrentTelemetry, isTraced ? telemetry : undefined),
    Effect.scoped,
    Effect.provide(Layer.fresh(inProcess)),
    Effect.runPromise,
  )
}

const outcomeOf = (process: OpenProcess, message: Parameters<NonNullable<OpenProcess["bus"]["begin"]>>[0]) =>
  new Promise<Exit.Exit<unknown, unknown>>((resolve) => void process.bus.begin!(message, undefined, resolve))

describe("BusShape.begin()", () => {
  for (const isTraced of [true, false]) {
    test(
      `tells the outcome once, ${isTraced ? "and its span ends so" : "where nobody records spans"}`,
      inProcessOf(async (process, ended) => {
        assert.deepEqual(await outcomeOf(process, Parts.lookup({ sku: "P-1" })), Exit.succeed("part P-1"))
        const misfit = await outcomeOf(process, Parts.lookup({ sku: 1 as unknown as string }))
        assert.ok(Exit.isFailure(misfit))
        assert.match(String(Cause.squash(misfit.cause)), /InvalidPayload/)
        const late = await new Promise<Exit.Exit<unknown, unknown>>((resolve) =>
          void process.bus.begin!(Parts.wait({}), { timeout: 20 }, resolve)
        )
        assert.ok(Exit.isFailure(late))
        assert.match(String(Cause.squash(late.cause)), /DeadlineExceeded/)
        assert.deepEqual(ended, isTraced ? ["parts.lookup answered", "parts.wait failed"] : [])
      }, isTraced),
    )
  }

  test(
    "a call that is given up interrupts its handler, and nothing is told",
    inProcessOf(async (process, ended, interrupted) => {
      const told: Array<unknown> = []
      const giveUp = process.bus.begin!(Parts.wait({}), undefined, (exit) => told.push(exit))
      await new Promise((resolve) => setTimeout(resolve, 20))
      giveUp()
      giveUp()
      for (let i = 0; i < 100 && interrupted() === 0; i++) await new Promise((resolve) => setTimeout(resolve, 5))
      assert.equal(interrupted(), 1)
      assert.deepEqual(told, [])
      assert.deepEqual(ended, ["parts.wait interrupted"])
      assert.equal(process.facts("refused").length, 1)
    }),
  )

  test(
    "giving up a call that is through does nothing",
    inProcessOf(async (process, ended) => {
      let giveUp = () => {}
      await new Promise((resolve) => void (giveUp = process.bus.begin!(Parts.lookup({ sku: "P" }), undefined, resolve)))
      giveUp()
      assert.deepEqual(ended, ["parts.lookup answered"])
      assert.equal(process.facts("refused").length, 0)
    }),
  )
})
