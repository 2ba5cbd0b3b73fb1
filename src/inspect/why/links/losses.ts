/**
 * Whether messages were lost on the way: confirmed into a queue, and never come to anybody.
 *
 * Pure. Compares what senders count with what listeners count, and only where both tell the whole story: nothing is under way,
 * and every listener was there before any sender. Says nothing where it cannot be sure.
 */
import type { Evidence } from "../Evidence.ts"
import { living, posts, remembered } from "../Team.ts"
import { count, list } from "../words.ts"

/** Fewer than that, or a smaller part, are no loss: a process that is gone may have had them. */
const least = { messages: 3, part: 0.5 }
/** So long after the last one everything is at rest, ms. */
const rest = 1_000

/** What was lost, in words; `undefined`: nothing, or it cannot be told. */
export const lossOf = ({ team, target, at, now, question: { subject } }: Evidence): string | undefined => {
  const all = posts(team, target?.queue ?? "")
  const sent = living(team).flatMap((process) =>
    (process.stats?.sent ?? []).flatMap((one) => one.type === subject && one.done > 0 ? [{ process, one }] : [])
  )
  if (all.length === 0 || sent.length === 0 || !at.now.known || at.now.value?.ready !== 0) return undefined
  if (all.some(({ handler }) => handler.inHand > 0) || sent.some(({ one }) => now - (one.lastDone ?? now) < rest)) {
    return undefined
  }
  const begun = Math.max(...all.map(({ process }) => process.stats?.startedAt ?? now))
  if (sent.some(({ process }) => (process.stats?.startedAt ?? 0) < begun)) return undefined
  const known = new Set(all.map(({ process }) => process.instance))
  // another process of the app may have had its part
  const others = remembered(team, target?.app ?? "")?.instances.filter(({ instance, seen }) =>
    !known.has(instance) && seen >= begun
  )
  if (others !== undefined && others.length > 0) return undefined
  const done = sent.reduce((sum, { one }) => sum + one.done, 0)
  const came = all.reduce(
    (sum, { handler: { handled, failed, skipped, dead } }) => sum + Math.max(handled + failed, dead) + skipped,
    0,
  )
  const waiting = at.retries.known ? at.retries.value.length : 0
  const letters = at.letters.known ? at.letters.value.length : 0
  const lost = done - came - waiting - letters
  return lost < least.messages || lost < done * least.part
    ? undefined
    : `${list(sent.flatMap(({ process }) => process.apps))} emitted ${
      count(done, "message")
    } while it ran, and ${came} came to it`
}
