/**
 * An Inbox whose transactions are those of one SQLite file: the handler's statements and the mark commit together.
 *
 * SQLite lets one transaction at a time write to a file, whatever the number of connections. So there is one connection a
 * process; the handlers of the process take turns at it, and the processes take turns at the file. No statement of one
 * handler can get into the transaction of another: each has its own handle, which is void once its transaction has ended.
 */
import { Clock, Effect, Layer } from "effect"
import { type Sqlite, SqliteError, type SqliteRow, type SqliteValue } from "../../adapters/runtime/mod.ts"
import { Inbox } from "../runtime/mod.ts"
import { type InboxFile, type InboxFileOptions, openInboxFile, settingsOf } from "./InboxFile.ts"
import { transactionKey } from "./Transaction.ts"
import { makeInbox } from "./transactionInbox.ts"
import { Turns } from "./Turns.ts"

/** The open transaction of a handler. Its members are synchronous and throw `SqliteError`. */
export interface SqliteTx {
  /** Runs one statement, its values in the place of each `?`; says how many rows it changed. */
  readonly run: (sql: string, ...values: ReadonlyArray<SqliteValue>) => { readonly changes: number }
  /** The first row of a query. */
  readonly get: (sql: string, ...values: ReadonlyArray<SqliteValue>) => SqliteRow | undefined
  /** All rows of a query. */
  readonly all: (sql: string, ...values: ReadonlyArray<SqliteValue>) => ReadonlyArray<SqliteRow>
}

/** Where handlers find their transaction: `yield* SqliteTransaction`, or `get(SqliteTransaction)`. */
export const SqliteTransaction = transactionKey<SqliteTx>("warren/inbox/SqliteTransaction")

/** Options of {@link sqliteTransactionInbox}. */
export interface SqliteTransactionInboxOptions extends InboxFileOptions {
  /** Statements that make your own tables, run at each start: `CREATE TABLE IF NOT EXISTS …`. */
  readonly schema?: string
}

/**
 * An Inbox for a worker's layer: what a handler with `dedupe: true` does in its `SqliteTransaction` happens once.
 *
 * @example worker({ layer: sqliteTransactionInbox({ path: "data/shop.db", schema: "CREATE TABLE IF NOT EXISTS …" }) })
 */
export const sqliteTransactionInbox = (
  options: SqliteTransactionInboxOptions,
): Layer.Layer<never, SqliteError> => {
  const settings = settingsOf(options)
  return Layer.effect(
    Inbox,
    Effect.gen(function* () {
      // "full": the broker forgets a message once it is acked, so what it did must outlive a power failure
      const file = yield* openInboxFile(settings, "full", options.schema)
      const inbox = makeInbox({
        key: SqliteTransaction,
        transaction: transactionsOf(file),
        mark: (_tx, key) => Effect.flatMap(Clock.currentTimeMillis, (now) => trying(() => file.mark(key, now))),
      }, yield* Effect.context<never>())
      return {
        process: (key, effect) =>
          Effect.tap(inbox.process(key, effect), (done) => done === "processed" ? file.marked : Effect.void),
      }
    }),
  )
}

/** After so many ms of one transaction after another, this process lets the others at the file: they look every 25 ms. */
const longestStreak = 250
const pause = 40

const transactionsOf = (file: InboxFile) => {
  const { sqlite, wait } = file
  const turns = new Turns()
  /** Since when this process has had the file, nearly without a gap. */
  let since: number | undefined
  const letOthers = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    since ??= now
    if (now - since < longestStreak) return Effect.void
    since = now + pause
    return Effect.sleep(pause)
  })
  const late = Effect.suspend(() =>
    Effect.fail(
      new SqliteError({
        path: sqlite.path,
        operation: "begin a transaction on",
        reason: "busy",
        detail: `another handler of this process has had its own open for ${wait} ms`,
      }),
    )
  )
  return <A, E, R>(body: (tx: SqliteTx) => Effect.Effect<A, E, R>): Effect.Effect<A, E | SqliteError, R> =>
    turns.take(
      wait,
      Effect.suspend(() => {
        let open: Handle | undefined
        const begin = file.whenFree(() => {
          sqlite.exec("BEGIN IMMEDIATE")
          return open = new Handle(sqlite)
        })
        const run = Effect.flatMap(Effect.andThen(letOthers, begin), (handle) =>
          Effect.flatMap(body(handle), (value) =>
            // nothing may come between the last statement and the commit
            Effect.as(trying(() => handle.commit()), value)))
        return Effect.ensuring(
          run,
          Effect.sync(() => {
            open?.rollback()
            if (turns.waiting === 0) since = undefined
          }),
        )
      }),
      late,
    )
}

/** One transaction, from its beginning to its end. */
class Handle implements SqliteTx {
  readonly #sqlite: Sqlite
  #isOpen = true
  /** Why it cannot commit: SQLite may have rolled it back by itself. */
  #broken: SqliteError | undefined

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite
  }

  // functions of the instance, so that they can be taken out of it

  readonly run: SqliteTx["run"] = (sql, ...values) => this.#use(sql, () => this.#sqlite.prepare(sql).run(...values))

  readonly get: SqliteTx["get"] = (sql, ...values) => this.#use(sql, () => this.#sqlite.prepare(sql).get(...values))

  readonly all: SqliteTx["all"] = (sql, ...values) => this.#use(sql, () => this.#sqlite.prepare(sql).all(...values))

  commit(): void {
    if (this.#broken !== undefined) throw this.#broken
    this.#sqlite.exec("COMMIT")
    this.#isOpen = false
  }

  /** Does nothing once it has ended. */
  rollback(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      this.#sqlite.exec("ROLLBACK")
    } catch {
      // SQLite has done it by itself, or the file is closed
    }
  }

  #use<A>(sql: string, body: () => A): A {
    if (!this.#isOpen) throw this.#refusal(sql, "closed", "its transaction has ended")
    if (this.#broken !== undefined) throw this.#broken
    if (/^\s*(begin|commit|end|rollback(?!\s+(transaction\s+)?to))\b/i.test(sql)) {
      throw this.#refusal(sql, "other", "the inbox begins and ends the transaction; to undo it, let the handler fail")
    }
    try {
      return body()
    } catch (error) {
      if (error instanceof SqliteError && error.reason !== "constraint" && error.reason !== "other") {
        this.#broken = error
      }
      throw error
    }
  }

  #refusal(sql: string, reason: "closed" | "other", detail: string): SqliteError {
    return new SqliteError({ path: this.#sqlite.path, operation: `run "${sql.slice(0, 80)}" on`, reason, detail })
  }
}

const trying = <A>(body: () => A): Effect.Effect<A, SqliteError> =>
  Effect.try({ try: body, catch: (error) => error as SqliteError })
