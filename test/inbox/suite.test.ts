/**
 * What every inbox does, written once: the one in memory, SQLite beside the handler, SQLite around it, and transactions
 * of a driver, as promises and as Effects.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import fc from "fast-check"
import { Deferred, Effect, Exit, Fiber, Layer, type Scope } from "effect"
import { describe, test } from "#test"
import {
  sqliteInbox,
  sqliteTransactionInbox,
  transactionInbox,
  transactionInboxEffect,
  transactionKey,
} from "../../src/inbox/mod.ts"
import { type InboxShape, makeMemoryInbox } from "../../src/runtime/mod.ts"
import { effect, folder, inboxOf, makeStore, type StoreTx } from "./support.ts"

/** One inbox, and a second one that shares its marks as another process would (the same one, for what is in memory). */
type Pair = Effect.Effect<readonly [InboxShape, InboxShape], unknown, Scope.Scope>

const onFile = (make: (path: string) => Layer.Layer<never, unknown>): Pair =>
  Effect.flatMap(folder, (path) => {
    const layer = make(join(path, "inbox.db"))
    return Effect.all([inboxOf(layer), inboxOf(layer)])
  })

const Tx = transactionKey<StoreTx>("test/Tx")

const inboxes: Readonly<Record<string, Pair>> = {
  "in memory": Effect.sync(() => {
    const inbox = makeMemoryInbox()
    return [inbox, inbox] as const
  }),
  "sqliteInbox()": onFile((path) => sqliteInbox({ path })),
  "sqliteTransactionInbox()": onFile((path) => sqliteTransactionInbox({ path })),
  "transactionInbox()": Effect.suspend(() => {
    const { begin } = makeStore()
    const layer = transactionInbox({ key: Tx, transaction: begin, mark: (tx, key) => tx.insert(key) })
    return Effect.all([inboxOf(layer), inboxOf(layer)])
  }),
  "transactionInboxEffect()": Effect.suspend(() => {
    const done = new Set<string>()
    const layer = transactionInboxEffect<Set<string>, never>({
      key: transactionKey("test/Set"),
      // one at a time, in the simplest way there is
      transaction: (body) => {
        const own = new Set<string>()
        return Effect.tap(body(own), () => Effect.sync(() => own.forEach((key) => done.add(key))))
      },
      mark: (tx, key) => Effect.sync(() => !done.has(key) && tx.add(key) !== undefined),
    })
    return Effect.all([inboxOf(layer), inboxOf(layer)])
  }),
}

/** One delivery: of which message, to which of the two, and what becomes of it. */
const delivery = fc.record({
  key: fc.integer({ min: 1, max: 30 }).map((n) => `key ${n}`),
  which: fc.constantFrom<0 | 1>(0, 1),
  fails: fc.boolean(),
  slow: fc.boolean(),
})

type Delivered = typeof delivery extends fc.Arbitrary<infer A> ? A : never

const deliverAll = (both: readonly [InboxShape, InboxShape], deliveries: ReadonlyArray<Delivered>) =>
  Effect.gen(function* () {
    const ran = new Map<string, number>()
    yield* Effect.forEach(deliveries, ({ key, which, fails, slow }) => {
      const work = Effect.suspend(() => {
        if (fails) return Effect.fail("no")
        ran.set(key, (ran.get(key) ?? 0) + 1)
        return Effect.void
      })
      return Effect.exit(both[which].process(key, slow ? Effect.andThen(Effect.yieldNow, work) : work)).pipe(
        Effect.map((exit) => assert.ok(Exit.isSuccess(exit) || Exit.isFailure(exit) && fails, String(exit))),
      )
    }, { concurrency: 8 })
    const good = new Set(deliveries.filter(({ fails }) => !fails).map(({ key }) => key))
    assert.deepEqual([...ran.keys()].toSorted(), [...good].toSorted())
    assert.deepEqual([...ran].filter(([, times]) => times !== 1), [])
  })

for (const [name, pair] of Object.entries(inboxes)) {
  describe(`an inbox ${name}`, () => {
    const run = (
      title: string,
      body: (one: InboxShape, two: InboxShape) => Effect.Effect<void, unknown, Scope.Scope>,
    ) => test(title, () => effect(Effect.flatMap(pair, ([one, two]) => body(one, two))))

    run("runs an effect once, and says of later ones that they are duplicates", (one, two) =>
      Effect.gen(function* () {
        let ran = 0
        const work = Effect.sync(() => void ran++)
        assert.equal(yield* one.process("a", work), "processed")
        assert.equal(yield* one.process("a", work), "duplicate")
        assert.equal(yield* two.process("a", work), "duplicate")
        assert.equal(yield* two.process("b", work), "processed")
        assert.equal(ran, 2)
      }))

    run("a failure passes as it is and leaves no mark", (one, two) =>
      Effect.gen(function* () {
        const failure = { reason: "no" }
        assert.equal(yield* Effect.flip(one.process("a", Effect.fail(failure))), failure)
        const died = yield* Effect.exit(two.process("a", Effect.die(failure)))
        assert.deepEqual(died, Exit.die(failure))
        assert.equal(yield* one.process("a", Effect.void), "processed")
        assert.equal(yield* two.process("a", Effect.void), "duplicate")
      }))

    run("an interrupted effect leaves no mark, and the next one does not wait", (one, two) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(one.process("a", Effect.never), { startImmediately: true })
        yield* Effect.sleep(10)
        yield* Fiber.interrupt(fiber)
        assert.equal(yield* Effect.timeout(two.process("a", Effect.void), 2_000), "processed")
      }))

    if (name !== "transactionInboxEffect()") {
      run(
        "two at once with one key: the second waits, and runs only if the first failed",
        (one, two) =>
          Effect.gen(function* () {
            for (const [key, other] of [["a", one], ["b", two]] as const) {
              let ran = 0
              const gate = yield* Deferred.make<void>()
              const first = yield* Effect.forkChild(
                one.process(key, Effect.andThen(Deferred.await(gate), Effect.fail("no"))),
                { startImmediately: true },
              )
              yield* Effect.sleep(20)
              const rest = yield* Effect.forEach(
                [1, 2, 3],
                () => Effect.forkChild(other.process(key, Effect.delay(Effect.sync(() => void ran++), 5))),
              )
              yield* Effect.sleep(30)
              assert.equal(ran, 0)
              yield* Deferred.succeed(gate, undefined)
              assert.ok(Exit.isFailure(yield* Fiber.await(first)))
              const outcomes = yield* Effect.forEach(rest, Fiber.join)
              assert.deepEqual(outcomes.toSorted(), ["duplicate", "duplicate", "processed"])
              assert.equal(ran, 1)
            }
          }),
      )

      test("whatever comes in whatever order on both: each key runs once, failures aside", () =>
        fc.assert(
          fc.asyncProperty(fc.array(delivery, { minLength: 20, maxLength: 120 }), (deliveries) =>
            effect(Effect.flatMap(pair, (both) => deliverAll(both, deliveries)))),
          { numRuns: 10 },
        ))
    }
  })
}
