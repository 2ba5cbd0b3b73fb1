/**
 * SQLite on Node and on Deno, which brings Node's.
 *
 * Adds what they have of their own: numbers of changes that may be a bigint.
 */
import { DatabaseSync } from "node:sqlite"
import type { OpenDriver } from "./sqlite.ts"

/** Opens a file. */
export const open: OpenDriver = (path) => {
  const database = new DatabaseSync(path)
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        run: (...values) => ({ changes: Number(statement.run(...values).changes) }),
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      }
    },
    close: () => database.close(),
  }
}
