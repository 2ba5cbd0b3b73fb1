/**
 * The verbs of `testBus`, each in both styles: Effect and async.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect, Fiber, Result } from "effect"
import { Bus, every, handle, on } from "../../src/mod.ts"
import { ExpectationFailed, testBus } from "../../src/testing/mod.ts"
import { real, Stock, Unknown } from "./company.ts"

const shop = {
  leave: on(Stock.came, ({ sku }) => Bus.emit(Stock.left({ sku }))),
  find: handle(
    Stock.find,
    ({ sku }) => sku === "none" ? Effect.fail(new Unknown({ sku })) : Effect.succeed({ place: 7 }),
  ),
  slow: handle(Stock.slow, async ({ ms }, { sleep }) => {
    await sleep(ms)
    return { ms }
  }),
}

const came = Stock.came({ sku: "a" })

describe("testBus()", () => {
  test("gives the verbs to an Effect", () =>
    testBus({ shop }, (bus) =>
      Effect.gen(function* () {
        const { id } = yield* bus.simulate(came)
        assert.deepEqual(yield* bus.expect(came), [{ sku: "a" }])
        assert.deepEqual(yield* bus.expect(Stock.left.match({ sku: "a" })), [{ sku: "a" }])
        assert.deepEqual(yield* bus.expect(Stock.left, { times: 1 }), [{ sku: "a" }])
        yield* bus.expectNone(Stock.moved)
        assert.deepEqual(yield* bus.call(Stock.find({ sku: "a" })), { place: 7 })
        const error = yield* Effect.flip(bus.call(Stock.find({ sku: "none" })))
        assert.ok(error instanceof Unknown)
        assert.deepEqual(yield* Bus.call(Stock.find({ sku: "b" })), { place: 7 })
        assert.ok(bus.timeline().messages.some((message) => message.id === id))
        yield* bus.settle()
      })))

  test("gives the verbs to an async function", () =>
    testBus({ shop }, async (bus) => {
      await bus.emit(came)
      await bus.expect(Stock.left({ sku: "a" }))
      await bus.expectNone(Stock.left({ sku: "b" }))
      assert.deepEqual(await bus.call(Stock.find({ sku: "a" })), { place: 7 })
      await assert.rejects(bus.call(Stock.find({ sku: "none" })), Unknown)
      await bus.settle()
    }))

  test("takes a plain body, a list of modules, and modules by the name of their app", async () => {
    await testBus([shop], (bus) => {
      assert.equal(bus.now(), Date.UTC(2026, 0, 1))
    })
    await testBus([shop], (bus) => Effect.flatMap(bus.simulate(came), () => bus.expect(Stock.left)))
    await testBus({ warehouse: shop }, async (bus) => {
      await bus.simulate(came)
      assert.deepEqual(bus.timeline().of("handled").map(({ handler }) => handler), ["warehouse.leave"])
    }, { start: "2030-06-01T12:00:00Z" })
  })

  test("fails with the very error of its body, thrown, failed or died", async () => {
    const mine = new Error("mine")
    const bodies: ReadonlyArray<Parameters<typeof testBus>[1]> = [
      () => {
        throw mine
      },
      () => Promise.reject(mine),
      () => Effect.fail(mine),
      () => Effect.die(mine),
      (bus) => Effect.andThen(bus.simulate(came), Effect.fail(mine)),
    ]
    for (const body of bodies) {
      await testBus([shop], body).then(() => assert.fail("It passed"), (error) => assert.equal(error, mine))
    }
  })

  test("fails for a module that cannot run, with file, export and reason", async () => {
    await assert.rejects(testBus({ odd: { thing: 1 } }, () => {}), /export "thing" of "odd": it is number 1;/)
    await assert.rejects(testBus({ none: {} }, () => {}), /it exports no handler/)
    await assert.rejects(testBus({ a: shop, b: shop }, () => {}), /which export "find" of "a" handles already/)
  })

  test("expect() tells what was sent instead, with the timeline as a tree", async () => {
    const failure = await testBus({ shop }, async (bus) => {
      await bus.simulate(came)
      await bus.advance("1 minute")
      await bus.expect(Stock.left({ sku: "b" }))
    }).then(() => assert.fail("It passed"), (error: unknown) => error)
    assert.ok(failure instanceof ExpectationFailed)
    assert.equal(
      failure.message,
      [
        'Expected stock.left({"sku":"b"}), but 1 of that name was sent with other payloads: {"sku":"a"}',
        "",
        "Timeline:",
        '+0 ms event stock.came {"sku":"a"}',
        '   +0 ms event stock.left {"sku":"a"}',
        "      +0 ms shop.leave emitted it, nobody listens",
        "   +0 ms shop.leave handled it",
      ].join("\n"),
    )
  })

  test("expect() and expectNone() count", async () => {
    await testBus({ shop }, async (bus) => {
      await assert.rejects(bus.expect(Stock.moved), /no message of that name was sent/)
      await bus.simulate(came)
      await bus.simulate(came)
      await bus.expect(came, { times: 2 })
      await assert.rejects(
        bus.expect(came, { times: 1 }),
        /stock\.came\(\{"sku":"a"\}\) 1 times, but it was sent 2 times/,
      )
      await assert.rejects(bus.expect(Stock.moved, { times: 1 }), /any stock\.moved 1 times, but no message/)
      await bus.expect(Stock.moved, { times: 0 })
      await assert.rejects(bus.expectNone(came), /Expected no stock\.came\(\{"sku":"a"\}\), but it was sent 2 times/)
      await assert.rejects(bus.expectNone(Stock.left.match({})), /but it was sent 2 times/)
    })
  })

  test("call() moves the clock as far as the answer needs, at most to the deadline", () =>
    testBus({ shop }, async (bus) => {
      const start = bus.now()
      assert.deepEqual(await bus.call(Stock.slow({ ms: 1_500 })), { ms: 1_500 })
      assert.equal(bus.now() - start, 1_500)
      await assert.rejects(bus.call(Stock.slow({ ms: 60_000 })), /within 5000 ms: no reply came/)
      assert.equal(bus.now() - start, 6_500)
      await assert.rejects(bus.call(Stock.moved({ n: 1 }) as never), /./)
    }))

  test("reply() stands in for an app; a second time it replaces the first", () =>
    testBus({
      shop: {
        relay: handle(
          Stock.slow,
          async ({ ms }, { call }) => ({ ms: ms + (await call(Stock.find({ sku: "x" }))).place }),
        ),
      },
    }, async (bus) => {
      await assert.rejects(bus.call(Stock.slow({ ms: 1 })), /no running worker handles it/)
      await bus.reply(Stock.find, () => ({ place: 10 }))
      assert.deepEqual(await bus.call(Stock.slow({ ms: 1 })), { ms: 11 })
      await bus.reply(Stock.find, async (_, { sleep }) => {
        await sleep("1 second")
        return { place: 20 }
      })
      assert.deepEqual(await bus.call(Stock.slow({ ms: 1 })), { ms: 21 })
      await bus.reply(Stock.find, ({ sku }) => Effect.fail(new Unknown({ sku })))
      await assert.rejects(bus.call(Stock.slow({ ms: 1 })), /stock\.slow/)
      await assert.rejects(bus.call(Stock.find({ sku: "x" })), Unknown)
      await bus.expect(Stock.find, { times: 5 })
    }))

  test("advance() steps from timer to timer and gives what happened meanwhile", () =>
    testBus({
      shop: {
        often: every("10 minutes", async (_, { emit, sleep }) => {
          await sleep("1 minute")
          await emit(Stock.moved({ n: 1 }))
        }),
      },
    }, async (bus) => {
      const start = bus.now()
      const timeline = await bus.advance("1 hour")
      assert.equal(bus.now() - start, 3_600_000)
      assert.deepEqual(timeline.of("tick").map(({ at }) => (at - start) / 60_000), [10, 20, 30, 40, 50, 60])
      assert.deepEqual(timeline.of("unheard").map(({ at }) => (at - start) / 60_000), [11, 21, 31, 41, 51])
      const later = await bus.advance("1 minute")
      assert.equal(later.of("tick").length, 0)
      assert.equal(later.of("unheard").length, 1)
      assert.equal(String(await bus.advance(1)), "(nothing happened)")
    }))

  test("tests that run at the same time do not disturb each other", async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) =>
      testBus({
        shop: {
          move: on(Stock.moved, async ({ n }, { emit, sleep }) => {
            await real(i % 3)
            await sleep(n)
            if (n < 5) await emit(Stock.moved({ n: n + 1 }))
          }),
        },
      }, async (bus) => {
        await bus.simulate(Stock.moved({ n: 1 }))
        await bus.advance("1 second")
        await bus.expect(Stock.moved, { times: 5 })
        const [, , third] = bus.timeline().messages
        assert.equal(third!.at - Date.UTC(2026, 0, 1), 3)
      })))
  })

  test("repeats its ids from run to run", async () => {
    const ids: Array<string> = []
    for (let i = 0; i < 2; i++) {
      await testBus({ shop }, async (bus) => {
        await bus.simulate(came)
        ids.push(bus.timeline().messages.map(({ id }) => id).join())
      })
    }
    assert.equal(ids[0], ids[1])
  })

  test("interrupting a call of the test interrupts its handler", () => {
    let ended = 0
    return testBus({
      shop: {
        find: handle(Stock.find, () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended++))),
      },
    }, (bus) =>
      Effect.gen(function* () {
        const pending = yield* Effect.forkChild(Bus.call(Stock.find({ sku: "a" })), { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(pending)
        yield* bus.settle()
        assert.equal(ended, 1)
        const late = yield* Effect.result(bus.call(Stock.find({ sku: "a" }), { timeout: "2 seconds" }))
        assert.ok(Result.isFailure(late) && late.failure._tag === "DeadlineExceeded")
      }), { patience: 50 })
  })
})
