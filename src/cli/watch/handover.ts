/**
 * Moves the queued messages of one in-process broker to that of the process which takes its place.
 *
 * Takes along what waits: events, ticks, retries with the time they still have to wait, dead letters. Leaves what is in
 * a handler's hand (it is finished where it is) and calls and replies, whose callers are in that process too.
 */
import type { Engine, SavedMessage, Snapshot } from "../../broker/mod.ts"

/** Messages as they travel: bodies as base64, queues declared where they are unknown. */
export interface SavedMessages {
  readonly queues: Snapshot["queues"]
  readonly messages: ReadonlyArray<Omit<SavedMessage, "packet"> & { readonly packet: unknown; readonly body: string }>
}

/** Queues that outlive a process. */
const lasting = /^warren\.(on|every|retry|dead)\./

/** Takes the waiting messages out of an engine. */
export const takeOut = (engine: Engine): SavedMessages => {
  const { queues, messages } = engine.snapshot({ held: false })
  const kept = messages.filter(({ queue }) => lasting.test(queue))
  const names = new Set(kept.map(({ queue }) => queue))
  for (const name of names) engine.purge(name)
  return {
    queues: queues.filter(({ name }) => names.has(name)),
    messages: kept.map(({ packet: { body, ...packet }, ...saved }) => ({
      ...saved,
      packet,
      body: Buffer.from(body).toString("base64"),
    })),
  }
}

/**
 * Puts messages into an engine, before those that wait there. Says which queues nobody has here, with their messages:
 * their handler is gone or has another name.
 */
export const putIn = (engine: Engine, { queues, messages }: SavedMessages): ReadonlyMap<string, number> => {
  const strange = queues.filter(({ name }) => engine.queue(name) === undefined).map(({ name }) => name)
  engine.restore({
    exchanges: [],
    queues,
    bindings: [],
    messages: messages.map(({ packet, body, ...saved }) => ({
      ...saved,
      packet: { ...packet as SavedMessage["packet"], body: new Uint8Array(Buffer.from(body, "base64")) },
    })),
  })
  return new Map(strange.map((name) => [name, messages.filter(({ queue }) => queue === name).length]))
}
