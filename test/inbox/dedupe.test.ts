/**
 * `dedupe` from end to end: handlers of each style in the transaction of their message, delivered more than once.
 */
import assert from "node:assert/strict"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { describe, test } from "#test"
import { api, event, worker } from "warren"
import { sqliteInbox, SqliteTransaction, sqliteTransactionInbox, transactionInbox, transactionKey } from "warren/inbox"
import { testBus } from "warren/testing"
import { effect, folder, makeStore, reading, type StoreTx } from "./support.ts"

const Shop = api("shop", { bought: event({ sku: Schema.String }) })
const take = "UPDATE stock SET n = n - 1 WHERE sku = ?"
const schema =
  "CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, n INTEGER); INSERT INTO stock VALUES ('P-100', 9)"
const bought = Shop.bought({ sku: "P-100" })

const withFile = (body: (path: string) => Promise<void>) =>
  effect(Effect.flatMap(folder, (path) => Effect.promise(() => body(join(path, "shop.db")))))

const stockIn = (path: string) =>
  Effect.runPromise(reading(path, (sqlite) => sqlite.prepare("SELECT n FROM stock").get()?.["n"]))

describe("dedupe with a SQLite transaction", () => {
  const styles = {
    "a plain handler": ({ sku }: { readonly sku: string }, get: () => { run: (sql: string, sku: string) => unknown }) =>
      void get().run(take, sku),
    "an async handler": async (
      { sku }: { readonly sku: string },
      get: () => { run: (sql: string, sku: string) => unknown },
    ) => {
      const tx = get()
      await Promise.resolve()
      tx.run(take, sku)
    },
  }
  for (const [name, run] of Object.entries(styles)) {
    test(`${name} reaches it by its context; duplicates are skipped`, () =>
      withFile(async (path) => {
        const { on } = worker({ app: "stock", layer: sqliteTransactionInbox({ path, schema }) })
        const stock = {
          take: on(Shop.bought, (payload, { get }) => run(payload, () => get(SqliteTransaction)), { dedupe: true }),
        }
        await testBus({ stock }, async (bus) => {
          await bus.faults.duplicate(Shop.bought)
          await bus.simulate(bought)
          assert.equal(bus.timeline().of("handled").length, 1)
          assert.equal(bus.timeline().of("skipped").length, 1)
        })
        assert.equal(await stockIn(path), 8)
      }))
  }

  test("an Effect yields it; what a failed attempt did is undone, and the retry does it once", () =>
    withFile(async (path) => {
      const { on } = worker({ app: "stock", layer: sqliteTransactionInbox({ path, schema }) })
      const stock = {
        take: on(Shop.bought, ({ sku }, { attempt }) =>
          Effect.gen(function* () {
            const tx = yield* SqliteTransaction
            tx.run(take, sku)
            yield* Effect.sleep("1 minute")
            if (attempt < 3) return yield* Effect.fail("the power went")
          }), { dedupe: true }),
      }
      await testBus({ stock }, async (bus) => {
        await bus.faults.duplicate(Shop.bought)
        await bus.simulate(bought)
        await bus.advance("1 hour")
        assert.equal(bus.timeline().of("handled").length, 1)
      })
      assert.equal(await stockIn(path), 8)
    }))

  test("a handler that is cut off by its timeout cannot write any more", () =>
    withFile(async (path) => {
      const { on } = worker({ app: "stock", layer: sqliteTransactionInbox({ path, schema }) })
      let late: unknown
      const stock = {
        take: on(Shop.bought, async ({ sku }, { get, signal }) => {
          const tx = get(SqliteTransaction)
          tx.run(take, sku)
          await new Promise((resolve) => signal.addEventListener("abort", resolve))
          await new Promise((resolve) => setTimeout(resolve, 5))
          try {
            tx.run(take, sku)
          } catch (error) {
            late = error
          }
        }, { dedupe: true, timeout: "1 second", retry: false }),
      }
      await testBus({ stock }, async (bus) => {
        await bus.simulate(bought)
        await bus.advance("2 seconds")
        await new Promise((resolve) => setTimeout(resolve, 30))
        assert.equal(bus.timeline().of("dead").length, 1)
      }, { patience: 50 })
      assert.match(String(late), /its transaction has ended/)
      assert.equal(await stockIn(path), 9)
    }))

  test("a handler without dedupe is told why it has no transaction", () =>
    withFile(async (path) => {
      const { on } = worker({ app: "stock", layer: sqliteTransactionInbox({ path, schema }) })
      const stock = {
        take: on(Shop.bought, ({ sku }, { get }) => void get(SqliteTransaction).run(take, sku), { retry: false }),
        yields: on(Shop.bought, () => Effect.asVoid(Effect.service(SqliteTransaction)), { retry: false }),
      }
      await testBus({ stock }, async (bus) => {
        await bus.simulate(bought)
        const errors = bus.timeline().of("dead").map(({ error }) => error)
        assert.equal(errors.length, 2)
        for (const error of errors) assert.match(error ?? "", /NoTransaction: Cannot use .*no transaction is open/)
      })
    }))
})

test("dedupe with sqliteInbox() outlives the process: the next one skips what this one has completed", () =>
  withFile(async (path) => {
    let ran = 0
    for (let start = 0; start < 3; start++) {
      const { on } = worker({ app: "stock", layer: sqliteInbox({ path }) })
      await testBus({ stock: { take: on(Shop.bought, () => void ran++, { dedupe: true }) } }, async (bus) => {
        // the first id of each test bus is the same
        await bus.simulate(bought)
        assert.equal(bus.timeline().of(start === 0 ? "handled" : "skipped").length, 1)
      })
    }
    assert.equal(ran, 1)
  }))

test("dedupe with a driver's own transaction: its key reaches async handlers, too", async () => {
  const store = makeStore()
  const Tx = transactionKey<StoreTx>("shop/Tx")
  const layer = transactionInbox({ key: Tx, transaction: store.begin, mark: (tx, key) => tx.insert(key) })
  const { on } = worker({ app: "stock", layer })
  const stock = {
    take: on(Shop.bought, async ({ sku }, { get, attempt }) => {
      get(Tx).add(sku)
      await Promise.resolve()
      if (attempt === 1) throw new Error("not yet")
    }, { dedupe: true }),
  }
  await testBus({ stock }, async (bus) => {
    await bus.faults.duplicate(Shop.bought)
    await bus.simulate(bought)
    await bus.advance("1 minute")
    assert.deepEqual(store.effects, ["P-100"])
  })
})

test("an inbox that fails makes the message be retried, and its error is in the timeline", async () => {
  const store = makeStore()
  store.fail("begin")
  const Tx = transactionKey<StoreTx>("shop/Tx")
  const layer = transactionInbox({ key: Tx, transaction: store.begin, mark: (tx, key) => tx.insert(key) })
  const { on: listen } = worker({ app: "stock", layer })
  await testBus(
    { stock: { take: listen(Shop.bought, ({ sku }, { get }) => get(Tx).add(sku), { dedupe: true }) } },
    async (bus) => {
      await bus.simulate(bought)
      assert.match(bus.timeline().of("retry")[0]?.error ?? "", /InboxError: Cannot claim "stock.take\/.*no connection/)
      store.fail(undefined)
      await bus.advance("1 minute")
      assert.deepEqual(store.effects, ["P-100"])
    },
  )
})
