/**
 * Where a dead letter goes to be handled once more: the queue of the handler that it comes from, or of one that is named.
 *
 * Above the roster and the steward, which alone says whether a queue is there. Refuses to guess: whose handler is gone is
 * told who may be meant.
 */
import { Effect } from "effect"
import type { QueueFacts } from "../../transport/mod.ts"
import { QueueName } from "../../wire/mod.ts"
import { readQueueName } from "../queueNames.ts"
import type { Scene } from "../Scene.ts"
import type { InspectError } from "../Verb.ts"
import { isTick } from "./fit.ts"
import type { Letter } from "./Letter.ts"
import { failedTo } from "./queues.ts"
import { meant, type Roster, subjectOf } from "./Roster.ts"

/** A queue to go to, or why there is none. */
export type Destination =
  | { readonly isThere: true; readonly handler: string; readonly queue: string; readonly consumers: number | null }
  | { readonly isThere: false; readonly why: string; readonly remedy: string }

/** Destinations that were found out, for letters that are seen later. */
export interface Destinations {
  /** `undefined`: it has to be looked up first. */
  readonly of: (letter: Letter) => Destination | undefined
  readonly lookUp: (letter: Letter) => Effect.Effect<Destination, InspectError>
}

/** Looks up where letters go; `to`: all of them go to that `app.handler`. */
export const makeDestinations = (scene: Scene, roster: Roster, to: string | undefined): Destinations => {
  const known = new Map<string, Destination>()
  const wayOf = ({ handler, from, type }: Letter) => JSON.stringify([handler, from, type])
  return {
    of: (letter) => known.get(wayOf(letter)),
    lookUp: Effect.fnUntraced(function* (letter) {
      const found = known.get(wayOf(letter)) ?? (yield* destinationOf(scene, roster, letter, to))
      known.set(wayOf(letter), found)
      return found
    }),
  }
}

const destinationOf = Effect.fnUntraced(function* (
  { steward }: Scene,
  roster: Roster,
  letter: Letter,
  to: string | undefined,
): Effect.fn.Return<Destination, InspectError> {
  const label = to ?? letter.handler
  if (label === null || label.indexOf(".") < 1) {
    return refused(
      label === null ? "nobody says which handler it comes from" : `"${label}" names no handler`,
      `Say which is to have it: --to app.handler`,
    )
  }
  const subject = to === undefined ? undefined : subjectOf(roster, to)
  if (subject !== undefined && subject !== letter.type) {
    return refused(`"${to}" takes "${subject}", and the letter is "${letter.type}"`, meaning(roster, label, letter))
  }
  const queues = queuesOf(label, letter, roster, to)
  for (const queue of queues) {
    const facts: QueueFacts | undefined = yield* Effect.mapError(steward.look(queue), failedTo)
    if (facts !== undefined) return { isThere: true, handler: label, queue, consumers: facts.consumers }
  }
  return refused(
    `there is no queue "${queues[0]}": the handler "${label}" was renamed or removed, or its app never ran here`,
    meaning(roster, label, letter),
  )
})

/** Queues in which a handler may wait for it, the likeliest first. */
const queuesOf = (
  label: string,
  letter: Letter,
  roster: Roster,
  to: string | undefined,
): ReadonlyArray<string> => {
  const dot = label.indexOf(".")
  const [app, name] = [label.slice(0, dot), label.slice(dot + 1)]
  const { from } = letter
  if (to === undefined && from !== null && ["listener", "schedule"].includes(readQueueName(from).role)) return [from]
  const own = roster.handlers.get(label)?.queue
  const both = [QueueName.listener(app, name), QueueName.schedule(app, name)]
  return [...new Set([...own === undefined ? [] : [own], ...isTick(letter, roster) ? both.toReversed() : both])]
}

const meaning = (roster: Roster, label: string, { type }: Letter): string => {
  const near = meant(roster, label, type)
  return near.length === 0
    ? "Start its app once, so that the queue is declared, or name another handler: --to app.handler"
    : `Did you mean ${near.map((one) => `--to ${one}`).join(" or ")}?`
}

const refused = (why: string, remedy: string): Destination => ({ isThere: false, why, remedy })
