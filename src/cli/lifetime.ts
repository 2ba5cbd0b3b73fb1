/**
 * How a process is asked to end: by a signal, by its supervisor, or by nobody left to read what it writes.
 *
 * The first request is kept for whoever awaits it; the second one, or the time running out, ends the process at once
 * with 128 and the signal's number. Failures that nobody caught are told to the log and end nothing.
 */
import { Deferred, Effect, type Scope } from "effect"
import { type Ending, endings, exit, onBrokenPipe, onEnding, onStray } from "../../adapters/runtime/mod.ts"
import type { Log } from "./log.ts"
import { framesOf } from "../runtime/mod.ts"
import { describe } from "./stack.ts"

/** Why a process ends. */
export type Reason = Ending | "order"

/** The end of a process. */
export interface Lifetime {
  /** The first request to end. */
  readonly ending: Effect.Effect<Reason>
  /** Asks for the end, as a signal does. */
  readonly end: (reason: Reason) => void
  /** Ends the process now, although there is work in hand. */
  readonly force: Effect.Effect<never>
}

/** What is special about a process. */
export interface LifetimeOptions {
  /** Signals that somebody else answers for this process. @default none */
  readonly ignores?: ReadonlyArray<Ending>
  /** Called before the process is ended by force. */
  readonly beforeForce?: () => void
}

/** Listens until the scope closes. */
export const makeLifetime = Effect.fnUntraced(function* (
  log: Log,
  now: () => number,
  { ignores = [], beforeForce = () => {} }: LifetimeOptions = {},
): Effect.fn.Return<Lifetime, never, Scope.Scope> {
  const ending = yield* Deferred.make<Reason>()
  let first: Reason | undefined
  const force = Effect.promise(() => {
    beforeForce()
    return exit(first === undefined || first === "order" ? endings.SIGTERM : endings[first])
  })
  const end = (reason: Reason): void => {
    if (first !== undefined) return void Effect.runFork(force)
    first = reason
    Deferred.doneUnsafe(ending, Effect.succeed(reason))
  }
  const stray = (failure: unknown) =>
    log.write({
      at: now(),
      level: "error",
      message: "Something outside every handler failed and was caught by nobody; the process goes on",
      error: describe(failure),
      stack: framesOf(failure),
    })

  yield* Effect.acquireRelease(
    Effect.sync(() => [
      onEnding((signal) => ignores.includes(signal) ? undefined : end(signal)),
      onStray(stray),
      // a terminal that is gone, or a pipe nobody reads: what SIGHUP says too
      onBrokenPipe(() => first === undefined && end("SIGHUP")),
    ]),
    (undo) => Effect.sync(() => undo.forEach((off) => off())),
  )
  return { ending: Deferred.await(ending), end, force }
})
