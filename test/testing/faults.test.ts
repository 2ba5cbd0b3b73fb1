/**
 * Faults on demand: lost confirms, doubles, delays, lost connections and cancelled consumers.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { handle, on } from "../../src/mod.ts"
import { testBus } from "../../src/testing/mod.ts"
import { Stock } from "./company.ts"

const counting = (options: { readonly dedupe?: boolean } = {}) => {
  const ran: Array<{ sku: string; redelivered: boolean }> = []
  const shop = {
    note: on(Stock.came, ({ sku }, { redelivered }) => void ran.push({ sku, redelivered }), options),
    find: handle(Stock.find, () => ({ place: 1 })),
  }
  return { ran, shop }
}

describe("bus.faults", () => {
  test("dropConfirm: the broker has it, but the emit fails at its deadline; the same id may be repeated", () => {
    const { ran, shop } = counting({ dedupe: true })
    return testBus({ shop }, async (bus) => {
      await bus.faults.dropConfirm()
      await assert.rejects(bus.emit(Stock.came({ sku: "a" }), { id: "one" }), /the broker did not confirm it/)
      assert.equal(bus.now() - Date.UTC(2026, 0, 1), 5_000)
      assert.deepEqual(await bus.emit(Stock.came({ sku: "a" }), { id: "one" }), { id: "one" })
      assert.equal(ran.length, 1)
      assert.equal(bus.timeline().of("skipped").length, 1)
    })
  })

  test("dropConfirm of a call: the answer comes all the same", () => {
    const { shop } = counting()
    return testBus({ shop }, async (bus) => {
      await bus.faults.dropConfirm(Stock.find)
      assert.deepEqual(await bus.call(Stock.find({ sku: "a" })), { place: 1 })
    })
  })

  test("duplicate: twice without dedupe, once with it, also while the first is still at work", async () => {
    for (const dedupe of [false, true]) {
      let ran = 0
      const shop = {
        note: on(Stock.came, async (_, { sleep }) => {
          ran++
          await sleep("1 minute")
        }, { dedupe }),
      }
      const began = performance.now()
      await testBus({ shop }, async (bus) => {
        await bus.faults.duplicate(Stock.came)
        await bus.simulate(Stock.came({ sku: "a" }))
        await bus.advance("1 hour")
        assert.equal(ran, dedupe ? 1 : 2)
        assert.equal(bus.timeline().of("skipped").length, dedupe ? 1 : 0)
      })
      assert.ok(performance.now() - began < 2_000, "Nobody is waited for in vain")
    }
  })

  test("delay: the message reaches the broker later, in the order of the clock", () => {
    const { ran, shop } = counting()
    return testBus({ shop }, (bus) =>
      Effect.gen(function* () {
        yield* bus.faults.delay("3 seconds", Stock.came)
        const first = yield* Effect.forkChild(bus.emit(Stock.came({ sku: "late" })))
        yield* Effect.yieldNow
        yield* bus.emit(Stock.came({ sku: "soon" }))
        yield* Fiber.join(first)
        assert.deepEqual(ran.map(({ sku }) => sku), ["soon", "late"])
        assert.equal(bus.now() - Date.UTC(2026, 0, 1), 3_000)
      }))
  })

  test("a fault strikes once, and only what it is meant for", () => {
    const { ran, shop } = counting()
    return testBus({ shop }, async (bus) => {
      await bus.faults.duplicate(Stock.came.match({ sku: "b" }))
      for (const sku of ["a", "b", "b"]) await bus.simulate(Stock.came({ sku }))
      assert.deepEqual(ran.map(({ sku }) => sku), ["a", "b", "b", "b"])
      await bus.faults.duplicate(Stock.came({ sku: "c" }))
      for (const sku of ["a", "c", "c"]) await bus.simulate(Stock.came({ sku }))
      assert.deepEqual(ran.slice(4).map(({ sku }) => sku), ["a", "c", "c", "c"])
    })
  })

  test("loseConnection: what is in hand stays in hand, pending calls wait on; then all works", () => {
    const runs: Array<boolean> = []
    const shop = {
      note: on(Stock.came, (_, { redelivered, sleep }) => {
        runs.push(redelivered)
        return sleep("1 hour")
      }),
      slow: handle(Stock.slow, ({ ms }) => Effect.delay(Effect.succeed({ ms }), ms)),
    }
    return testBus({ shop }, (bus) =>
      Effect.gen(function* () {
        yield* bus.simulate(Stock.came({ sku: "a" }))
        const pending = yield* Effect.forkChild(bus.call(Stock.slow({ ms: 100_000 }), { timeout: "5 minutes" }))
        yield* Effect.yieldNow
        yield* bus.faults.loseConnection("10 seconds")
        yield* bus.advance("2 minutes")
        assert.deepEqual(yield* Fiber.join(pending), { ms: 100_000 })
        yield* bus.advance("1 hour")
        assert.deepEqual(runs, [false])
        assert.deepEqual(yield* bus.call(Stock.slow({ ms: 5 })), { ms: 5 })
        yield* bus.simulate(Stock.came({ sku: "b" }))
        assert.equal(runs.length, 2)
      }))
  })

  test("loseConnection: an emit during the pause fails Disconnected", () => {
    const { shop } = counting()
    return testBus({ shop }, (bus) =>
      Effect.gen(function* () {
        const cut = yield* Effect.forkChild(bus.faults.loseConnection("1 minute"), { startImmediately: true })
        const error = yield* Effect.flip(bus.emit(Stock.came({ sku: "a" })))
        assert.equal(error._tag, "Disconnected")
        yield* Fiber.join(cut)
        yield* bus.emit(Stock.came({ sku: "a" }))
      }))
  })

  test("cancelConsumer: says how many it ended; they come back", () => {
    const { ran, shop } = counting()
    return testBus({ shop: { ...shop, often: onceAnHour(ran) } }, async (bus) => {
      assert.equal(await bus.faults.cancelConsumer("shop.note"), 1)
      assert.equal(await bus.faults.cancelConsumer("stock.find"), 1)
      assert.equal(await bus.faults.cancelConsumer("shop.nothing"), 0)
      await bus.simulate(Stock.came({ sku: "a" }))
      assert.equal(ran.length, 1)
      assert.deepEqual(await bus.call(Stock.find({ sku: "a" })), { place: 1 })
    })
  })
})

const onceAnHour = (ran: Array<unknown>) => on(Stock.left, () => void ran.push("left"))
