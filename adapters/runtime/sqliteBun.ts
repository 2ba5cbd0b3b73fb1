/**
 * SQLite on Bun.
 *
 * Adds what Bun has of its own: a missing row is `null`, and a closed file stays open as long as one of its statements
 * is not finalized.
 */
import { Database, type Statement } from "bun:sqlite"
import type { OpenDriver, SqliteRow } from "./sqlite.ts"

/** Opens a file. */
export const open: OpenDriver = (path) => {
  const database = new Database(path, { create: true, readwrite: true })
  const statements: Array<WeakRef<Statement>> = []
  return {
    exec: (sql) => void database.run(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      statements.push(new WeakRef(statement))
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => (statement.get(...values) ?? undefined) as SqliteRow | undefined,
        all: (...values) => statement.all(...values) as ReadonlyArray<SqliteRow>,
      }
    },
    close: () => {
      for (const statement of statements) statement.deref()?.finalize()
      database.close()
    },
  }
}
