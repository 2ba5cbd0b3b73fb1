/**
 * The file in which the SQLite inboxes keep their keys: its tables, the wait for its only write lock, and pruning.
 *
 * Above it the two inboxes, below it the runtime's SQLite. SQLite itself would wait with the whole process stopped, the
 * holder of the lock included when it is of this process; so it is told not to wait, and asked again on the clock.
 */
import { Clock, type Duration, Effect, type Scope } from "effect"
import { openSqlite, type Sqlite, SqliteError } from "../../adapters/runtime/mod.ts"
import { InvalidOption, millis } from "../runtime/mod.ts"

/** Options of both SQLite inboxes. */
export interface InboxFileOptions {
  /** The file, made if it is not there; its folder has to exist. All processes that use it run on one machine. */
  readonly path: string
  /** Longest wait for another process that has the message, or the file, in hand; then the message is retried. @default "20 seconds" */
  readonly wait?: Duration.Input
  /** What is forgotten: a message that comes again after that is handled again. */
  readonly keep?: {
    /** How long a completed message is remembered. @default "30 days" */
    readonly age?: Duration.Input
    /** How many are remembered at most, the latest ones. @default 1000000 */
    readonly count?: number
  }
}

/** The options, worked out. */
export interface InboxFileSettings {
  readonly path: string
  /** ms. */
  readonly wait: number
  /** ms. */
  readonly age: number
  readonly count: number
}

/** Works the options out; throws `InvalidOption` for what makes no sense. */
export const settingsOf = ({ path, wait, keep }: InboxFileOptions): InboxFileSettings => {
  const count = keep?.count ?? 1_000_000
  if (typeof path !== "string" || path === "") {
    throw new InvalidOption({ option: "path", value: JSON.stringify(path) ?? String(path), expected: "a file's path" })
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new InvalidOption({ option: "keep.count", value: String(count), expected: "a whole number from 1" })
  }
  return {
    path,
    wait: millis("wait", wait ?? "20 seconds"),
    age: millis("keep.age", keep?.age ?? "30 days"),
    count,
  }
}

/** An open file. */
export interface InboxFile {
  readonly sqlite: Sqlite
  /** ms. */
  readonly wait: number
  /** Runs `body` as soon as no other process holds it up. */
  readonly whenFree: <A>(body: () => A) => Effect.Effect<A, SqliteError>
  readonly isCompleted: (key: string) => boolean
  /** Inserts the key; `false` if it was there before. */
  readonly mark: (key: string, now: number) => boolean
  /** Called after each mark: prunes once in a while. */
  readonly marked: Effect.Effect<void>
}

const tables = `
CREATE TABLE IF NOT EXISTS warren_inbox (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS warren_inbox_at ON warren_inbox (at);
CREATE TABLE IF NOT EXISTS warren_claims (key TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
`

/** Marks between two prunings. */
const pruneEvery = 1_000

/** Rows that one pruning deletes at most: it stops the process while it does. */
const pruneAtMost = 5_000

/** The wait between two attempts at a file that is busy: from ms, doubling, to ms. */
const patience = { first: 1, longest: 25 } as const

/** Opens the file and makes its tables, and those of `schema`; the scope's end closes it. */
export const openInboxFile = Effect.fnUntraced(function* (
  { path, wait, age, count }: InboxFileSettings,
  synchronous: "full" | "normal",
  schema?: string,
): Effect.fn.Return<InboxFile, SqliteError, Scope.Scope> {
  const whenFree = asPatient(wait)
  const sqlite = yield* openSqlite({ path, synchronous })
  yield* whenFree(() => {
    sqlite.exec("PRAGMA busy_timeout = 0")
    const found = sqlite.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name IN (?, ?, ?)")
      .get("warren_inbox", "warren_inbox_at", "warren_claims")
    if (found?.["n"] === 3 && schema === undefined) return
    sqlite.transaction(() => sqlite.exec(tables + (schema ?? "")))
  })
  const { isThere, insert, countAll, pruneAge, pruneCount, pruneClaims } = yield* whenFree(() => ({
    isThere: sqlite.prepare("SELECT 1 FROM warren_inbox WHERE key = ?"),
    insert: sqlite.prepare("INSERT OR IGNORE INTO warren_inbox (key, at) VALUES (?, ?)"),
    countAll: sqlite.prepare("SELECT count(*) AS n FROM warren_inbox"),
    pruneAge: sqlite.prepare(
      "DELETE FROM warren_inbox WHERE key IN (SELECT key FROM warren_inbox WHERE at < ? ORDER BY at LIMIT ?)",
    ),
    pruneCount: sqlite.prepare(
      "DELETE FROM warren_inbox WHERE key IN (SELECT key FROM warren_inbox ORDER BY at LIMIT ?)",
    ),
    pruneClaims: sqlite.prepare("DELETE FROM warren_claims WHERE until < ?"),
  }))
  let marks = 0

  const prune = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    whenFree(() =>
      sqlite.transaction(() => {
        pruneClaims.run(now)
        pruneAge.run(now - age, pruneAtMost)
        const over = Number(countAll.get()?.["n"] ?? 0) - count
        if (over > 0) pruneCount.run(Math.min(over, pruneAtMost))
      })
    ))

  // what is not pruned now is pruned next time
  const tryPrune = Effect.catch(prune, (error) => Effect.logDebug(error.message))
  yield* tryPrune
  return {
    sqlite,
    wait,
    whenFree,
    isCompleted: (key) => isThere.get(key) !== undefined,
    mark: (key, now) => insert.run(key, now).changes === 1,
    marked: Effect.suspend(() => ++marks % pruneEvery === 0 ? tryPrune : Effect.void),
  }
})

const asPatient = (limit: number) => <A>(body: () => A): Effect.Effect<A, SqliteError> => {
  const attempt = (waited: number, delay: number): Effect.Effect<A, SqliteError> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(body())
      } catch (error) {
        if (!(error instanceof SqliteError)) throw error
        if (error.reason !== "busy" || waited >= limit) return Effect.fail(error)
        return Effect.andThen(Effect.sleep(delay), attempt(waited + delay, Math.min(delay * 2, patience.longest)))
      }
    })
  return attempt(0, patience.first)
}
