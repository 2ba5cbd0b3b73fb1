/**
 * The contracts of a team as one JSON document: what `warren schema dump` writes, and what two of are compared.
 *
 * A contract is listed once for each of its shapes, with who speaks it by that shape. Entries are in a fixed order, and
 * nothing in them changes with time, so that a document can be committed. Whether modules or a running system told it
 * decides what is known: modules say who handles, and never who sends. Pure; reading says what is wrong.
 */
import { Result, Schema } from "effect"

/** The version of the document's own shape. */
export const schemaFormat = 1

/** What the schemas in it are written in. */
export const dialect = "https://json-schema.org/draft/2020-12/schema"

const Names = Schema.Array(Schema.String)

/** Levels of a schema that is believed; nobody writes that many by hand. */
const deepest = 200

/** Whether a value may be taken for a JSON Schema, and can be gone through. */
export const isJsonSchema = (value: unknown): value is Json =>
  typeof value === "boolean" ||
  typeof value === "object" && value !== null && !Array.isArray(value) && isShallow(value, deepest)

type Json = { readonly [key: string]: unknown } | boolean

const isShallow = (value: unknown, levels: number): boolean =>
  typeof value !== "object" || value === null ||
  levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))

const JsonSchema = Schema.declare(isJsonSchema, { identifier: "JSON Schema", expected: "a JSON Schema" })

/** One event or call, by one shape. */
const SchemaContract = Schema.Struct({
  /** `sales.quote`. */
  type: Schema.String,
  kind: Schema.Literals(["event", "call"]),
  /** Its api's version. */
  version: Schema.String,
  /** Of the payload, as it travels with each message. */
  fingerprint: Schema.String,
  /** Whether a gateway may reach it. */
  exposed: Schema.Boolean,
  idempotent: Schema.optionalKey(Schema.Boolean),
  /** Apps that have it in their code, as far as that is seen. */
  knownTo: Names,
  /** Handlers: `warranty.register`. */
  handledBy: Names,
  /** Apps that emit or call it; `sales+parts`: one of those, which one process runs. Absent: nobody knows. */
  sentBy: Schema.optionalKey(Names),
  payload: JsonSchema,
  returns: Schema.optionalKey(JsonSchema),
  fails: Schema.optionalKey(JsonSchema),
})

/** See {@link SchemaDocument}. */
export type SchemaContract = typeof SchemaContract.Type

const SchemaDocumentSchema = Schema.Struct({
  warren: Schema.Literal("schema"),
  format: Schema.Literal(schemaFormat),
  dialect: Schema.String,
  /** Who told it. */
  source: Schema.Literals(["modules", "running"]),
  /** Apps whose handlers are all among the contracts. */
  apps: Names,
  /** Those of them that do not run now, and did lately. */
  once: Schema.optionalKey(Names),
  contracts: Schema.Array(SchemaContract),
  /** What could not be found out, in words. */
  gaps: Schema.optionalKey(Names),
})

/** See the top of the file. */
export type SchemaDocument = typeof SchemaDocumentSchema.Type

/** Parts of a contract that are compared. */
export const parts = ["payload", "returns", "fails"] as const

/** One of {@link parts}. */
export type Part = typeof parts[number]

/** `sales` of `sales.quote`. */
export const apiOfType = (type: string): string => type.split(".", 1)[0]!

/** `warranty` of `warranty.register`. */
export const appOfHandler = (label: string): string => label.split(".", 1)[0]!

/** What a contract's messages look like, as text; the same for those that need no comparison. */
export const shapeOf = ({ kind, payload, returns, fails }: SchemaContract): string =>
  JSON.stringify([kind, payload, returns ?? null, fails ?? null])

const decode = Schema.decodeUnknownResult(SchemaDocumentSchema)

/** A document that was read; the failure says what it is instead. */
export const readDocument = (json: unknown): Result.Result<SchemaDocument, string> => {
  const told = typeof json === "object" && json !== null ? json as Readonly<Record<string, unknown>> : {}
  if (told["warren"] !== "schema") return Result.fail("it is no document of `warren schema dump`")
  if (told["format"] !== schemaFormat) {
    return Result.fail(
      `its format is ${JSON.stringify(told["format"])?.slice(0, 40)}, and this Warren reads format ${schemaFormat}`,
    )
  }
  return Result.mapError(decode(json), ({ message }) => message.split("\n").map((line) => line.trim()).join(" "))
}

/** Contracts gathered one after the other, those of one shape together. */
export class Gathering {
  readonly #entries = new Map<string, Entry>()

  /** Adds one, and who speaks it. */
  add(contract: Spoken, who: Who = {}): void {
    const { type, version } = contract
    const key = `${type}\n${version}\n${shapeOf({ ...contract, knownTo: [], handledBy: [] })}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#entries.set(key, entry = { contract, knownTo: new Set(), handledBy: new Set(), sentBy: undefined })
    }
    for (const app of who.knownTo ?? []) entry.knownTo.add(app)
    for (const label of who.handledBy ?? []) entry.handledBy.add(label)
    if (who.sentBy !== undefined) entry.sentBy = new Set([...entry.sentBy ?? [], ...who.sentBy])
  }

  /** All of them, in their order. */
  contracts(): ReadonlyArray<SchemaContract> {
    return [...this.#entries].toSorted(([a], [b]) => a < b ? -1 : 1).map(
      ([, { contract, knownTo, handledBy, sentBy }]): SchemaContract => {
        const { type, kind, version, fingerprint, exposed, idempotent, payload, returns, fails } = contract
        return {
          type,
          kind,
          version,
          fingerprint,
          exposed,
          ...(idempotent !== undefined && { idempotent }),
          knownTo: [...knownTo].toSorted(),
          handledBy: [...handledBy].toSorted(),
          ...(sentBy !== undefined && { sentBy: [...sentBy].toSorted() }),
          payload,
          ...(returns !== undefined && { returns }),
          ...(fails !== undefined && { fails }),
        }
      },
    )
  }
}

/** A contract, whoever speaks it. */
export type Spoken = Omit<SchemaContract, "knownTo" | "handledBy" | "sentBy">

/** Who speaks a contract. */
export interface Who {
  readonly knownTo?: Iterable<string>
  readonly handledBy?: Iterable<string>
  readonly sentBy?: Iterable<string>
}

interface Entry {
  readonly contract: Spoken
  readonly knownTo: Set<string>
  readonly handledBy: Set<string>
  sentBy: Set<string> | undefined
}
