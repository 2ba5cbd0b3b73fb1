/**
 * One schema, compiled for the wire: JSON value in, typed value out, and the reverse.
 *
 * Contracts hold one codec per schema and build it on first use, so that declaring a large api costs
 * nothing at start-up. Bytes are not made here: `src/wire` turns JSON values into bytes.
 */
import { createHash } from "node:crypto"
import { Cause, Effect, Exit, Option, Result, Schema, SchemaIssue, SchemaParser } from "effect"
import { codeIn, codeKeyword, markedDocument } from "./marks.ts"
import type { AnySchema } from "./Schemas.ts"

/** One thing that does not fit: where, what was there, what was expected. */
export interface Misfit {
  /** Path to the value, for example `items[2].sku`; empty for the whole value. */
  readonly field: string
  /** The offending value, as text of at most 200 characters. */
  readonly value: string
  /** What the schema wanted there. */
  readonly expected: string
}

/** Encodes and decodes values of one schema; failures list every misfit. */
export interface Codec<T> {
  readonly encode: (value: unknown) => Result.Result<unknown, ReadonlyArray<Misfit>>
  readonly decode: (json: unknown) => Result.Result<T, ReadonlyArray<Misfit>>
  /** 16 hex digits over the shape of the encoded form; annotations such as descriptions do not count. */
  readonly fingerprint: string
  /** JSON Schema (draft 2020-12) of the encoded form. */
  readonly jsonSchema: JsonSchema
  /** The same, with marks where more is refused than it says; see `marks.ts`. */
  readonly markedSchema: JsonSchema
}

/** A JSON Schema document. */
export type JsonSchema = { readonly [key: string]: unknown }

/** Compiles a schema; nothing happens before the first use of a member. */
export const makeCodec = <S extends AnySchema>(schema: S): Codec<S["Type"]> => new LazyCodec<S["Type"]>(schema)

class LazyCodec<T> implements Codec<T> {
  readonly #schema: AnySchema
  #coder: Coder<T> | undefined
  #document: JsonSchema | undefined
  #marked: JsonSchema | undefined
  #fingerprint: string | undefined

  constructor(schema: AnySchema) {
    this.#schema = schema
  }

  encode(value: unknown): Result.Result<unknown, ReadonlyArray<Misfit>> {
    try {
      const coder = this.#coder ??= compile<T>(this.#schema)
      const result = coder.encode(value)
      if (Result.isSuccess(result)) return Result.succeed(result.success)
      // plain objects where the schema has a class, and absent keys with defaults: construct, then encode
      const made = coder.make(value)
      if (Result.isFailure(made)) return Result.fail(misfits(value, made.failure.issue))
      return Result.mapError(coder.encode(made.success), ({ issue }) => misfits(value, issue))
    } catch (error) {
      return Result.fail(unreadable(value, error))
    }
  }

  decode(json: unknown): Result.Result<T, ReadonlyArray<Misfit>> {
    try {
      const coder = this.#coder ??= compile<T>(this.#schema)
      const result = coder.decode(json)
      if (Result.isSuccess(result)) return Result.succeed(result.success)
      // a large value from foreign hands could have misfits by the hundred thousand: of it only the first is told
      const told = hasAtMost(mostListed, json) ? coder.decodeAll(json) : result
      return Result.mapError(told, ({ issue }) => misfits(json, issue))
    } catch (error) {
      return Result.fail(unreadable(json, error))
    }
  }

  get jsonSchema(): JsonSchema {
    return this.#document ??= toDocument(this.#schema)
  }

  get markedSchema(): JsonSchema {
    return this.#marked ??= marked(this.#schema, this.jsonSchema)
  }

  get fingerprint(): string {
    return this.#fingerprint ??= createHash("sha256").update(canonical(this.jsonSchema)).digest("hex").slice(0, 16)
  }
}

/** Parts of a value of which every misfit is listed. */
const mostListed = 1_000

/** Whether a JSON value has at most so many parts, at all depths; stops counting beyond. */
const hasAtMost = (most: number, json: unknown): boolean => {
  const waiting: Array<unknown> = [json]
  for (let seen = 1; waiting.length > 0; seen++) {
    if (seen + waiting.length - 1 > most) return false
    const value = waiting.pop()
    if (typeof value !== "object" || value === null) continue
    const parts = Object.values(value)
    if (parts.length > most) return false
    waiting.push(...parts)
  }
  return true
}

type Outcome<A> = Result.Result<A, { readonly issue: SchemaIssue.Issue }>

interface Coder<T> {
  readonly encode: (value: unknown) => Outcome<unknown>
  readonly make: (value: unknown) => Outcome<T>
  readonly decode: (json: unknown) => Outcome<T>
  readonly decodeAll: (json: unknown) => Outcome<T>
}

const compile = <T>(schema: AnySchema): Coder<T> => {
  const codec = schema as Schema.Codec<T, unknown>
  const json = Schema.toCodecJson(codec)
  const make = SchemaParser.makeEffect(codec)
  return {
    encode: Schema.encodeUnknownResult(json),
    make: (value) => {
      const exit = Effect.runSyncExit(Effect.mapError(make(value, { parseOptions: all }), (issue) => ({ issue })))
      if (Exit.isSuccess(exit)) return Result.succeed(exit.value)
      return Option.match(Exit.findErrorOption(exit), {
        onSome: (failure) => Result.fail(failure),
        onNone: () => Result.fail({ issue: new SchemaIssue.InvalidValue(undefined, value) }),
      })
    },
    // the first misfit is found faster than all of them, and most values fit
    decode: Schema.decodeUnknownResult(json),
    decodeAll: Schema.decodeUnknownResult(json, all),
  }
}

const all = { errors: "all" } as const

const toDocument = (schema: AnySchema): JsonSchema => {
  const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema as Schema.Codec<unknown, unknown>)
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
}

/** Marks in their places; at the root where they would change more of the document than they say. */
const marked = (schema: AnySchema, plain: JsonSchema): JsonSchema => {
  const document = markedDocument(schema)
  if (canonical(document) === canonical(plain)) return document
  return { ...plain, [codeKeyword]: [...codeIn(document)].sort() }
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

const misfits = (input: unknown, issue: SchemaIssue.Issue): ReadonlyArray<Misfit> =>
  formatIssues(issue).issues.map(({ message, path = [] }) => ({
    field: showPath(path),
    value: show(at(input, path)),
    expected: expectation(message),
  }))

/** A value whose getters throw, or a schema whose own functions do. */
const unreadable = (value: unknown, error: unknown): ReadonlyArray<Misfit> => {
  // Effect wraps what was thrown
  const cause = error instanceof Error ? error.cause : undefined
  const thrown = Cause.isCause(cause) ? Cause.squash(cause) : error
  return [{ field: "", value: show(value), expected: `a value that can be read without an error (${show(thrown)})` }]
}

const expectation = (message: string): string => {
  if (message === "Missing key") return "a value (it is missing)"
  const said = message.startsWith("Expected ") ? message.slice("Expected ".length) : message
  return said.replace(/, got [\s\S]*$/, "")
}

type PathPart = PropertyKey | { readonly key: PropertyKey }

const keyOf = (part: PathPart): PropertyKey => typeof part === "object" ? part.key : part

const at = (input: unknown, path: ReadonlyArray<PathPart>): unknown => {
  let value = input
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[keyOf(part)]
  }
  return value
}

const showPath = (path: ReadonlyArray<PathPart>): string =>
  path.map(keyOf).reduce<string>(
    (text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  )

/** What JSON has no words for and would call `null`, by its name. */
function asWritten(this: unknown, key: string, value: unknown): unknown {
  const own = (this as Record<string, unknown>)[key]
  if (own instanceof Date && Number.isNaN(own.getTime())) return "Invalid Date"
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value
}

/** A value as short text for people: JSON where possible, at most 200 characters. Never throws. */
export const show = (value: unknown): string => {
  let text: string
  try {
    text = value instanceof Error
      ? `${value.name}: ${value.message}`
      : typeof value === "object" || typeof value === "string"
      ? JSON.stringify(value, asWritten) ?? String(value)
      : String(value)
  } catch {
    text = `[${typeof value} that cannot be shown]`
  }
  return text.length > 200 ? `${text.slice(0, 197)}...` : text
}

/** Annotations that describe without constraining; they may change freely. */
const silent = new Set([
  "$defs",
  "title",
  "description",
  "examples",
  "default",
  "$comment",
  "identifier",
  "readOnly",
  codeKeyword,
])

/** Deterministic JSON: keys sorted, annotations dropped, definitions put where they are used, so that their names do not count. */
const canonical = (document: JsonSchema): string => {
  const definitions = (document["$defs"] ?? {}) as Readonly<Record<string, unknown>>
  const write = (value: unknown, name: string | undefined, within: ReadonlyArray<string>): string => {
    if (Array.isArray(value)) {
      const items = value.map((item) => write(item, undefined, within))
      return `[${(name === "required" || name === "enum" ? items.sort() : items).join(",")}]`
    }
    if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
    const isNames = name === "properties"
    const { $ref: ref } = value as { readonly $ref?: unknown }
    if (!isNames && typeof ref === "string") {
      const target = ref.slice("#/$defs/".length)
      const at = within.indexOf(target)
      // inside itself it is told by how many definitions up it stands
      return at < 0 ? write(definitions[target], undefined, [target, ...within]) : `{"$ref":${at}}`
    }
    return `{${
      Object.entries(value)
        .filter(([key]) => isNames || !silent.has(key))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${JSON.stringify(key)}:${write(item, isNames ? undefined : key, within)}`)
        .join(",")
    }}`
  }
  return write(document, undefined, [])
}
