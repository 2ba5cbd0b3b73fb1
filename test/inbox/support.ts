/**
 * What the tests of inboxes share: files that go by themselves, inboxes built for one test, and a driver with promises.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { openSqlite, type Sqlite } from "../../adapters/runtime/mod.ts"
import { Inbox, type InboxShape } from "../../src/runtime/mod.ts"

// in memory where there is such a place: thousands of commits must not wait for a disk that others use
const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** A folder of its own, removed when the scope closes. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(base, "warren-inbox-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Builds an inbox of its own for as long as the scope is open. */
export const inboxOf = <E>(layer: Layer.Layer<never, E>): Effect.Effect<InboxShape, E, Scope.Scope> =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, Inbox))

/** Reads a file beside the inbox that writes it. */
export const reading = <A>(path: string, body: (sqlite: Sqlite) => A) =>
  Effect.scoped(Effect.map(openSqlite({ path }), body))

/** Runs the body of a test to its end, in a scope of its own. */
export const effect = <A, E>(body: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(body))

/**
 * A driver with promises such as PostgreSQL's: each transaction has a connection of its own, and an insert waits for
 * whoever has inserted the same key until that one has committed or rolled back.
 */
export const makeStore = () => {
  const keys = new Map<string, Promise<boolean>>()
  const effects: Array<string> = []
  let open = 0
  let fails: "begin" | "commit" | undefined
  const begin = async (body: (tx: StoreTx) => Promise<void>): Promise<void> => {
    await Promise.resolve()
    if (fails === "begin") throw new Error("no connection")
    const own: Array<string> = []
    const inserted: Array<string> = []
    let settle!: (committed: boolean) => void
    const settled = new Promise<boolean>((resolve) => {
      settle = resolve
    })
    open++
    try {
      await body({
        insert: async (key) => {
          for (let other = keys.get(key); other !== undefined; other = keys.get(key)) if (await other) return false
          keys.set(key, settled)
          inserted.push(key)
          return true
        },
        add: (effect) => void own.push(effect),
      })
      await Promise.resolve()
      if (fails === "commit") throw new Error("the connection was lost")
      effects.push(...own)
      settle(true)
    } catch (error) {
      for (const key of inserted) keys.delete(key)
      settle(false)
      throw new Error("rolled back", { cause: error })
    } finally {
      open--
    }
  }
  return {
    begin,
    effects,
    open: () => open,
    fail: (when: "begin" | "commit" | undefined) => {
      fails = when
    },
  }
}

/** One of its transactions. */
export interface StoreTx {
  readonly insert: (key: string) => Promise<boolean>
  readonly add: (effect: string) => void
}
