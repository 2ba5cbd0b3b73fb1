/**
 * Remembers which messages a handler has completed, so that `dedupe` can skip them.
 *
 * Marks completion, never receipt: a handler that fails or dies leaves no mark. The memory kept here serves
 * one process; an app with several instances provides an Inbox they share (SQLite, or its own SQL transaction).
 */
import { Context, Effect, Exit, Schema, Semaphore } from "effect"

/** Whether the handler ran or had run before. */
export type Processed = "processed" | "duplicate"

/** An Inbox that could not look a message up, or mark it: the handler counts as failed, and its message is retried. */
export class InboxError extends Schema.TaggedError<InboxError>()("InboxError", {
  key: Schema.String,
  operation: Schema.Literals(["claim", "mark"]),
  detail: Schema.String,
}) {
  override get message(): string {
    const what = this.operation === "claim" ? `claim "${this.key}"` : `mark "${this.key}" as completed`
    return `Cannot ${what} in the inbox: ${this.detail}`
  }
}

/** The service behind `dedupe`. */
export interface InboxShape {
  /**
   * Runs `effect` unless `key` was completed before, and marks it on success. Two at once with one key run
   * one after the other, or the second fails. `key` is `handler` and message id. The effect may be given services, such
   * as the transaction that it runs in: handlers find them where they find those of their layer.
   */
  readonly process: <E, R>(
    key: string,
    effect: Effect.Effect<unknown, E, R>,
  ) => Effect.Effect<Processed, E | InboxError, R>
}

/** Keys kept by the memory: enough for every redelivery a broker makes, about 20 MB. */
const capacity = 100_000

/** An inbox in memory; forgets the oldest beyond {@link capacity} keys and everything at exit. */
export const makeMemoryInbox = (limit: number = capacity): InboxShape => {
  const completed = new Set<string>()
  const locks = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return {
    process: (key, effect) =>
      Effect.suspend(() => {
        const lock = locks.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
        locks.set(key, lock)
        lock.users++
        return lock.semaphore.withPermits(1)(Effect.suspend(() => {
          if (completed.has(key)) return Effect.succeed<Processed>("duplicate")
          return Effect.onExit(Effect.as(effect, "processed" as const), (exit) =>
            Effect.sync(() => {
              if (Exit.isFailure(exit)) return
              completed.add(key)
              if (completed.size > limit) completed.delete(completed.values().next().value!)
            }))
        })).pipe(Effect.ensuring(Effect.sync(() => {
          if (--lock.users === 0) locks.delete(key)
        })))
      }),
  }
}

/** The inbox in force; by default one in the memory of this process. */
export const Inbox = Context.Reference<InboxShape>("warren/runtime/Inbox", {
  defaultValue: () => makeMemoryInbox(),
})
