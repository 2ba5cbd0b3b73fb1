/**
 * Prints values as JSON, on several lines for a person at a terminal, on one for a pipe; and lines without end.
 */
import { Console, Effect } from "effect"
import process from "node:process"

/** Writes a value to standard output. */
export const printJson = (value: unknown): Effect.Effect<void> =>
  Console.log(JSON.stringify(value, null, process.stdout.isTTY === true ? 2 : undefined))

/**
 * Writes a line to standard output, and waits until there is room for the next one. Unlike the console it notices on every
 * runtime that nobody reads it any more (`untilEnded`): Bun's and Deno's write on and on.
 */
export const printLine = (line: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const { stdout } = process
    if (stdout.write(`${line}\n`)) return resume(Effect.void)
    const drained = () => resume(Effect.void)
    stdout.once("drain", drained)
    return Effect.sync(() => stdout.off("drain", drained))
  })
