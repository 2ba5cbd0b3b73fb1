/**
 * The end of a command that would go on for ever: ctrl-c, another signal that asks for it, or nobody left to read it.
 *
 * For commands that hold something which they give back in the end. The second request ends the process at once.
 */
import { Deferred, Effect, type Scope } from "effect"
import { endings, exit, onBrokenPipe, onEnding } from "../../adapters/runtime/mod.ts"

/** Listens until the scope closes; what it gives succeeds with the first request. */
export const untilEnded: Effect.Effect<Effect.Effect<void>, never, Scope.Scope> = Effect.gen(function* () {
  const ended = yield* Deferred.make<void>()
  let isAsked = false
  const end = (code: number): void => {
    if (isAsked) return void exit(code)
    isAsked = true
    Deferred.doneUnsafe(ended, Effect.void)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => [
      onEnding((signal) => end(endings[signal])),
      onBrokenPipe(() => {
        if (!isAsked) end(0)
      }),
    ]),
    (undo) => Effect.sync(() => undo.forEach((off) => off())),
  )
  return Deferred.await(ended)
})
