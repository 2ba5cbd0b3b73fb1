/**
 * The kinds of schema a contract accepts, as types: a whole schema, or the fields of a struct.
 *
 * Everything here is erased at run time except `toSchema`. Schemas that need services to encode or
 * decode are not accepted: a message must be readable by whoever holds its contract.
 */
import { Schema } from "effect"

/** Any schema that encodes and decodes by itself. */
export type AnySchema = Schema.ConstraintCodec<unknown, unknown>

/** The schema of a declared error: an object with a `_tag`. */
export type AnyErrorSchema = Schema.ConstraintCodec<{ readonly _tag: string }, unknown>

/** What stands where a schema is expected: struct fields, or a schema. */
export type SchemaInput = Schema.Struct.Fields | AnySchema

/** The schema a {@link SchemaInput} stands for. */
export type ToSchema<I> = I extends AnySchema ? I
  : I extends Schema.Struct.Fields ? Schema.Struct<I> extends infer S extends AnySchema ? S : never
  : never

/** The fields as a struct; a schema as it is, and so is what is neither, for `misfitIn` to find. */
export const toSchema = <const I extends SchemaInput>(input: I): ToSchema<I> =>
  (Schema.isSchema(input) || misfitIn(input) !== undefined
    ? input
    : Schema.Struct(input as Schema.Struct.Fields)) as unknown as ToSchema<I>

/** What keeps a value from being a schema, or the fields of one; `undefined`: nothing. */
export const misfitIn = (input: unknown): string | undefined => {
  if (Schema.isSchema(input)) return undefined
  if (typeof input !== "object" || input === null) return `${String(input)} is no schema`
  const field = Object.entries(input).find(([, schema]) => !Schema.isSchema(schema))
  return field === undefined ? undefined : `the field "${field[0]}" is no schema; use one such as Schema.String`
}

/** Part of a value: objects may lack keys, at any depth; everything else is whole. */
export type Part<T> = T extends ReadonlyArray<unknown> ? T
  : T extends (...args: never) => unknown ? T
  : T extends object ? { readonly [K in keyof T]?: Part<T[K]> }
  : T
