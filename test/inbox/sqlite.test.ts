/**
 * The inboxes in SQLite files: what is in a transaction commits with the mark or not at all, and nobody else gets into it.
 */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit, Fiber, Result } from "effect"
import { describe, test } from "#test"
import { openSqlite, SqliteError } from "../../adapters/runtime/mod.ts"
import { NoTransaction, sqliteInbox, SqliteTransaction, sqliteTransactionInbox } from "../../src/inbox/mod.ts"
import { InboxError, InvalidOption } from "../../src/runtime/mod.ts"
import { effect, folder, inboxOf, reading } from "./support.ts"

const schema = "CREATE TABLE IF NOT EXISTS ledger (entry TEXT UNIQUE)"
const insert = "INSERT INTO ledger (entry) VALUES (?)"

const setUp = Effect.gen(function* () {
  const path = join(yield* folder, "shop.db")
  const inbox = yield* inboxOf(sqliteTransactionInbox({ path, schema, wait: 200 }))
  const entries = reading(path, (sqlite) => sqlite.prepare("SELECT entry FROM ledger").all().map((row) => row["entry"]))
  return { path, inbox, entries }
})

describe("sqliteTransactionInbox()", () => {
  test("a handler that fails, dies or is interrupted leaves neither its statements nor a mark", () =>
    effect(Effect.gen(function* () {
      const { inbox, entries } = yield* setUp
      const begun = Effect.map(SqliteTransaction, (tx) => void tx.run(insert, "a"))
      for (const end of [Effect.fail("no"), Effect.die("no"), Effect.interrupt]) {
        assert.ok(Exit.isFailure(yield* Effect.exit(inbox.process("a", Effect.andThen(begun, end)))))
        assert.deepEqual(yield* entries, [])
      }
      assert.equal(yield* inbox.process("a", begun), "processed")
      assert.deepEqual(yield* entries, ["a"])
    })))

  test("a statement that fails may be caught; the rest of the transaction commits", () =>
    effect(Effect.gen(function* () {
      const { inbox, entries } = yield* setUp
      yield* inbox.process(
        "a",
        Effect.map(SqliteTransaction, ({ run, get }) => {
          run(insert, "a")
          assert.throws(
            () => run(insert, "a"),
            (error) => error instanceof SqliteError && error.reason === "constraint",
          )
          assert.equal(get("SELECT count(*) AS n FROM ledger")?.["n"], 1)
        }),
      )
      assert.deepEqual(yield* entries, ["a"])
    })))

  test("handlers that wait inside do not get into each other's transaction, and a handle is void after its own", () =>
    effect(Effect.gen(function* () {
      const { inbox, entries } = yield* setUp
      let open = 0
      const late: Array<() => void> = []
      const work = (key: string, fails: boolean) =>
        Effect.gen(function* () {
          const tx = yield* SqliteTransaction
          assert.equal(++open, 1)
          tx.run(insert, key)
          yield* Effect.sleep(2)
          assert.equal(tx.all("SELECT * FROM ledger WHERE entry = ?", key).length, 1)
          late.push(() => void tx.run(insert, `${key}, too late`))
          open--
          if (fails) return yield* Effect.fail("no")
        })
      yield* Effect.forEach(
        Array.from({ length: 12 }, (_, n) => n),
        (n) => Effect.ignore(inbox.process(`key ${n}`, work(`key ${n}`, n % 3 === 0))),
        { concurrency: "unbounded" },
      )
      assert.equal(late.length, 12)
      for (const one of late) assert.throws(one, /its transaction has ended/)
      assert.equal((yield* entries).length, 8)
    })))

  test("who waits too long for its turn, or for the file, fails and is told so", () =>
    effect(Effect.gen(function* () {
      const { path, inbox, entries } = yield* setUp
      const holder = yield* Effect.forkChild(inbox.process("a", Effect.never), { startImmediately: true })
      yield* Effect.sleep(20)
      const late = yield* Effect.flip(inbox.process("b", Effect.void))
      assert.ok(late instanceof InboxError && late.operation === "claim" && late.key === "b")
      assert.match(late.message, /Cannot claim "b" in the inbox: .*another handler of this process.* for 200 ms/)
      yield* Fiber.interrupt(holder)

      const other = yield* openSqlite({ path })
      other.exec("BEGIN IMMEDIATE")
      const locked = yield* Effect.flip(inbox.process("b", Effect.void))
      assert.ok(locked instanceof InboxError)
      assert.match(locked.message, /locked; try again/)
      other.exec("ROLLBACK")
      assert.equal(yield* inbox.process("b", Effect.void), "processed")
      assert.deepEqual(yield* entries, [])
    })))

  test("the handler cannot end the transaction itself; a savepoint is its own", () =>
    effect(Effect.gen(function* () {
      const { inbox, entries } = yield* setUp
      yield* inbox.process(
        "a",
        Effect.map(SqliteTransaction, ({ run }) => {
          for (const sql of ["COMMIT", " rollback", "END", "BEGIN"]) assert.throws(() => run(sql), /the inbox begins/)
          run(insert, "a")
          run("SAVEPOINT s")
          run(insert, "b")
          run("ROLLBACK TO s")
        }),
      )
      assert.deepEqual(yield* entries, ["a"])
    })))

  test("outside of an inbox there is no transaction, and the error says how to get one", async () => {
    await assert.rejects(Effect.runPromise(Effect.asVoid(Effect.service(SqliteTransaction))), (error) => {
      assert.ok(error instanceof NoTransaction)
      assert.match(error.message, /"warren\/inbox\/SqliteTransaction": no transaction is open; .*`dedupe: true`/)
      return true
    })
  })
})

describe("the file of an inbox", () => {
  test("damaged, without a folder, or in the way of one: the error names the path and what to do", () =>
    effect(Effect.gen(function* () {
      const path = yield* folder
      const damaged = join(path, "damaged.db")
      writeFileSync(damaged, "this is no database ".repeat(1_000))
      const cases = [
        [damaged, "damaged", /damaged\.db": file is not a database; restore it from a backup, or move it away/],
        [join(path, "none", "inbox.db"), "unreachable", /its folder ".*none" is not there; make its folder/],
        [path, "unwritable", /cannot be used by this user; let this user write to the file/],
      ] as const
      for (const make of [sqliteInbox, sqliteTransactionInbox]) {
        for (const [file, reason, message] of cases) {
          const opened = yield* Effect.result(Effect.scoped(inboxOf(make({ path: file }))))
          assert.ok(Result.isFailure(opened) && opened.failure instanceof SqliteError)
          assert.equal(opened.failure.reason, reason)
          assert.match(opened.failure.message, message)
        }
      }
    })))

  test("options that make no sense are refused where they stand", () => {
    for (const options of [{ path: "" }, { path: "a", wait: -1 }, { path: "a", keep: { count: 0 } }]) {
      assert.throws(() => sqliteInbox(options), InvalidOption)
      assert.throws(() => sqliteTransactionInbox(options), InvalidOption)
    }
  })

  test("the oldest keys go when there are too many, or when they are too old", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "inbox.db")
      const seen = (key: string) =>
        Effect.scoped(Effect.flatMap(inboxOf(sqliteInbox({ path })), (inbox) => inbox.process(key, Effect.void)))
      for (let n = 0; n < 5; n++) {
        assert.equal(yield* seen(`key ${n}`), "processed")
        yield* Effect.sleep(2)
      }
      // a start prunes
      yield* Effect.scoped(inboxOf(sqliteInbox({ path, keep: { count: 2 } })))
      assert.deepEqual(
        yield* reading(path, (sqlite) =>
          sqlite.prepare("SELECT key FROM warren_inbox ORDER BY at").all().map((row) => row["key"])),
        ["key 3", "key 4"],
      )
      assert.equal(yield* seen("key 4"), "duplicate")
      yield* Effect.sleep(5)
      yield* Effect.scoped(inboxOf(sqliteInbox({ path, keep: { age: 1 } })))
      assert.equal(
        yield* reading(path, (sqlite) =>
          sqlite.prepare("SELECT count(*) AS n FROM warren_inbox").get()?.["n"]),
        0,
      )
    })))
})

describe("sqliteInbox()", () => {
  test("a claim outlasts a long handler, by renewal, and lapses when its holder is gone", () =>
    effect(Effect.gen(function* () {
      const path = join(yield* folder, "inbox.db")
      const [one, two] = yield* Effect.all([
        inboxOf(sqliteInbox({ path, lease: 60 })),
        inboxOf(sqliteInbox({ path, lease: 60, wait: 100 })),
      ])
      const holder = yield* Effect.forkChild(one.process("a", Effect.sleep(400)), { startImmediately: true })
      yield* Effect.sleep(150)
      const held = yield* Effect.flip(two.process("a", Effect.void))
      assert.ok(held instanceof InboxError)
      assert.match(held.message, /another process has had it in hand for 100 ms/)
      assert.equal(yield* Fiber.join(holder), "processed")
      assert.equal(yield* two.process("a", Effect.void), "duplicate")

      // as a process leaves it that was killed
      const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* reading(
        path,
        (sqlite) =>
          sqlite.prepare("INSERT INTO warren_claims (key, holder, until) VALUES ('b', 'gone', ?)").run(now + 60),
      )
      assert.equal(yield* two.process("b", Effect.void), "processed")
    })))
})
