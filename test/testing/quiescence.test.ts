/**
 * Quiet means quiet: nothing deliverable, and every handler in hand asleep on the fake clock, whatever real work it does.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { Deferred, Effect, Fiber } from "effect"
import { Bus, handle, on } from "../../src/mod.ts"
import { testBus } from "../../src/testing/mod.ts"
import { real, Stock } from "./company.ts"

const start = Date.UTC(2026, 0, 1)
const file = Effect.promise(() => readFile(import.meta.filename))
const moment = Effect.promise(() => real(3))

/** A handler of `came`, and when (on the fake clock) it emits `left`. */
const cases: ReadonlyArray<readonly [what: string, handler: ReturnType<typeof on>, at: number]> = [
  [
    "an async handler with real I/O around its sleeps",
    on(Stock.came, async ({ sku }, { emit, sleep }) => {
      await readFile(import.meta.filename)
      await sleep(100)
      await real(3)
      await sleep(100)
      await real(3)
      await emit(Stock.left({ sku }))
    }),
    200,
  ],
  [
    "an Effect with real I/O around its sleeps",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        yield* file
        yield* Effect.sleep(100)
        yield* moment
        yield* Effect.sleep(100)
        yield* moment
        yield* Bus.emit(Stock.left({ sku }))
      })),
    200,
  ],
  [
    "Effect.timeout around a real promise",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        yield* Effect.timeout(moment, "1 minute")
        yield* Effect.sleep(50)
        yield* Effect.timeout(file, "1 second")
        yield* Bus.emit(Stock.left({ sku }))
      })),
    50,
  ],
  [
    "Effect.all of a sleep and real I/O",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        yield* Effect.all([Effect.sleep(70), moment, Effect.andThen(moment, Effect.sleep(30))], {
          concurrency: "unbounded",
        })
        yield* Effect.all([file, Effect.sleep(30)], { concurrency: 2 })
        yield* Bus.emit(Stock.left({ sku }))
      })),
    100,
  ],
  [
    "a race of a sleep and real I/O",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        yield* Effect.race(Effect.sleep("1 hour"), moment)
        yield* Effect.sleep(10)
        yield* Bus.emit(Stock.left({ sku }))
      })),
    10,
  ],
  [
    "a fork that sleeps while its parent does real I/O",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.sleep(500))
        yield* moment
        yield* Effect.sleep(20)
        yield* moment
        yield* Bus.emit(Stock.left({ sku }))
        yield* Fiber.join(fiber)
      })),
    20,
  ],
  [
    "a fork that does real I/O while its parent waits for it",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.andThen(moment, Effect.sleep(15)))
        yield* Effect.sleep(5)
        yield* Fiber.join(fiber)
        yield* moment
        yield* Bus.emit(Stock.left({ sku }))
      })),
    15,
  ],
  [
    "an Effect that uses the promises of its context",
    on(Stock.came, ({ sku }, { emit, sleep }) =>
      Effect.promise(async () => {
        await real(2)
        await sleep(40)
        await real(2)
        await emit(Stock.left({ sku }))
      })),
    40,
  ],
  [
    "a call that does real I/O and sleeps at the other end",
    on(Stock.came, ({ sku }) =>
      Effect.gen(function* () {
        yield* Effect.all([Bus.call(Stock.slow({ ms: 25 })), moment], { concurrency: 2 })
        yield* Bus.emit(Stock.left({ sku }))
      })),
    25,
  ],
]

const slow = handle(Stock.slow, async ({ ms }, { sleep }) => {
  await real(2)
  await sleep(ms)
  await real(2)
  return { ms }
})

describe("quiet", () => {
  for (const [what, handler, at] of cases) {
    test(`waits for ${what}, every time at the same moment`, async () => {
      await Promise.all(Array.from({ length: 8 }, () => {
        const began = performance.now()
        return testBus({ shop: { handler, slow } }, async (bus) => {
          await bus.simulate(Stock.came({ sku: "a" }))
          await bus.advance("1 hour")
          await bus.expect(Stock.left({ sku: "a" }), { times: 1 })
          const left = bus.timeline().messages.find(({ type }) => type === "stock.left")
          assert.equal(left!.at - start, at)
          assert.ok(performance.now() - began < 4_000, "Nobody was waited for in vain")
        })
      }))
    })
  }

  test("does not wait for ever for a handler that only another event lets go on", async () => {
    const began = performance.now()
    const gate = Deferred.makeUnsafe<string>()
    await testBus({
      shop: {
        hold: on(Stock.came, ({ sku }) => Effect.andThen(Deferred.await(gate), Bus.emit(Stock.left({ sku })))),
        open: on(Stock.moved, () => Deferred.succeed(gate, "go")),
      },
    }, async (bus) => {
      await bus.simulate(Stock.came({ sku: "a" }))
      await bus.expectNone(Stock.left)
      await bus.advance("1 minute")
      await bus.settle()
      await bus.simulate(Stock.moved({ n: 1 }))
      await bus.expect(Stock.left({ sku: "a" }), { times: 1 })
    }, { patience: 400 })
    assert.ok(performance.now() - began < 1_500, `${performance.now() - began} ms: patience is lost once a handler`)
  })

  test("takes 10,000 messages that cause one another, and prints them", { timeout: 20_000 }, () =>
    testBus({
      shop: {
        move: on(Stock.moved, ({ n }) => n < 10_000 ? Bus.emit(Stock.moved({ n: n + 1 })) : Effect.void),
      },
    }, async (bus) => {
      await bus.simulate(Stock.moved({ n: 1 }))
      await bus.expect(Stock.moved({ n: 10_000 }), { times: 1 })
      await bus.expect(Stock.moved, { times: 10_000 })
      const began = performance.now()
      const text = String(bus.timeline())
      assert.ok(text.length < 3_000_000, `${text.length} characters`)
      assert.ok(performance.now() - began < 2_000, `${performance.now() - began} ms`)
      await assert.rejects(bus.expect(Stock.left), /no message of that name was sent/)
    }))

  test("takes 2,000 deliveries at one moment, all of which sleep", { timeout: 20_000 }, () =>
    testBus({
      shop: {
        fan: on(Stock.came, async (_, { emit }) => {
          await Promise.all(Array.from({ length: 2_000 }, (_, n) => emit(Stock.moved({ n }))))
        }),
        move: on(Stock.moved, ({ n }) => Effect.sleep(1 + n % 7), { concurrency: 2_000 }),
      },
    }, async (bus) => {
      await bus.simulate(Stock.came({ sku: "a" }))
      await bus.advance(7)
      assert.equal(bus.timeline().of("handled").length, 2_001)
    }))
})
