/**
 * A lock between processes, on whichever runtimes they run: one has it, and with its death it is free.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { describe, test } from "#test"
import { openFileLock } from "../../../adapters/runtime/mod.ts"
import { start } from "../../support/process.ts"

const file = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "warren-lock-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
).pipe(Effect.map((folder) => join(folder, "lock")))

const run = <A, E>(body: Effect.Effect<A, E, Scope.Scope>): Promise<A> => Effect.runPromise(Effect.scoped(body))

const holder = join(import.meta.dirname, "fixtures/holdLock.ts")

const commands: ReadonlyArray<readonly [string, ...ReadonlyArray<string>]> = [
  ["bun", holder],
  ["node", holder],
  ["deno", "run", "-A", "--no-check", holder],
]

/** Waits for something that comes by itself. */
const until = (is: Effect.Effect<boolean, unknown>): Effect.Effect<void, unknown> =>
  Effect.flatMap(is, (yes) => yes ? Effect.void : Effect.delay(until(is), 5))

describe("openFileLock", () => {
  test("gives it to one, also within a process, until its scope ends", () =>
    run(Effect.gen(function* () {
      const path = yield* file
      const other = yield* openFileLock(path)
      yield* Effect.scoped(Effect.gen(function* () {
        const lock = yield* openFileLock(path)
        assert.equal(yield* lock.take, true)
        assert.equal(yield* lock.take, true)
        assert.equal(yield* other.take, false)
        assert.equal(statSync(path).mode & 0o777, 0o600)
      }))
      assert.equal(yield* other.take, true)
    })))

  for (const [command, ...args] of commands) {
    test(`is free at once when its holder on ${command} is killed`, () =>
      run(Effect.gen(function* () {
        const path = yield* file
        const lock = yield* openFileLock(path)
        const background = start(command, [...args, path])
        yield* Effect.addFinalizer(() => Effect.sync(() => background.kill("SIGKILL")))
        yield* until(Effect.sync(() => background.output().includes("taken: true")))
        assert.equal(yield* lock.take, false)
        background.kill("SIGKILL")
        yield* Effect.promise(() => background.ended)
        assert.equal(yield* lock.take, true)
      })))
  }

  test("takes no file that was put in its place", () =>
    run(Effect.gen(function* () {
      const path = yield* file
      const [first, second] = [yield* openFileLock(path), yield* openFileLock(path)]
      assert.equal(yield* first.take, true)
      assert.equal(yield* second.take, false)
      rmSync(path)
      // the first holds a file that nobody finds any more
      assert.equal(yield* second.take, true)
      assert.equal(yield* (yield* openFileLock(path)).take, false)
    })))

  test("says what is wrong with its file", () =>
    run(Effect.gen(function* () {
      const path = yield* file
      writeFileSync(path, "not a lock at all".repeat(100))
      assert.equal((yield* Effect.flip((yield* openFileLock(path)).take)).reason, "damaged")
      rmSync(path)
      mkdirSync(path)
      const error = yield* Effect.flip((yield* openFileLock(path)).take)
      assert.match(error.message, /^Cannot lock the SQLite file ".*lock": /)
      const lost = yield* Effect.flip((yield* openFileLock(join(path, "none", "lock"))).take)
      assert.equal(lost.reason, "unreachable")
    })))
})
