/**
 * Which queues an event goes to, as far as that can be seen: from the bindings, else from who says to listen.
 *
 * Above the ports and presence. It binds nothing, and asks the broker once for all bindings.
 */
import { Effect } from "effect"
import { fits, words } from "../../transport/mod.ts"
import { Exchange } from "../../wire/mod.ts"
import { readQueueName } from "../queueNames.ts"
import type { Scene } from "../Scene.ts"
import type { RoutedQueue } from "./told.ts"

/** What a queue and a key have to do with each other. */
export interface Bound {
  readonly queue: string
  readonly key: string
}

/** The queues of an event. */
export interface Destinations {
  readonly queues: ReadonlyArray<Pick<RoutedQueue, "queue" | "followed">>
  /** Whether these are all. */
  readonly complete: boolean
}

/** Where events go. */
export interface Routes {
  readonly of: (type: string) => Destinations
}

/** How long a source may take, ms; a trace goes on without it. */
const patience = 2_000

/** Every binding of the events; `undefined`: they cannot be seen. */
const bindingsOf = ({ surveyor }: Pick<Scene, "surveyor">): Effect.Effect<ReadonlyArray<Bound> | undefined> => {
  const all: Effect.Effect<ReadonlyArray<Bound> | undefined, unknown> = surveyor.insight !== undefined
    ? surveyor.insight.bindings(Exchange.events)
    : Effect.map(
      surveyor.survey({ prefix: "warren.", exchange: Exchange.events, known: [] }),
      ({ bindings }) => bindings,
    )
  return Effect.timeoutOption(all, patience).pipe(
    Effect.map((found) => found._tag === "Some" ? found.value : undefined),
    Effect.orElseSucceed(() => undefined),
  )
}

/** The queues of live listeners, and what they listen to. */
const listenersOf = ({ core }: Pick<Scene, "core">): ReadonlyArray<Bound> =>
  core.presence.list().filter(({ life }) => life !== "gone").flatMap(({ apps }) =>
    apps.flatMap(({ handlers }) =>
      handlers.flatMap(({ kind, queue, subject }) => kind === "listener" ? [{ queue, key: subject }] : [])
    )
  )

/** Where events go, as things are now. */
export const seeRoutes = (scene: Pick<Scene, "core" | "surveyor">): Effect.Effect<Routes> =>
  Effect.map(bindingsOf(scene), (bindings) => ({
    of: (type) => {
      const key = words(type)
      const bound = (bindings ?? listenersOf(scene)).filter((one) => fits(words(one.key), key))
      const queues = [...new Set(bound.map(({ queue }) => queue))].toSorted().map((queue) => ({
        queue,
        followed: readQueueName(queue).role === "listener",
      }))
      return { queues, complete: bindings !== undefined }
    },
  }))
