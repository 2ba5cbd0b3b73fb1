/**
 * A value as a body: through its codec, then into bytes; what does not fit either way is a list of misfits.
 *
 * Used wherever something is sent, by `Emitter`, `Caller` and `Serve`.
 */
import { Result } from "effect"
import { type Codec, type Misfit, show } from "../contract/mod.ts"
import { toBytes } from "../wire/mod.ts"

/** The bytes of a value, or why it cannot travel. */
export const bodyOf = (codec: Codec<unknown>, value: unknown): Result.Result<Uint8Array, ReadonlyArray<Misfit>> => {
  const encoded = codec.encode(value)
  if (Result.isFailure(encoded)) return Result.fail(encoded.failure)
  return Result.mapError(
    toBytes(encoded.success),
    ({ detail }) => [{ field: "", value: show(value), expected: `a JSON value (${detail})` }],
  )
}
