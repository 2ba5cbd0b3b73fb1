/**
 * What the tests of the embedded broker share: folders that go by themselves, and messages that are easy to look at.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { Form } from "../../../adapters/embedded/store/Changes.ts"
import type { Entry } from "../../../src/broker/mod.ts"

// in memory where there is such a place: commits must not wait for a disk that others use
const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

/** A folder of its own, removed when the scope closes. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(base, "warren-embedded-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Runs the body of a test to its end, in a scope of its own. */
export const effect = <A, E>(body: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(body))

/** A message of the tests. */
export interface Note {
  readonly text: string
  readonly persistent: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** How it is written down. */
export const form: Form<Note> = {
  isPersistent: ({ persistent }) => persistent,
  write: ({ text, persistent }) => ({
    properties: new Uint8Array([persistent ? 2 : 1]),
    body: encoder.encode(text),
  }),
  read: ({ properties, body }) => {
    if (properties.length !== 1) throw new TypeError("there is one property")
    return { text: decoder.decode(body), persistent: properties[0] === 2 }
  },
}

/** A note. */
export const note = (text: string, persistent = true): Note => ({ text, persistent })

/** A message with a note in it. */
export const entry = (
  queue: string,
  id: number,
  packet: Note,
  more: Partial<Entry<Note>> = {},
): Entry<Note> => ({
  queue,
  id,
  place: id,
  exchange: "warren.events",
  key: "sales.orderPlaced",
  expiresAt: undefined,
  packet,
  redelivered: false,
  returns: 0,
  ...more,
})
