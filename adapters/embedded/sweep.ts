/**
 * Deletes auto-delete queues that were read back and whose consumers have not come back: they ended with the process that hosted
 * the broker, and nobody was there to notice.
 *
 * Below `hostBroker.ts`. Without it a call to an app that has ended with the host would wait in such a queue until its deadline,
 * where it is to fail at once. Leaves queues alone that are consumed, or declared anew in the meantime by whoever is.
 */
import { Effect } from "effect"
import type { Content, Engine, QueueSpec } from "../../src/broker/mod.ts"

/** Waits for so many ms, then deletes those that nobody consumes. */
export const sweep = (
  engine: Engine<Content>,
  queues: ReadonlyArray<QueueSpec>,
  comeback: number,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const names = queues.filter(({ autoDelete }) => autoDelete === true).map(({ name }) => name)
    if (names.length === 0) return
    yield* Effect.sleep(comeback)
    const left = names.filter((name) => typeof engine.deleteQueue(name, undefined, { ifUnused: true }) === "number")
    if (left.length > 0) {
      yield* Effect.logDebug(`Nobody came back to ${left.map((name) => `"${name}"`).join(", ")}: deleted`)
    }
  })
