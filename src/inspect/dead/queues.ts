/**
 * Where dead letters lie: every app's queue that can be seen, and what is read of them.
 *
 * Above the scene's ports. Reading has a bound for each queue, from the oldest on, and whoever is told of letters is told how
 * many of how many were read.
 */
import { Effect } from "effect"
import type { Peeked, StewardError } from "../../transport/mod.ts"
import { Exchange, QueueName } from "../../wire/mod.ts"
import { readQueueName } from "../queueNames.ts"
import type { Scene } from "../Scene.ts"
import { InspectError } from "../Verb.ts"
import { type Letter, readLetter } from "./Letter.ts"
import type { Roster } from "./Roster.ts"

/** Letters of a queue that are read unless somebody wants more, and bytes of their payloads. */
export const usualLimit = 20_000
const bytes = 128 * 1024 * 1024
/** Queues that are read at a time. */
const atOnce = 2

/** What was read of a queue of dead letters. */
export interface QueueRead {
  readonly queue: string
  readonly app: string
  /** Letters that were ready when it was read. */
  readonly ready: number
  readonly read: number
  /** Consumers that it has, which nobody should be: what they hold was not seen. */
  readonly consumers: number
}

/** Queues, and whether there may be others. */
export interface DeadQueues {
  readonly queues: ReadonlyArray<string>
  /** Whether all were seen, rather than those of apps that somebody knows. */
  readonly complete: boolean
}

/** A steward's error as one of inspection. */
export const failedTo = (error: StewardError): InspectError => new InspectError({ problem: error.message })

/** The queues of dead letters that are there, those of one app if it is named. */
export const deadQueues = Effect.fnUntraced(function* (
  { steward, surveyor }: Scene,
  roster: Roster,
  app: string | undefined,
): Effect.fn.Return<DeadQueues, InspectError> {
  const known = new Set([...app === undefined ? roster.apps : [app]].map(QueueName.dead))
  const survey = yield* Effect.mapError(
    surveyor.survey({ prefix: "warren.dead.", exchange: Exchange.events, known: [...known] }),
    failedTo,
  )
  // a source that lists may be some seconds behind
  const names = new Set([...survey.queues.map(({ name }) => name), ...known])
  const wanted = [...names].filter((name) => {
    const { role, app: its } = readQueueName(name)
    return role === "dead" && (app === undefined || its === app)
  }).sort()
  const there = yield* Effect.mapError(
    Effect.filter(wanted, (name) => Effect.map(steward.look(name), (facts) => facts !== undefined), {
      concurrency: 4,
    }),
    failedTo,
  )
  return { queues: there, complete: survey.complete || app !== undefined }
})

/** Reads queues, and tells of each letter; `visit` is synchronous and must not throw. */
export const readQueues = (
  { steward }: Scene,
  queues: ReadonlyArray<string>,
  limit: number,
  visit: (letter: Letter, message: Peeked) => void,
): Effect.Effect<ReadonlyArray<QueueRead>, InspectError> =>
  Effect.mapError(
    Effect.forEach(
      queues,
      (queue) =>
        Effect.map(
          steward.browse(queue, { messages: limit, bytes }, (message) => visit(readLetter(queue, message), message)),
          ({ ready, read, others }): QueueRead => ({
            queue,
            app: readQueueName(queue).app,
            ready,
            read,
            consumers: others,
          }),
        ),
      { concurrency: atOnce },
    ),
    failedTo,
  )
