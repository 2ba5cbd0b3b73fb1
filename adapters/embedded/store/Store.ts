/**
 * What the broker keeps on disk: the engine's journal, written in groups, and the word that a group is there.
 *
 * Above `Recorder.ts` (what is to be written, and who waits), `write.ts` and `load.ts`; below the engine, which reports, and
 * the server, which confirms only what is on disk. A group is whatever has come together by the time the event loop is
 * free; the process stands still while the disk takes it. Where it cannot be written, nothing is confirmed until it can
 * be, and it is tried again and again.
 */
import { Effect, Latch, type Scope } from "effect"
import type { Durability, Journal, Loaded } from "../../../src/broker/mod.ts"
import type { SqliteError } from "../../runtime/mod.ts"
import type { Form } from "./Changes.ts"
import { openFile } from "./file.ts"
import { load } from "./load.ts"
import { Recorder } from "./Recorder.ts"
import type { StoreError } from "./StoreError.ts"
import { makeWriter } from "./write.ts"

/** Options of {@link openStore}. */
export interface StoreOptions<P> {
  /** The file, made if it is not there. Its folder has to exist. */
  readonly path: string
  readonly form: Form<P>
  /** Size of the file at most, bytes; beyond, it is as on a full disk. @default none */
  readonly maxBytes?: number
  /** Told that the disk takes nothing, and why, or that it does again (`undefined`). @default does nothing */
  readonly onTrouble?: (error: SqliteError | undefined) => void
}

/** An open store. The engine's clock has to be the time of day: what was to expire while nobody ran has expired. */
export interface Store<P> {
  /** What was read back; for the one that takes it, since it may be much. */
  readonly loaded: () => Loaded<P>
  readonly journal: Journal<P>
  readonly durability: Durability
  /** Writes what is left, now; fails where the disk does not take it. */
  readonly flush: Effect.Effect<void, SqliteError>
}

/** Between two attempts to write a group that could not be written. */
const pause = "1 second"

/** Opens the store, reads everything, and writes until the scope closes; then what is left is written, if it can be. */
export const openStore = Effect.fnUntraced(function* <P>(
  { path, form, maxBytes, onTrouble = () => {} }: StoreOptions<P>,
): Effect.fn.Return<Store<P>, SqliteError | StoreError, Scope.Scope> {
  const sqlite = yield* openFile(path, maxBytes)
  const [loaded, write] = yield* Effect.try({
    try: () => [load(sqlite, form), makeWriter(sqlite)] as const,
    catch: (error) => error as SqliteError | StoreError,
  })
  const wake = Latch.makeUnsafe(false)
  const recorder = new Recorder({ form, loaded, write, onWork: () => wake.openUnsafe() })

  const work = Effect.gen(function* () {
    let isTroubled = false
    for (;;) {
      yield* wake.await
      // whoever wakes it is in the middle of its work: the group is what has come by the end of this turn of the event loop
      yield* Effect.yieldNow
      wake.closeUnsafe()
      const error = recorder.flush()
      if (isTroubled !== (error !== undefined)) {
        isTroubled = !isTroubled
        onTrouble(error)
        yield* error === undefined
          ? Effect.logInfo(`"${path}" can be written again; nothing waits any more`)
          : Effect.logError(`${error.message}; nothing is confirmed until it can be written`)
      }
      if (error === undefined) continue
      yield* Effect.sleep(pause)
      wake.openUnsafe()
    }
  })
  const flush = Effect.suspend(() => {
    const error = recorder.flush()
    return error === undefined ? Effect.void : Effect.fail(error)
  })
  yield* Effect.addFinalizer(() =>
    Effect.catch(flush, (error) => Effect.logError(`What was not confirmed is not kept: ${error.message}`))
  )
  yield* Effect.forkScoped(work)
  let left: Loaded<P> | undefined = loaded
  const take = () => {
    const all = left ?? { exchanges: [], queues: [], bindings: [], messages: [] }
    left = undefined
    return all
  }
  return { loaded: take, journal: recorder, durability: recorder, flush }
})
