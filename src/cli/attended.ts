/**
 * Whether somebody at the terminal can be asked before something is changed.
 *
 * In the console nobody can: it reads there itself, and what would ask wants its flag instead.
 */
import { Effect } from "effect"
import process from "node:process"
import { CurrentSession } from "./Session.ts"

/** See the top of the file. */
export const isAttended: Effect.Effect<boolean> = Effect.gen(function* () {
  const session = yield* CurrentSession
  return session === undefined && process.stdin.isTTY === true && process.stdout.isTTY === true
})
