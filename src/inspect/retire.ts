/**
 * Removes the queue of a handler that does not exist any more, and loses nothing that nobody allowed to lose.
 *
 * Above the steward's port. First no more events come in (unbind), then what waits in the retry tiers for this queue is
 * looked for, since it would come back to a queue that is gone; then messages are moved or dropped as allowed, and
 * the queue is removed, which the steward refuses where somebody consumes it or another message has come.
 */
import { Effect, Exit } from "effect"
import type { Peeked, Steward, StewardError } from "../transport/mod.ts"
import { Exchange, Header, QueueName, retryTiers } from "../wire/mod.ts"
import type { Orphan } from "./inventory.ts"

/** What becomes of messages: kept with their queue, moved to the app's dead letters, or dropped. */
export type Policy = "keep" | "to-dead" | "discard"

/** Messages of an orphan that are looked at: each look counts as a delivery. */
const shown = 3
/** Messages of a retry tier that are looked through. */
const searched = 500
/** Messages that come while others are moved are moved after them, so often. */
const rounds = 10

/** An orphan as people see it before it goes. */
export interface Preview {
  readonly orphan: Orphan
  /** The first messages. */
  readonly first: ReadonlyArray<Peeked>
  /** Retries that are on their way back to it. `null`: there are more retries than were looked through. */
  readonly retries: number | null
}

/** Looks at the orphans' first messages, and once for the retries of all of them. */
export const previewOrphans = Effect.fnUntraced(function* (
  steward: Steward,
  orphans: ReadonlyArray<Orphan>,
): Effect.fn.Return<ReadonlyArray<Preview>, StewardError> {
  const waiting = orphans.some(({ role }) => role !== "token")
    ? yield* retriesByQueue(steward)
    : { isAll: true, byQueue: new Map<string, number>() }
  return yield* Effect.forEach(
    orphans,
    Effect.fnUntraced(function* (orphan) {
      const isToken = orphan.role === "token"
      const found = waiting.byQueue.get(orphan.name) ?? 0
      return {
        orphan,
        first: isToken || orphan.ready === 0 ? [] : yield* steward.peek(orphan.name, shown),
        retries: isToken || waiting.isAll || found > 0 ? found : null,
      }
    }),
  )
})

/** Whose retries wait in the tiers; `isAll`: every one was looked at. */
const retriesByQueue = Effect.fnUntraced(function* (steward: Steward) {
  const byQueue = new Map<string, number>()
  let isAll = true
  for (const [tier] of retryTiers) {
    const name = QueueName.retry(tier)
    const facts = yield* steward.look(name)
    if (facts === undefined || facts.ready === 0) continue
    if (facts.ready === null || facts.ready > searched) {
      isAll = false
      continue
    }
    for (const { key } of yield* steward.peek(name, searched)) byQueue.set(key, (byQueue.get(key) ?? 0) + 1)
  }
  return { isAll, byQueue }
})

/** What became of an orphan. `retries` find no queue when they come back; `null`: perhaps some. */
export type Retired =
  | {
    readonly _tag: "Removed"
    readonly queue: string
    readonly moved: number
    readonly discarded: number
    readonly retries: number | null
  }
  | { readonly _tag: "Kept"; readonly queue: string; readonly moved: number; readonly why: string }

/** Removes an orphan, if its messages allow it; one that is kept is bound as it was. */
export const retireOrphan = Effect.fnUntraced(function* (
  steward: Steward,
  preview: Preview,
  policy: Policy,
  now: number,
): Effect.fn.Return<Retired, StewardError> {
  const { name: queue, role, app, events } = preview.orphan
  const keep = (why: string): Retired => ({ _tag: "Kept", queue, moved: 0, why })
  // a token says who makes ticks, and holds nothing of anybody's
  const retries = role === "token" ? 0 : preview.retries
  const facts = yield* steward.look(queue)
  if (facts === undefined) return { _tag: "Removed", queue, moved: 0, discarded: 0, retries: 0 }
  if ((facts.consumers ?? 0) > 0) return keep("somebody consumes it now")
  if (role !== "token" && policy !== "discard") {
    if (facts.ready !== 0 && policy === "keep") {
      const held = facts.ready === null ? "messages that were not counted" : plural(facts.ready)
      return keep(`it holds ${held}: --to-dead moves them to ${QueueName.dead(app)}, --discard drops them`)
    }
    if (retries === null) {
      return keep("more retries wait than were looked through, perhaps some for it: try again later, or --discard")
    }
    if (retries > 0) {
      return keep(`${plural(retries)} will come back to it as retries within an hour: try again then, or --discard`)
    }
  }
  const bindings = (events ?? []).map((key) => ({ exchange: Exchange.events, queue, key }))
  const rebind = Effect.forEach(bindings, (binding) => Effect.ignore(steward.bind(binding)), { discard: true })
  yield* Effect.forEach(bindings, (binding) => steward.unbind(binding), { discard: true })
  return yield* empty(steward, preview.orphan, role === "token" ? "discard" : policy, now).pipe(
    Effect.map((one) => one._tag === "Removed" ? { ...one, retries, ...(role === "token" && { discarded: 0 }) } : one),
    Effect.onExit((exit) => Exit.isSuccess(exit) && exit.value._tag === "Removed" ? Effect.void : rebind),
  )
})

/** Moves what it holds, where that is wanted, and removes it. Nothing comes in as an event any more. */
const empty = Effect.fnUntraced(function* (
  steward: Steward,
  { name: queue, app, rest }: Orphan,
  policy: Policy,
  now: number,
): Effect.fn.Return<Retired, StewardError> {
  let moved = 0
  const allowed = policy === "discard" ? Number.POSITIVE_INFINITY : 0
  for (let round = 1;; round++) {
    const some = policy === "to-dead"
      ? yield* steward.move(queue, QueueName.dead(app), story(`${app}.${rest}`, now))
      : 0
    moved += some
    const removed = yield* Effect.result(steward.remove(queue, allowed))
    if (removed._tag === "Success") return { _tag: "Removed", queue, moved, discarded: removed.success, retries: 0 }
    const { reason, message } = removed.failure
    // the consumer that moved the messages may still be counted
    if (reason._tag === "InUse" && moved > 0 && round < rounds) {
      yield* Effect.sleep("200 millis")
      continue
    }
    if (reason._tag === "NotFound") return { _tag: "Removed", queue, moved, discarded: 0, retries: 0 }
    if (reason._tag !== "InUse" && reason._tag !== "NotEmpty") return yield* removed.failure
    // somebody sends to it by its name
    const isWorthwhile = reason._tag === "NotEmpty" && some > 0 && round < rounds
    if (!isWorthwhile) return { _tag: "Kept", queue, moved, why: `${message} since it was looked at` }
  }
})

const story = (handler: string, now: number) => ({
  [Header.deadReason]: "retired",
  [Header.deadError]: `the handler "${handler}" does not exist any more, and its queue was retired`,
  [Header.deadHandler]: handler,
  [Header.deadAt]: now,
})

const plural = (count: number): string => `${count} ${count === 1 ? "message" : "messages"}`
