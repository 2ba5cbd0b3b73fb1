/**
 * What is said in a chaos run: one api, and what is planned to become of each of its events.
 *
 * Shared by emitters, workers and the judge; calls are planned in `calls.ts`. Events are numbered over all keys in turn, so that
 * a number tells its key and its place; what a number is destined for is arithmetic, and nobody has to be told.
 */
import { Schema } from "effect"
import { api, call, event } from "warren"

/** A call's number, and when its caller stops waiting: ms since the epoch, on the one clock that all processes have. */
const question = { n: Schema.Int, until: Schema.Int }

/** The api of the run. */
export const Chaos = api("chaos", {
  happened: event({ n: Schema.Int, key: Schema.Int }),
  /** May be run twice. */
  look: call(question, { returns: Schema.Int, idempotent: true }),
  /** May not. */
  charge: call(question, { returns: Schema.Int }),
  /** May not either, and asks another worker to charge. */
  relay: call(question, { returns: Schema.Int }),
})

/** The app of all workers. */
export const app = "chaos"

/** The listeners, by their exports' names. */
export const listeners = ["plain", "dedupe", "effect", "ordered", "stumbling"] as const

/** One of the listeners. */
export type ListenerName = typeof listeners[number]

/** Keys of one emitter; events of a key are emitted one after another. */
export const keysEach = 16

/** What becomes of an event in the listener that stumbles: handled, handled at the second try, or dead-lettered. */
export const fateOf = (n: number): "handled" | "stumbles" | "dies" =>
  n % 397 === 7 ? "dies" : n % 53 === 3 ? "stumbles" : "handled"

/** Longest wait for a confirm, ms. */
export const timeout = 5_000

/** What has no outcome so long after its deadline hangs, ms. */
export const patience = 1_000

/** The files of a run, in its folder. */
export const files = { inbox: "inbox.db", effects: "effects.db" } as const
