/**
 * The file with the broker's queues: made whole or not at all, and looked at before SQLite may touch it.
 *
 * Below `Store.ts`. A new file is made under another name and renamed, so that one that is there always says whose it is
 * and in which form. One that belongs to something else, is of a later form or is damaged is refused, and stays as it is.
 */
import { chmodSync, closeSync, existsSync, openSync, readSync, renameSync, rmSync } from "node:fs"
import { Effect, type Scope } from "effect"
import { openSqlite, type Sqlite, SqliteError } from "../../runtime/mod.ts"
import { flawOfLog } from "./log.ts"
import { applicationId, tables, version } from "./schema.ts"
import { StoreError, type StoreReason } from "./StoreError.ts"

/**
 * Opens the file, made if it is not there; nobody else may have it open meanwhile. The scope's end closes it. `maxBytes`: its size
 * at most.
 */
export const openFile = Effect.fnUntraced(function* (
  path: string,
  maxBytes?: number,
): Effect.fn.Return<Sqlite, SqliteError | StoreError, Scope.Scope> {
  if (!existsSync(path)) yield* Effect.scoped(makeFile(path))
  const problem = flawOf(yield* headOf(path))
  if (problem !== undefined) return yield* new StoreError({ path, ...problem })
  const broken = yield* attempt(path, () => flawOfLog(path))
  if (broken !== undefined) return yield* new StoreError({ path, reason: "damaged", detail: broken })
  const sqlite = yield* Effect.catchTag(openSqlite({ path, busyTimeout: 0, exclusive: true }), "SqliteError", damaged)
  yield* Effect.try({ try: () => examine(sqlite, maxBytes), catch: (error) => error as SqliteError | StoreError }).pipe(
    Effect.catchTag("SqliteError", damaged),
  )
  return sqlite
})

const makeFile = Effect.fnUntraced(function* (path: string): Effect.fn.Return<void, SqliteError, Scope.Scope> {
  const draft = `${path}.new`
  const rest = [`${path}-wal`, `${path}-journal`, draft, `${draft}-wal`, `${draft}-journal`]
  yield* attempt(path, () => {
    for (const file of rest) rmSync(file, { force: true })
    // SQLite gives the files beside it the same permissions
    closeSync(openSync(draft, "wx", 0o600))
    chmodSync(draft, 0o600)
  })
  yield* Effect.scoped(Effect.gen(function* () {
    const sqlite = yield* openSqlite({ path: draft, busyTimeout: 0, exclusive: true })
    yield* Effect.try({
      try: () => sqlite.transaction(() => sqlite.exec(tables)),
      catch: (error) => error as SqliteError,
    })
  }))
  yield* attempt(path, () => renameSync(draft, path))
})

/** SQLite's header says whose a file is: https://www.sqlite.org/fileformat2.html#the_database_header */
const header = { length: 100, magic: "SQLite format 3\0", version: 60, application: 68 }

const headOf = (path: string): Effect.Effect<DataView, SqliteError> =>
  attempt(path, () => {
    const bytes = new Uint8Array(header.length)
    const file = openSync(path, "r")
    try {
      return new DataView(bytes.buffer, 0, readSync(file, bytes, 0, header.length, 0))
    } finally {
      closeSync(file)
    }
  })

interface Flaw {
  readonly reason: StoreReason
  readonly detail: string
}

const flawOf = (head: DataView): Flaw | undefined => {
  if (head.byteLength < header.length) {
    return { reason: "damaged", detail: `it is ${head.byteLength === 0 ? "empty" : "cut off"}` }
  }
  const magic = String.fromCharCode(...new Uint8Array(head.buffer, 0, header.magic.length))
  if (magic !== header.magic) return { reason: "damaged", detail: "it is no SQLite file" }
  if (head.getUint32(header.application) !== applicationId) {
    return { reason: "foreign", detail: "it is a SQLite file of something else" }
  }
  const found = head.getUint32(header.version)
  if (found > version) {
    return { reason: "newer", detail: `a newer version of Warren wrote it (form ${found}; this one knows ${version})` }
  }
  return found === version ? undefined : { reason: "damaged", detail: `its form is ${found}, which no version wrote` }
}

/** Bytes that are worth giving back to the disk. */
const largeBytes = 16 * 1024 * 1024

const examine = (sqlite: Sqlite, maxBytes: number | undefined): void => {
  const found = sqlite.prepare("PRAGMA quick_check(1)").get() ?? {}
  const said = String(Object.values(found)[0])
  if (said !== "ok") {
    throw new StoreError({ path: sqlite.path, reason: "damaged", detail: `SQLite finds that ${lastLine(said)}` })
  }
  const number = (name: string) => Number(sqlite.prepare(`PRAGMA ${name}`).get()?.[name])
  const size = number("page_size")
  // what many messages have left behind: not for ever, and never more than is there anyway
  const unused = number("freelist_count")
  if (unused * size > largeBytes && unused > number("page_count") / 2) sqlite.exec("VACUUM")
  sqlite.exec(`PRAGMA journal_size_limit = ${largeBytes}`)
  if (maxBytes !== undefined) sqlite.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / size))}`)
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? text

const damaged = (error: SqliteError): Effect.Effect<never, SqliteError | StoreError> =>
  Effect.fail(
    error.reason === "damaged" ? new StoreError({ path: error.path, reason: "damaged", detail: error.detail }) : error,
  )

const attempt = <A>(path: string, make: () => A): Effect.Effect<A, SqliteError> =>
  Effect.try({
    try: make,
    catch: (error) =>
      new SqliteError({
        path,
        operation: "open",
        reason: (error as NodeJS.ErrnoException).code === "ENOSPC" ? "full" : "unwritable",
        detail: error instanceof Error ? error.message : String(error),
      }),
  })
