/**
 * A transaction of promises as one of Effects, around an effect that stays on its own fiber.
 *
 * The driver's callback only waits for the verdict: what runs in the transaction runs outside of it. Interrupted while it
 * waits for the transaction to open, or for the driver to end it, it does not wait any longer; the driver then rolls back,
 * or the outcome is unknown and the mark tells next time.
 */
import { Cause, Effect, Exit } from "effect"

/** What the verdict rejects with when the handler failed, so that the driver rolls back. */
class RolledBack extends Error {
  override readonly name = "RolledBack"
}

interface Opened<Tx> {
  readonly tx: Tx
  readonly commit: () => void
  readonly rollback: (why: Error) => void
  /** Settles when the driver is through. */
  readonly ended: Promise<unknown>
}

/** Wraps a driver's transaction function. */
export const promised =
  <Tx>(transaction: (body: (tx: Tx) => Promise<void>) => PromiseLike<unknown>) =>
  <A, E, R>(body: (tx: Tx) => Effect.Effect<A, E, R>): Effect.Effect<A, E | unknown, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        restore(open(transaction)),
        ({ tx, commit, rollback, ended }) =>
          Effect.flatMap(Effect.exit(restore(body(tx))), (exit): Effect.Effect<A, unknown> => {
            if (Exit.isSuccess(exit)) commit()
            else rollback(new RolledBack(Cause.hasInterrupts(exit.cause) ? "it was interrupted" : "the handler failed"))
            const through = restore(Effect.tryPromise({ try: () => ended, catch: (error) => error }))
            return Exit.isSuccess(exit) ? Effect.as(through, exit.value) : Effect.andThen(Effect.ignore(through), exit)
          }),
      )
    )

const open = <Tx>(
  transaction: (body: (tx: Tx) => Promise<void>) => PromiseLike<unknown>,
): Effect.Effect<Opened<Tx>, unknown> =>
  Effect.callback((resume) => {
    let state: "opening" | "open" | "abandoned" = "opening"
    let commit!: () => void
    let rollback!: (why: Error) => void
    const verdict = new Promise<void>((resolve, reject) => {
      commit = resolve
      rollback = reject
    })
    // it may come before the driver waits for it
    verdict.catch(() => {})
    const ended = (async () =>
      await transaction(async (tx) => {
        if (state === "abandoned") throw new RolledBack("it was interrupted")
        if (state === "open") {
          throw new Error("the driver ran the transaction a second time: let the message be retried")
        }
        state = "open"
        // `ended` is there when the fiber goes on
        queueMicrotask(() => resume(Effect.succeed({ tx, commit, rollback, ended })))
        await verdict
      }))()
    ended.then(
      () => resume(Effect.fail(new Error("the driver ended the transaction without running it"))),
      (error) => resume(Effect.fail(error)),
    )
    return Effect.sync(() => {
      state = "abandoned"
      rollback(new RolledBack("it was interrupted"))
    })
  })
