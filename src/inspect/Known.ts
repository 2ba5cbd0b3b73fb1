/**
 * What is known of a team before anybody looks into the broker: what modules derive, and who says to be alive.
 *
 * Plain data, filled in by whoever asks. Below it nothing; above it the inventory and what it is compared with.
 */
import type { Instance } from "../runtime/mod.ts"
import type { Binding } from "../transport/mod.ts"

/** A handler that exists in the modules. */
export interface KnownHandler {
  readonly app: string
  readonly name: string
  /** `sales.orderPlaced`, or a schedule's text. */
  readonly subject: string
  readonly queue: string
  /** The fingerprint it reads with; `""`: it has none. */
  readonly schema: string
}

/** What the modules derive. */
export interface Known {
  /** Apps whose handlers are all among `handlers`. */
  readonly apps: ReadonlyArray<string>
  readonly handlers: ReadonlyArray<KnownHandler>
  /** Names of all queues that they would declare. */
  readonly queues: ReadonlyArray<string>
  readonly bindings: ReadonlyArray<Binding>
}

/** A process that may still serve what it said: one that misses heartbeats proves nothing. */
export const mayServe = ({ life, isSelf }: Instance): boolean => !isSelf && life !== "gone"

/** The processes that serve a queue, as far as they were heard. */
export const servers = (
  instances: ReadonlyArray<Instance>,
  queue: string,
): ReadonlyArray<{ readonly instance: Instance; readonly subject: string }> =>
  instances.filter(mayServe).flatMap((instance) =>
    instance.apps.flatMap(({ handlers }) =>
      handlers.flatMap((handler) => isServed(handler, queue) ? [{ instance, subject: handler.subject }] : [])
    )
  )

// a schedule's token has a queue of its own, of which nobody speaks
const isServed = ({ kind, queue }: { readonly kind: string; readonly queue: string }, wanted: string): boolean =>
  queue === wanted || kind === "schedule" && queue.replace(/^warren\.every\./, "warren.token.") === wanted
