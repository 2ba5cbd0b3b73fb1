/**
 * Inboxes on a driver's own transactions: what the handler adds in one is there exactly when the mark is.
 */
import assert from "node:assert/strict"
import { Effect, Exit, Fiber, Schema } from "effect"
import { describe, test } from "#test"
import { transactionInbox, transactionKey } from "../../src/inbox/mod.ts"
import { InboxError } from "../../src/runtime/mod.ts"
import { effect, inboxOf, makeStore, type StoreTx } from "./support.ts"

const Tx = transactionKey<StoreTx>("test/Tx")

class Declined extends Schema.TaggedError<Declined>()("Declined", { who: Schema.String }) {}

const setUp = Effect.gen(function* () {
  const store = makeStore()
  const layer = transactionInbox({ key: Tx, transaction: store.begin, mark: (tx, key) => tx.insert(key) })
  return { store, inbox: yield* inboxOf(layer), other: yield* inboxOf(layer) }
})

const add = (entry: string) => Effect.map(Tx, (tx) => tx.add(entry))

describe("transactionInbox()", () => {
  test("a handler's own failure comes through, whatever the driver makes of it, and nothing is kept", () =>
    effect(Effect.gen(function* () {
      const { store, inbox } = yield* setUp
      const failed = yield* Effect.flip(inbox.process("a", Effect.andThen(add("a"), new Declined({ who: "c1" }))))
      assert.ok(failed instanceof Declined)
      assert.deepEqual([store.effects, store.open()], [[], 0])
      assert.equal(yield* inbox.process("a", add("a")), "processed")
      assert.deepEqual(store.effects, ["a"])
    })))

  test("a transaction that does not open, or does not commit, is an InboxError, and the next try succeeds", () =>
    effect(Effect.gen(function* () {
      const { store, inbox } = yield* setUp
      for (
        const [when, operation, message] of [
          ["begin", "claim", /Cannot claim "a" in the inbox: no connection/],
          ["commit", "mark", /Cannot mark "a" as completed in the inbox: rolled back/],
        ] as const
      ) {
        store.fail(when)
        const failed = yield* Effect.flip(inbox.process("a", add("a")))
        assert.ok(failed instanceof InboxError && failed.operation === operation)
        assert.match(failed.message, message)
        assert.deepEqual(store.effects, [])
      }
      store.fail(undefined)
      assert.equal(yield* inbox.process("a", add("a")), "processed")
      assert.deepEqual(store.effects, ["a"])
    })))

  test("two processes with one message: the second waits for the first's transaction and sees its mark", () =>
    effect(Effect.gen(function* () {
      const { store, inbox, other } = yield* setUp
      const slow = Effect.delay(add("a"), 30)
      const first = yield* Effect.forkChild(inbox.process("a", slow), { startImmediately: true })
      yield* Effect.sleep(5)
      assert.equal(yield* other.process("a", add("twice")), "duplicate")
      assert.equal(yield* Fiber.join(first), "processed")
      assert.deepEqual(store.effects, ["a"])
    })))

  test("interrupted at any moment: rolled back, and no transaction stays open", () =>
    effect(Effect.gen(function* () {
      const { store, inbox } = yield* setUp
      for (let turns = 0; turns < 12; turns++) {
        const fiber = yield* Effect.forkChild(
          inbox.process("a", Effect.andThen(add("a"), Effect.never)),
          { startImmediately: true },
        )
        for (let n = 0; n < turns; n++) yield* Effect.promise(() => Promise.resolve())
        yield* Fiber.interrupt(fiber)
        assert.ok(Exit.isFailure(yield* Fiber.await(fiber)))
        yield* Effect.sleep(1)
        assert.equal(store.open(), 0)
      }
      assert.deepEqual(store.effects, [])
      assert.equal(yield* inbox.process("a", add("a")), "processed")
    })))

  test("a driver that runs the transaction twice, or not at all, is told from one that works", () =>
    effect(Effect.gen(function* () {
      let ran = 0
      const work = Effect.sync(() => void ran++)
      const tx: StoreTx = { insert: () => Promise.resolve(true), add: () => {} }
      const of = (transaction: (body: (tx: StoreTx) => Promise<void>) => Promise<void>) =>
        inboxOf(transactionInbox({ key: Tx, transaction, mark: () => true }))
      const twice = yield* of(async (body) => {
        await body(tx)
        await body(tx)
      })
      assert.match(String(yield* Effect.flip(twice.process("a", work))), /a second time/)
      assert.equal(ran, 1)
      const never = yield* of(() => Promise.resolve())
      assert.match(String(yield* Effect.flip(never.process("a", work))), /without running it/)
      assert.equal(ran, 1)
    })))
})
