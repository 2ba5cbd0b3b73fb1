/**
 * SQLite as this runtime brings it: `bun:sqlite` on Bun, `node:sqlite` on Node and Deno, loaded when a file is opened.
 *
 * A small synchronous port: statements, one transaction at a time, close. Values and rows are SQLite's own; whole numbers
 * beyond 2^53 are not for it. What fails throws a {@link SqliteError}. Knows no tables and waits for nobody longer than
 * its busy timeout, which holds up the whole process: for long waits set it to 0 and try again on a clock.
 */
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { Effect, type Scope } from "effect"
import { runtime } from "./runtime.ts"
import { SqliteError, sqliteFailure } from "./SqliteError.ts"

/** A value in a row or of a parameter (`?`). */
export type SqliteValue = null | number | bigint | string | Uint8Array

/** A row by the names of its columns; may be an object without a prototype. */
export type SqliteRow = Readonly<Record<string, SqliteValue>>

/** A prepared statement. */
export interface SqliteStatement {
  /** Runs it; says how many rows it changed. */
  readonly run: (...values: ReadonlyArray<SqliteValue>) => { readonly changes: number }
  /** Its first row. */
  readonly get: (...values: ReadonlyArray<SqliteValue>) => SqliteRow | undefined
  /** All its rows. */
  readonly all: (...values: ReadonlyArray<SqliteValue>) => ReadonlyArray<SqliteRow>
}

/** An open file. Every member throws a {@link SqliteError}. */
export interface Sqlite {
  readonly path: string
  /** Runs statements separated by `;`, without parameters. */
  readonly exec: (sql: string) => void
  /** Prepares one statement; the same text again gives the same one. */
  readonly prepare: (sql: string) => SqliteStatement
  /** Commits what `body` does, or rolls it back when it throws. Takes the file's only write lock first; `body` must not wait. */
  readonly transaction: <A>(body: () => A) => A
  /** For good; a second time does nothing. */
  readonly close: () => void
}

/** What a runtime's own file opens to. */
export interface SqliteDriver {
  readonly exec: (sql: string) => void
  readonly prepare: (sql: string) => SqliteStatement
  readonly close: () => void
}

/** Opens a file the runtime's way; makes it if it is not there. */
export type OpenDriver = (path: string) => SqliteDriver

/** Options of {@link openSqlite}. */
export interface SqliteOptions {
  /** The file, made if it is not there; `":memory:"` for none. Its folder has to exist. */
  readonly path: string
  /** Longest that a statement stops this process while another one writes, ms. @default 5000 */
  readonly busyTimeout?: number
  /** `"full"`: a commit outlives a power failure; `"normal"`: only the end of this process. @default "full" */
  readonly synchronous?: "full" | "normal"
  /** Nobody else may have the file open meanwhile; they, or this one, fail as `busy`. @default false */
  readonly exclusive?: boolean
}

/** Opens a file with a write-ahead log; the scope's end closes it. */
export const openSqlite = (options: SqliteOptions): Effect.Effect<Sqlite, SqliteError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(
      loadDriver(options.path),
      (open) => Effect.try({ try: () => connect(open, options), catch: (error) => openFailure(options.path, error) }),
    ),
    (sqlite) => Effect.sync(() => sqlite.close()),
  )

const connect = (
  open: OpenDriver,
  { path, busyTimeout = 5_000, synchronous = "full", exclusive = false }: SqliteOptions,
): Sqlite => {
  const driver = open(path)
  try {
    // before the log is first used, so that it needs no memory shared with others
    if (exclusive) driver.exec("PRAGMA locking_mode = EXCLUSIVE")
    // the first statement that reads the file: a damaged one is told here
    driver.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeout)}; PRAGMA journal_mode = WAL`)
    driver.exec(`PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`)
    return wrap(path, driver)
  } catch (error) {
    driver.close()
    throw error
  }
}

/** Statements kept prepared. */
const longestList = 200

const wrap = (path: string, driver: SqliteDriver): Sqlite => {
  const prepared = new Map<string, SqliteStatement>()
  let closed = false
  const attempt = <A>(sql: string, body: () => A): A => {
    // Bun would go on serving what was prepared before
    if (closed) throw new SqliteError({ path, operation: on(sql), reason: "closed", detail: "it was closed before" })
    try {
      return body()
    } catch (error) {
      throw sqliteFailure(path, on(sql), error)
    }
  }
  const exec = (sql: string): void => attempt(sql, () => driver.exec(sql))
  const rollback = (): void => {
    try {
      driver.exec("ROLLBACK")
    } catch {
      // SQLite has done it by itself
    }
  }
  return {
    path,
    exec,
    prepare: (sql) => {
      const known = prepared.get(sql)
      if (known !== undefined) return known
      const own = attempt(sql, () => driver.prepare(sql))
      const statement: SqliteStatement = {
        run: (...values) => attempt(sql, () => own.run(...values)),
        get: (...values) => attempt(sql, () => own.get(...values)),
        all: (...values) => attempt(sql, () => own.all(...values)),
      }
      if (prepared.size >= longestList) prepared.delete(prepared.keys().next().value!)
      prepared.set(sql, statement)
      return statement
    },
    transaction: (body) => {
      exec("BEGIN IMMEDIATE")
      try {
        const value = body()
        exec("COMMIT")
        return value
      } catch (error) {
        rollback()
        throw error
      }
    },
    close: () => {
      if (closed) return
      closed = true
      prepared.clear()
      driver.close()
    },
  }
}

const on = (sql: string): string => {
  const line = sql.trim().replaceAll(/\s+/g, " ")
  return `run "${line.length > 80 ? `${line.slice(0, 77)}...` : line}" on`
}

const openFailure = (path: string, error: unknown): SqliteError => {
  const failure = sqliteFailure(path, "open", error)
  if (failure.reason !== "unreachable" || path === ":memory:") return failure
  const folder = dirname(path)
  const detail = existsSync(folder)
    ? `${existsSync(path) ? "it" : "it is not there and its folder"} cannot be used by this user`
    : `its folder "${folder}" is not there`
  return new SqliteError({ path, operation: "open", reason: existsSync(folder) ? "unwritable" : "unreachable", detail })
}

/** Whether this runtime brings SQLite; Node does from 22.13 on. */
export const hasSqlite: Effect.Effect<boolean> = Effect.suspend(() => Effect.isSuccess(loadDriver("")))

/** Opens files this runtime's way. Only the file of this runtime is loaded. */
export const loadDriver = (path: string): Effect.Effect<OpenDriver, SqliteError> =>
  Effect.tryPromise({
    try: async () => {
      const { open } = runtime.name === "bun" ? await import("./sqliteBun.ts") : await import("./sqliteNode.ts")
      return open
    },
    catch: () =>
      new SqliteError({ path, operation: "open", reason: "unavailable", detail: "this runtime brings no SQLite" }),
  })
