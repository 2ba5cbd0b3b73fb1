/**
 * The contract of an event or a call that is known by what runs, and by no module at hand: JSON in, JSON out.
 *
 * Made from the JSON Schema that processes tell, so that the console can say what it can complete. A payload that the schema
 * refuses for certain is not sent: of an event nobody would say so. Values and errors stay what they are as JSON.
 */
import { Result, Schema } from "effect"
import { api, call, type Codec, type ContractSpec, event, type JsonSchema, show } from "../../contract/mod.ts"
import { refuses, type SchemaContract } from "../../inspect/mod.ts"

/** Makes it; `undefined`: its name is none that could be said. */
export const openContract = (told: SchemaContract): ContractSpec | undefined => {
  const dot = told.type.indexOf(".")
  const [name, member] = [told.type.slice(0, dot), told.type.slice(dot + 1)]
  const codec = codecOf(told.payload, told.fingerprint)
  try {
    const options = { version: told.version, expose: told.exposed }
    if (told.kind === "event") {
      const made = api(name, { [member]: event(Schema.Unknown) }, options)[member]!
      return { ...made, codec }
    }
    const made = api(name, { [member]: call(Schema.Unknown, { returns: Schema.Unknown }) }, options)[member]!
    const open = {
      ...made,
      codec,
      returnsCodec: codecOf(told.returns ?? true, ""),
      failsCodec: { ...codecOf(told.fails ?? true, ""), decode: (json: unknown) => Result.succeed(errorOf(json)) },
      idempotent: told.idempotent === true,
    }
    return open
  } catch {
    // names that no api may have
    return undefined
  }
}

const codecOf = (schema: JsonSchema | boolean, fingerprint: string): Codec<unknown> => {
  const document = typeof schema === "boolean" ? {} : schema
  return {
    encode: (value) =>
      refuses(schema, value)
        ? Result.fail([{ field: "", value: show(value), expected: "what its JSON Schema says (`warren schema dump`)" }])
        : Result.succeed(value),
    decode: (json) => Result.succeed(json),
    fingerprint,
    jsonSchema: document,
    markedSchema: document,
  }
}

/** A declared error, with the tag and the message that it has. */
const errorOf = (json: unknown): Error => {
  const { _tag, message } = (json ?? {}) as { readonly _tag?: unknown; readonly message?: unknown }
  const tag = typeof _tag === "string" ? _tag : "Error"
  const error = new Error(typeof message === "string" ? message : `${tag}: ${show(json)}`)
  return Object.assign(error, { _tag: tag })
}
