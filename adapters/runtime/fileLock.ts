/**
 * A lock between the processes of one machine that the operating system gives back when its holder dies.
 *
 * It is SQLite's lock on an empty file of that name, the only such lock that Bun, Deno and Node all bring. Nothing else may
 * open the file in a process that holds it: closing it there would give the lock back. Does not wait; whoever wants it asks
 * again on a clock.
 */
import { closeSync, lstatSync, openSync } from "node:fs"
import { Effect, type Scope } from "effect"
import { loadDriver, type SqliteDriver } from "./sqlite.ts"
import { type SqliteError, sqliteFailure } from "./SqliteError.ts"

/** A lock that may be asked for again and again. */
export interface FileLock {
  readonly path: string
  /**
   * Takes it until the scope of {@link openFileLock} closes; `false`: another one has it. Fails where this file system knows
   * no locks, or lets nobody write.
   */
  readonly take: Effect.Effect<boolean, SqliteError>
}

/** Prepares a lock; the file is made if it is not there, and stays. Its folder has to exist. */
export const openFileLock = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<FileLock, SqliteError, Scope.Scope> {
  const open = yield* loadDriver(path)
  let held: SqliteDriver | undefined
  /** Kept between attempts: an attempt costs microseconds, opening a file much more. */
  let ready: { readonly driver: SqliteDriver; readonly file: string } | undefined
  const discard = () => {
    ready?.driver.close()
    ready = undefined
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      discard()
      held?.close()
    })
  )
  const attempt = (): boolean => {
    if (held !== undefined) return true
    // somebody may have removed the file, and made another one of its name
    if (ready !== undefined && ready.file !== identity(path)) discard()
    if (ready === undefined) {
      make(path)
      const driver = open(path)
      driver.exec("PRAGMA busy_timeout = 0")
      ready = { driver, file: identity(path) }
    }
    // without a file for a way back: nothing is written
    ready.driver.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    if (ready.file !== identity(path)) {
      discard()
      return false
    }
    held = ready.driver
    ready = undefined
    return true
  }
  return {
    path,
    take: Effect.suspend(() => {
      try {
        return Effect.succeed(attempt())
      } catch (error) {
        const failure = sqliteFailure(path, "lock", error)
        if (failure.reason === "busy") return Effect.succeed(false)
        discard()
        return Effect.fail(failure)
      }
    }),
  }
})

/** Makes it where it is not there, for its user alone; an existing one is not opened, since that would cost the lock. */
const make = (path: string): void => {
  try {
    closeSync(openSync(path, "wx", 0o600))
  } catch {
    // it is there, or SQLite says why it cannot be
  }
}

/** Which file has that name now; `""`: none. */
const identity = (path: string): string => {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`
}
