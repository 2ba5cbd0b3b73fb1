/**
 * The file of the queues: what comes back after an orderly end and without one, and which files are refused, unchanged.
 */
import assert from "node:assert/strict"
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe, test } from "#test"
import { openSqlite, type SqliteError } from "../../../../adapters/runtime/mod.ts"
import { openStore, type Store } from "../../../../adapters/embedded/store/Store.ts"
import { fromText, toText } from "../../../../adapters/embedded/store/text.ts"
import type { Arguments, Entry } from "../../../../src/broker/mod.ts"
import { effect, entry, folder, form, type Note, note } from "../support.ts"

const open = (path: string, onTrouble?: (error: SqliteError | undefined) => void) =>
  openStore({ path, form, ...(onTrouble !== undefined && { onTrouble }) })

const stored = ({ durability }: Store<Note>): Effect.Effect<boolean> =>
  Effect.callback((resume) => durability.whenStored(durability.recorded(), (is) => resume(Effect.succeed(is))))

const file = Effect.map(folder, (path) => join(path, "queues.db"))

/** Does something with a store in a scope of its own. */
const using = <A>(path: string, body: (store: Store<Note>) => A) =>
  Effect.scoped(Effect.flatMap(open(path), (store) => Effect.sync(() => body(store))))

const refusal = (path: string) => Effect.scoped(Effect.flip(open(path)))

describe("openStore", () => {
  test("writes together what comes together, and not while it comes", () =>
    effect(Effect.gen(function* () {
      const { journal, durability } = yield* open(yield* file)
      journal.queueDeclared({ name: "a", type: "classic" })
      yield* Effect.sleep(1)
      const told: Array<string> = []
      for (const id of [1, 2, 3]) {
        journal.entered(entry("a", id, note(`${id}`)))
        durability.whenStored(durability.recorded(), () => told.push(`${id}`))
        told.push(`${id} came`)
      }
      yield* Effect.callback<void>((resume) => durability.whenStored(durability.recorded(), () => resume(Effect.void)))
      assert.deepEqual(told, ["1 came", "2 came", "3 came", "1", "2", "3"])
    })))

  test("gives back what was there, as it was", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      const args: Arguments = new Map([["x-a", { type: "long", value: 2n ** 60n }]])
      yield* using(path, ({ loaded: take, journal }) => {
        const loaded = take()
        assert.deepEqual(loaded, { exchanges: [], queues: [], bindings: [], messages: [] })
        journal.exchangeDeclared({ name: "events", type: "topic" })
        journal.exchangeDeclared({ name: "gone", type: "fanout" })
        journal.exchangeDeleted("gone")
        journal.queueDeclared({ name: "a", type: "quorum", deliveryLimit: 3, arguments: args })
        journal.queueDeclared({ name: "b", type: "classic" })
        journal.queueDeclared({ name: "c", type: "classic" })
        for (const queue of ["a", "b", "c"]) journal.bound({ exchange: "events", queue, key: "#", arguments: args })
        journal.bound({ exchange: "events", target: "other", key: "k" })
        const shared = note("shared ☕")
        journal.entered(entry("a", 1, shared, { expiresAt: 1_700_000_000_000.5 }))
        journal.entered(entry("b", 2, shared, { carbons: ["x", "y"] }))
        assert.equal(journal.entered(entry("b", 3, note("fleeting", false))), false)
        journal.entered(entry("b", 4, note(""), { place: -7, exchange: "", key: "" }))
        journal.entered(entry("c", 5, note("goes with its queue")))
        journal.handed("a", 1)
        journal.unbound({ exchange: "events", queue: "b", key: "#", arguments: args })
        journal.unbound({ exchange: "events", queue: "c", key: "#", arguments: args })
        journal.queueDeleted("c")
      })
      assert.equal(statSync(path).mode & 0o777, 0o600)
      yield* using(path, ({ loaded: take, journal }) => {
        const loaded = take()
        assert.deepEqual(loaded.exchanges, [{ name: "events", type: "topic" }])
        assert.deepEqual(loaded.queues, [
          { name: "a", type: "quorum", deliveryLimit: 3, arguments: args },
          { name: "b", type: "classic" },
        ])
        assert.deepEqual(loaded.bindings, [
          { exchange: "events", queue: "a", key: "#", arguments: args },
          { exchange: "events", target: "other", key: "k" },
        ])
        const messages = loaded.messages.map(({ content: _, ...one }: Entry<Note> & { readonly content?: number }) =>
          one
        )
        assert.deepEqual(messages, [
          entry("a", 1, note("shared ☕"), { expiresAt: 1_700_000_000_000.5, redelivered: true, returns: 1 }),
          entry("b", 2, note("shared ☕"), { carbons: ["x", "y"] }),
          entry("b", 4, note(""), { place: -7, exchange: "", key: "" }),
        ])
        assert.equal(messages[0]?.packet, messages[1]?.packet, "a content of two queues is one")
        journal.left("a", 1)
        journal.left("b", 4)
        journal.entered(entry("a", 6, note("new")))
      })
      yield* using(
        path,
        ({ loaded }) =>
          assert.deepEqual(loaded().messages.map(({ id, packet }) => [id, packet.text]), [[2, "shared ☕"], [
            6,
            "new",
          ]]),
      )
    })))

  test("says that something is stored when a copy of its files made then has it", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      const store = yield* open(path)
      store.journal.queueDeclared({ name: "q", type: "quorum" })
      for (let id = 1; id <= 100; id++) {
        store.journal.entered(entry("q", id, note(`n${id}`)))
        if (id > 10) store.journal.left("q", id - 10)
        if (id % 10 !== 0) continue
        assert.equal(yield* stored(store), true)
        const copy = `${path}.copy${id}`
        for (const end of ["", "-wal"]) if (existsSync(path + end)) copyFileSync(path + end, copy + end)
        yield* using(copy, ({ loaded }) =>
          assert.deepEqual(
            loaded().messages.map((one) => one.id),
            Array.from({ length: 10 }, (_, i) => id - 9 + i),
          ))
      }
    })))

  test("lets nobody else open it meanwhile", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      yield* open(path)
      const error = yield* refusal(path)
      assert.equal(error._tag === "SqliteError" && error.reason, "busy")
      assert.match(error.message, /queues\.db/)
    })))

  test("refuses what is damaged, somebody else's or newer, and changes nothing", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      const check = Effect.fnUntraced(function* (reason: string, words: RegExp) {
        const before = readFileSync(path)
        const error = yield* refusal(path)
        assert.equal(error._tag === "StoreError" ? error.reason : error.message, reason)
        assert.match(error.message, words)
        assert.match(error.message, new RegExp(`^Cannot use "${path}" `))
        assert.deepEqual(readFileSync(path), before)
      })
      writeFileSync(path, "")
      yield* check("damaged", /it is empty; restore it from a backup/)
      writeFileSync(path, "x".repeat(4096))
      yield* check("damaged", /it is no SQLite file/)

      const other = `${path}.other`
      yield* Effect.scoped(Effect.map(openSqlite({ path: other }), (sqlite) => sqlite.exec("CREATE TABLE t (x)")))
      copyFileSync(other, path)
      yield* check("foreign", /of something else; choose another folder/)

      const good = `${path}.good`
      yield* using(good, ({ journal }) => {
        journal.queueDeclared({ name: "q", type: "quorum" })
        for (let id = 1; id <= 500; id++) journal.entered(entry("q", id, note(`n${id}`.padEnd(500, "."))))
      })
      const bytes = readFileSync(good)
      const newer = Buffer.from(bytes)
      newer.writeUInt32BE(7, 60)
      writeFileSync(path, newer)
      yield* check("newer", /form 7; this one knows 1/)

      writeFileSync(path, bytes)
      truncateSync(path, bytes.length - 10_000)
      yield* check("damaged", /malformed|pages|page/)

      const broken = Buffer.from(bytes)
      broken.fill(0xff, 8192, 12_288)
      writeFileSync(path, broken)
      yield* check("damaged", /SQLite finds that|malformed/)
    })))

  test("gives the disk back what many messages have taken, when it is opened again", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      const size = 1024 * 1024
      yield* using(path, ({ journal }) => {
        journal.queueDeclared({ name: "q", type: "quorum" })
        for (let id = 1; id <= 40; id++) journal.entered(entry("q", id, note("x".repeat(size))))
      })
      assert.ok(statSync(path).size > 40 * size)
      yield* using(path, ({ journal }) => {
        for (let id = 2; id <= 40; id++) journal.left("q", id)
      })
      yield* using(path, ({ loaded }) => assert.equal(loaded().messages.length, 1))
      assert.ok(statSync(path).size < 2 * size, `it has ${statSync(path).size} bytes`)
    })))

  test("refuses what somebody else has changed", () =>
    effect(Effect.gen(function* () {
      const path = yield* file
      const changes = [
        ["DELETE FROM contents WHERE id = 1", /the content of its message 1 is missing/],
        ["DELETE FROM things WHERE kind = 'queue'", /the queue of its message 1 is missing/],
        ["DELETE FROM messages WHERE id = 2", /1 contents without a message/],
        ["UPDATE things SET spec = '{' WHERE kind = 'queue'", /what it says of the queue "q" cannot be read/],
        ["UPDATE contents SET properties = x'0102' WHERE id = 1", /its content 1 cannot be read/],
      ] as const
      for (const [sql, words] of changes) {
        const one = `${path}.${changes.findIndex(([other]) => other === sql)}`
        yield* using(one, ({ journal }) => {
          journal.queueDeclared({ name: "q", type: "quorum" })
          journal.entered(entry("q", 1, note("x")))
          journal.entered(entry("q", 2, note("y")))
        })
        yield* Effect.scoped(Effect.map(openSqlite({ path: one }), (sqlite) => sqlite.exec(sql)))
        const error = yield* refusal(one)
        assert.equal(error._tag === "StoreError" && error.reason, "damaged")
        assert.match(error.message, words)
      }
    })))

  test("confirms nothing while the disk is full, and goes on when there is room", () =>
    effect(
      Effect.gen(function* () {
        const path = yield* file
        const troubles: Array<string> = []
        const onTrouble = (error: SqliteError | undefined) => void troubles.push(error?.reason ?? "over")
        const store = yield* openStore({ path, form, onTrouble, maxBytes: 200_000 })
        const { journal } = store
        journal.queueDeclared({ name: "q", type: "quorum" })
        journal.entered(entry("q", 1, note("x".repeat(150_000))))
        assert.equal(yield* stored(store), true)
        journal.entered(entry("q", 2, note("y".repeat(100_000))))
        assert.equal(yield* stored(store), false)
        yield* Effect.yieldNow
        assert.deepEqual(troubles, ["full"])
        journal.entered(entry("q", 3, note("z")))
        assert.equal(yield* stored(store), false)
        assert.equal((yield* Effect.flip(store.flush)).reason, "full")
        journal.left("q", 1)
        yield* TestClock.adjust("1 second")
        assert.deepEqual(troubles, ["full", "over"])
        journal.entered(entry("q", 4, note("later")))
        assert.equal(yield* stored(store), true)
        const copy = `${path}.copy`
        for (const end of ["", "-wal"]) copyFileSync(path + end, copy + end)
        yield* using(copy, ({ loaded }) => assert.deepEqual(loaded().messages.map(({ id }) => id), [2, 3, 4]))
      }).pipe(Effect.provide(TestClock.layer())),
    ))
})

describe("toText", () => {
  test("gives every value of AMQP back", () => {
    const value = {
      name: "q",
      odd: { $map: "no map", $bytes: 1 },
      single: { $whole: "x" },
      arguments: new Map<string, unknown>([
        ["long", { type: "long", value: -(2n ** 63n) }],
        ["bytes", { type: "binary", value: new Uint8Array([0, 255]) }],
        ["list", { type: "array", value: [{ type: "double", value: Infinity }, { type: "double", value: -0 }] }],
        ["table", { type: "table", value: new Map([["x", { type: "bool", value: true }]]) }],
      ]),
    }
    assert.deepEqual(fromText(toText(value)), value)
    assert.equal(toText({ b: 1, a: 2 }), toText({ a: 2, b: 1 }))
  })
})
