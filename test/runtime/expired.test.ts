/**
 * Expired calls are not executed, wherever they lost their time: on the way, or waiting for their turn at the worker.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Schema } from "effect"
import { api, call, event, handle, on } from "../../src/mod.ts"
import { testBus } from "../../src/testing/mod.ts"
import { Why } from "../../src/runtime/mod.ts"
import { onTheWay } from "./onTheWay.ts"

const Desk = api("desk", {
  ask: call({ n: Schema.Int }, { returns: { n: Schema.Int }, idempotent: true }),
  left: event({ n: Schema.Int }),
})

describe("a call that has expired", () => {
  test("is not run when the broker gets it after its deadline, or never confirms it", () => {
    const ran: Array<number> = []
    return testBus({
      desk: {
        ask: handle(Desk.ask, ({ n }) => {
          ran.push(n)
          return { n }
        }),
      },
    }, async (bus) => {
      await bus.faults.delay("10 seconds", Desk.ask)
      await assert.rejects(bus.call(Desk.ask({ n: 1 })), /the broker did not confirm it/)
      await bus.advance("1 minute")
      assert.deepEqual(ran, [])
      await bus.faults.delay("1 second", Desk.ask)
      assert.deepEqual(await bus.call(Desk.ask({ n: 2 })), { n: 2 })
      assert.deepEqual(ran, [2])
    })
  })

  test("is not run when it waited at the worker, behind another redelivered one", () => {
    const ran: Array<number> = []
    const ask = handle(Desk.ask, ({ n }) => {
      ran.push(n)
      return Effect.as(Effect.sleep("10 seconds"), { n })
    })
    return onTheWay(
      { ask },
      // every call has been delivered before
      (delivery, deliver) => deliver({ ...delivery, redelivered: true }),
      ({ bus, moveTo, skipped }) =>
        Effect.gen(function* () {
          for (const [n, timeout] of [[1, "1 minute"], [2, "3 seconds"]] as const) {
            yield* Effect.forkChild(Effect.result(bus.call(Desk.ask({ n }), { timeout })), { startImmediately: true })
          }
          assert.deepEqual(ran, [1], "one redelivered at a time")
          for (const seconds of [3, 10, 30]) yield* moveTo(seconds * 1_000)
          assert.deepEqual([ran, skipped()], [[1], [Why.lateInQueue]])
        }),
    )
  })

  test("tells a handler that interrupts itself from one that expired", () =>
    testBus({
      desk: {
        ask: handle(Desk.ask, () => Effect.interrupt),
        note: on(Desk.left, () => Effect.interrupt, { retry: false }),
      },
    }, async (bus) => {
      await assert.rejects(bus.call(Desk.ask({ n: 1 })), /its handler failed/)
      await bus.simulate(Desk.left({ n: 1 }))
      assert.equal(bus.timeline().of("dead").length, 1)
    }))
})
