/**
 * Puts a small memory in front of an inbox that asks a database.
 *
 * Two deliveries of one message in one process then take turns here, without a connection or a lock for the second, and a
 * repetition soon after is known at once. What is remembered here was completed there before.
 */
import { Effect } from "effect"
import { InboxError, type InboxShape, type Processed } from "../runtime/mod.ts"
import { Turns } from "./Turns.ts"

/** Keys remembered: redelivery to the same process comes soon. */
const remembered = 1_000

/** Longest wait for another delivery of the message to this process, ms: nothing is lost by waiting. */
const longest = 3_600_000

/** The inbox with the memory in front of it. */
export const fronted = (inbox: InboxShape): InboxShape => {
  const completed = new Set<string>()
  const keys = new Map<string, { readonly turns: Turns; users: number }>()
  return {
    process: <E, R>(key: string, effect: Effect.Effect<unknown, E, R>) =>
      Effect.suspend(() => {
        const entry = keys.get(key) ?? { turns: new Turns(), users: 0 }
        keys.set(key, entry)
        entry.users++
        const once = Effect.suspend((): Effect.Effect<Processed, E | InboxError, R> => {
          if (completed.has(key)) return Effect.succeed("duplicate")
          return Effect.tap(inbox.process(key, effect), () =>
            Effect.sync(() => {
              completed.add(key)
              if (completed.size > remembered) completed.delete(completed.values().next().value!)
            }))
        })
        const late = Effect.suspend(() =>
          Effect.fail(
            new InboxError({ key, operation: "claim", detail: "this process has had it in hand for an hour" }),
          )
        )
        return Effect.ensuring(
          entry.turns.take(longest, once, late),
          Effect.sync(() => {
            if (--entry.users === 0) keys.delete(key)
          }),
        )
      }),
  }
}
