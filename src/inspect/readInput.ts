/**
 * Reads what a verb is given, and says what is wrong with it.
 */
import { Effect, Schema } from "effect"
import { InspectError } from "./Verb.ts"

/** The input as the verb wants it; nothing at all counts as `{}`. */
export const readInput = <S extends Schema.Codec<unknown, unknown>>(
  verb: string,
  schema: S,
  input: unknown,
): Effect.Effect<S["Type"], InspectError> =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(input ?? {}),
    ({ message }) =>
      new InspectError({ problem: `"${verb}" cannot read what it was given: ${message.split("\n").join(" ")}` }),
  )
