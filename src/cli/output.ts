/**
 * Prints a value as JSON: on several lines for a person at a terminal, on one for a pipe.
 */
import { Console, Effect } from "effect"
import process from "node:process"

/** Writes a value to standard output. */
export const printJson = (value: unknown): Effect.Effect<void> =>
  Console.log(JSON.stringify(value, null, process.stdout.isTTY === true ? 2 : undefined))
