/**
 * Notices of version 1 as bytes and back: a JSON object with a limit on its size.
 *
 * Below the files that say what such notices hold. Pure; what cannot be written or read is nothing.
 */
import { Option } from "effect"
import { fromBytes, toBytes } from "./json.ts"

/** The body of a notice; `undefined`: it is too long. */
export const writeNotice = (said: object, limit: number): Uint8Array | undefined => {
  const bytes = toBytes({ v: 1, ...said })
  return bytes._tag === "Success" && bytes.success.length <= limit ? bytes.success : undefined
}

/** What a body says; `undefined` for anything that is too long, or that `decode` does not know. */
export const readNotice = <A>(
  decode: (json: unknown) => Option.Option<A>,
  body: Uint8Array,
  limit: number,
): A | undefined => {
  if (body.length > limit) return undefined
  const json = fromBytes(body)
  return json._tag === "Success" ? Option.getOrUndefined(decode(json.success)) : undefined
}
