/**
 * An Inbox in a SQLite file that the processes of one machine share: a completed message is never handled again.
 *
 * Handlers run beside each other and outside of any transaction; what keeps two from one message is a claim in the file,
 * which its holder renews and which lapses when its process is gone. A process that dies between the handler's end and the
 * mark leaves no mark, so the message is handled again: where that must not be, use a transaction.
 */
import { Clock, Duration, Effect, Exit, Fiber, Layer } from "effect"
import type { SqliteError } from "../../adapters/runtime/mod.ts"
import { Inbox, InboxError, type InboxShape, millis, type Processed } from "../runtime/mod.ts"
import { fronted } from "./fronted.ts"
import { type InboxFile, type InboxFileOptions, openInboxFile, settingsOf } from "./InboxFile.ts"

/** Options of {@link sqliteInbox}. */
export interface SqliteInboxOptions extends InboxFileOptions {
  /**
   * How long a message stays claimed by a process that died. Renewed three times as often while its handler runs, so it
   * has to be longer than anything that stops the process. @default "15 seconds"
   */
  readonly lease?: Duration.Input
}

/**
 * An Inbox for a worker's layer.
 *
 * @example worker({ layer: sqliteInbox({ path: "data/inbox.db" }) })
 */
export const sqliteInbox = (options: SqliteInboxOptions): Layer.Layer<never, SqliteError> => {
  const settings = settingsOf(options)
  const lease = millis("lease", options.lease ?? "15 seconds")
  // "normal": what a power failure takes away is at worst a mark
  return Layer.effect(
    Inbox,
    Effect.flatMap(openInboxFile(settings, "normal"), (file) => file.whenFree(() => makeSqliteInbox(file, lease))),
  )
}

/** Between two looks at a claim that another process holds, ms. */
const lookAgain = 50

const makeSqliteInbox = (file: InboxFile, lease: number): InboxShape => {
  const { sqlite, whenFree } = file
  const claimOf = sqlite.prepare("SELECT until FROM warren_claims WHERE key = ?")
  const claim = sqlite.prepare("INSERT OR REPLACE INTO warren_claims (key, holder, until) VALUES (?, ?, ?)")
  const renewal = sqlite.prepare("UPDATE warren_claims SET until = ? WHERE key = ? AND holder = ?")
  const release = sqlite.prepare("DELETE FROM warren_claims WHERE key = ? AND holder = ?")
  const process = crypto.randomUUID()
  let claims = 0

  /** One look at the file, and the claim if it is free. */
  const tryClaim = (key: string, holder: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      whenFree((): "claimed" | "duplicate" | "held" => {
        if (file.isCompleted(key)) return "duplicate"
        return sqlite.transaction(() => {
          if (file.isCompleted(key)) return "duplicate"
          const until = claimOf.get(key)?.["until"]
          if (until !== undefined && Number(until) > now) return "held"
          claim.run(key, holder, now + lease)
          return "claimed"
        })
      }))

  const waitForClaim = (key: string, holder: string, waited = 0): Effect.Effect<"claimed" | "duplicate", InboxError> =>
    Effect.flatMap(asInboxError(key, "claim", tryClaim(key, holder)), (found) => {
      if (found !== "held") return Effect.succeed(found)
      if (waited < file.wait) {
        return Effect.andThen(Effect.sleep(lookAgain), waitForClaim(key, holder, waited + lookAgain))
      }
      const detail =
        `another process has had it in hand for ${file.wait} ms; it is tried again as the retry policy says`
      return Effect.fail(new InboxError({ key, operation: "claim", detail }))
    })

  const renew = (key: string, holder: string): Effect.Effect<never> =>
    Effect.sleep(lease / 3).pipe(
      Effect.andThen(Clock.currentTimeMillis),
      Effect.flatMap((now) => whenFree(() => renewal.run(now + lease, key, holder))),
      // tried again in time, or the claim lapses
      Effect.catch((error) => Effect.logDebug(error.message)),
      Effect.forever,
    )

  const complete = (key: string, holder: string): Effect.Effect<void, InboxError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      asInboxError(
        key,
        "mark",
        whenFree(() =>
          sqlite.transaction(() => {
            file.mark(key, now)
            release.run(key, holder)
          })
        ),
      ))

  const giveUp = (key: string, holder: string): Effect.Effect<void> =>
    Effect.catch(
      Effect.asVoid(whenFree(() => release.run(key, holder))),
      (error) => Effect.logDebug(`The claim of "${key}" is left to lapse: ${error.message}`),
    )

  return fronted({
    process: <E, R>(key: string, effect: Effect.Effect<unknown, E, R>) =>
      Effect.suspend((): Effect.Effect<Processed, E | InboxError, R> => {
        const holder = `${process}/${++claims}`
        const mark = Effect.as(Effect.andThen(complete(key, holder), file.marked), "processed" as const)
        const work = Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(
            Effect.forkChild(Effect.interruptible(renew(key, holder))),
            (renewing) => Effect.ensuring(restore(effect), Fiber.interrupt(renewing)),
          ).pipe(Effect.andThen(mark))
        )
        return Effect.flatMap(
          waitForClaim(key, holder),
          (found) => found === "duplicate" ? Effect.succeed(found) : work,
        ).pipe(
          // by whatever way it ended without a mark; the claim may just have been made when it was interrupted
          Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : giveUp(key, holder)),
        )
      }),
  })
}

const asInboxError = <A>(
  key: string,
  operation: InboxError["operation"],
  effect: Effect.Effect<A, SqliteError>,
): Effect.Effect<A, InboxError> =>
  Effect.mapError(effect, (error) => new InboxError({ key, operation, detail: error.message }))
