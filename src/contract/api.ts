/**
 * `api`, `event` and `call`: how an app declares what it offers.
 *
 * Declared once and shared by everyone who talks to the app. A declaration is data: it opens nothing,
 * and a mistake in it (a name that cannot travel, a reserved error tag) throws `InvalidContract` where it stands.
 */
import { Schema, SchemaAST } from "effect"
import {
  type CallContract,
  type ContractSpec,
  type EventContract,
  isContract,
  makeCall,
  makeEvent,
} from "./Contract.ts"
import { isReservedTag } from "./CallError.ts"
import { type AnyErrorSchema, type AnySchema, misfitIn, type SchemaInput, type ToSchema, toSchema } from "./Schemas.ts"

/** A mistake in a declaration; thrown where it is made, since no program can go on without its contracts. */
export class InvalidContract extends Schema.TaggedError<InvalidContract>()("InvalidContract", {
  /** The api or member in question. */
  name: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot declare "${this.name}": ${this.detail}`
  }
}

/** An event before it has a name. */
export interface EventDefinition<P extends AnySchema> {
  readonly kind: "event"
  readonly payload: P
}

/** A call before it has a name. */
export interface CallDefinition<P extends AnySchema, R extends AnySchema, F extends AnyErrorSchema> {
  readonly kind: "call"
  readonly payload: P
  readonly returns: R
  readonly fails: F
  readonly idempotent: boolean
}

/** An event or a call, as `api` takes it. */
export type Definition = EventDefinition<AnySchema> | CallDefinition<AnySchema, AnySchema, AnyErrorSchema>

/** The members of an api. */
export type Members = { readonly [member: string]: Definition }

type Bound<D> = D extends CallDefinition<infer P, infer R, infer F> ? CallContract<P, R, F>
  : D extends EventDefinition<infer P> ? EventContract<P>
  : never

/** Marks apis at run time, and holds what is known of one. */
export const ApiTypeId = "~warren/Api"

/** What is known of an api besides its members. */
export interface ApiInfo {
  readonly name: string
  readonly version: string
  readonly contracts: ReadonlyArray<ContractSpec>
}

/** A declared api: its events and calls by name. */
export type Api<M extends Members = Record<never, never>> = { readonly [K in keyof M]: Bound<M[K]> } & {
  readonly [ApiTypeId]: ApiInfo
}

/** Options of {@link api}. */
export interface ApiOptions<M> {
  /** Travels with each message, for people and for rolling deploys. @default "1" */
  readonly version?: string | number
  /** What the HTTP gateway may reach: everything, or the members named. @default nothing */
  readonly expose?: boolean | ReadonlyArray<keyof M & string>
}

/** Options of {@link call}. */
export interface CallOptions {
  /** What it answers: a schema, or the fields of one. @default nothing (`void`) */
  readonly returns?: SchemaInput
  /** The errors it may fail with: tagged errors, one or several. @default none */
  readonly fails?: AnyErrorSchema | ReadonlyArray<AnyErrorSchema>
  /** Running it twice is as good as once; allows Warren to repeat it after a crash. @default false */
  readonly idempotent?: boolean
}

type ReturnsOf<O> = O extends { readonly returns: infer R } ? ToSchema<R> : Schema.Void
type FailsOf<O> = O extends { readonly fails: infer F }
  ? F extends ReadonlyArray<infer S extends AnyErrorSchema> ? Schema.ConstraintCodec<S["Type"], S["Encoded"]>
  : F extends AnyErrorSchema ? F
  : Schema.Never
  : Schema.Never

type NoFields = Record<never, never>
const noFields: NoFields = {}

/**
 * Declares an event: a fact the app announces, heard by any number of listeners.
 *
 * @param payload the fields of the payload, or a whole schema; nothing: no fields
 */
export const event = <const P extends SchemaInput = NoFields>(payload?: P): EventDefinition<ToSchema<P>> => ({
  kind: "event",
  payload: toSchema(payload ?? noFields) as unknown as ToSchema<P>,
})

/**
 * Declares a call: a question to the app, answered by exactly one handler within a deadline.
 *
 * @param payload the fields of the payload, or a whole schema
 */
export const call = <const P extends SchemaInput = NoFields, const O extends CallOptions = Record<never, never>>(
  payload?: P,
  options?: O,
): CallDefinition<ToSchema<P>, ReturnsOf<O>, FailsOf<O>> => ({
  kind: "call",
  payload: toSchema(payload ?? noFields) as unknown as ToSchema<P>,
  returns: (options?.returns === undefined ? Schema.Void : toSchema(options.returns)) as unknown as ReturnsOf<O>,
  fails: toFails(options?.fails) as unknown as FailsOf<O>,
  idempotent: options?.idempotent ?? false,
})

/**
 * Declares an api: the events and calls of one app under its name.
 *
 * @param name lower-case letters, digits, `-` and `_`, starting with a letter, at most 60 characters
 * @throws InvalidContract for a name that cannot travel, a reserved error tag, or an exposed member that is not there
 */
export const api = <const M extends Members>(name: string, members: M, options: ApiOptions<M> = {}): Api<M> => {
  checkName(name, "the api's name")
  const { expose = false, version = "1" } = options
  if (Array.isArray(expose)) {
    const missing = expose.find((member) => !Object.hasOwn(members, member))
    if (missing !== undefined) throw invalid(`${name}.${missing}`, "`expose` names it, but the api has no such member")
  }
  const bound = Object.entries(members).map(([member, definition]) => {
    checkName(member, "its name", `${name}.${member}`)
    const exposed = Array.isArray(expose) ? expose.includes(member) : expose === true
    return [member, bind({ api: name, member, version: String(version), exposed }, definition)] as const
  })
  const info: ApiInfo = { name, version: String(version), contracts: bound.map(([, contract]) => contract) }
  for (const contract of info.contracts) homes.set(contract, info)
  return Object.freeze({ ...Object.fromEntries(bound), [ApiTypeId]: info }) as unknown as Api<M>
}

const bind = (common: Parameters<typeof makeEvent>[0], definition: Definition): ContractSpec => {
  switch (definition?.kind) {
    case "event":
      checkSchemas(`${common.api}.${common.member}`, { payload: definition.payload })
      return makeEvent(common, definition.payload)
    case "call": {
      const { payload, returns, fails } = definition
      checkSchemas(`${common.api}.${common.member}`, { payload, returns, fails })
      checkTags(`${common.api}.${common.member}`, fails)
      return makeCall(common, definition)
    }
    default:
      throw invalid(`${common.api}.${common.member}`, "it is neither an event(...) nor a call(...)")
  }
}

/** Whether a value is an api. */
export const isApi = (value: unknown): value is Api => typeof value === "object" && value !== null && ApiTypeId in value

/** The api of each contract, so that whoever holds one member can find the others. */
const homes = new WeakMap<ContractSpec, ApiInfo>()

/** The api that a contract was declared in. */
export const apiOf = (contract: ContractSpec): ApiInfo | undefined => homes.get(contract)

/** Name, version and contracts of an api. */
export const infoOf = (value: Api): ApiInfo => value[ApiTypeId]

/** The contracts among some values: those of apis, and contracts themselves. */
export const contractsIn = (values: Iterable<unknown>): ReadonlyArray<ContractSpec> =>
  [...values].flatMap((value) => isApi(value) ? infoOf(value).contracts : isContract(value) ? [value] : [])

type FailsInput = CallOptions["fails"]

const toFails = (fails: FailsInput): AnyErrorSchema => {
  if (fails === undefined) return Schema.Never
  if (!isList(fails)) return fails
  // what is no schema is told when the call gets its name
  return fails.find((one) => misfitIn(one) !== undefined) ?? (fails.length === 1 ? fails[0]! : Schema.Union(fails))
}

const isList = (fails: NonNullable<FailsInput>): fails is ReadonlyArray<AnyErrorSchema> => Array.isArray(fails)

const checkTags = (name: string, fails: AnyErrorSchema): void => {
  for (const tag of tagsOf(fails)) {
    if (isReservedTag(tag)) {
      throw invalid(name, `the tag "${tag}" of an error in \`fails\` belongs to Warren; choose another one`)
    }
  }
}

/** The tags of an error schema, as far as they are literals. */
const tagsOf = (fails: AnyErrorSchema): ReadonlyArray<string> => tagsIn(SchemaAST.toEncoded(fails.ast))

const tagsIn = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap(tagsIn)
  if (!SchemaAST.isObjects(ast)) return []
  const tag = ast.propertySignatures.find(({ name }) => name === "_tag")?.type
  return tag !== undefined && SchemaAST.isLiteral(tag) ? [String(tag.literal)] : []
}

const checkSchemas = (name: string, schemas: Readonly<Record<string, unknown>>): void => {
  for (const [what, schema] of Object.entries(schemas)) {
    const misfit = misfitIn(schema)
    if (misfit !== undefined) throw invalid(name, `its \`${what}\` is not a schema or the fields of one: ${misfit}`)
  }
}

const namePattern = /^[a-zA-Z][a-zA-Z0-9_-]*$/

const checkName = (name: string, what: string, full: string = name): void => {
  if (typeof name !== "string" || !namePattern.test(name) || name.length > 60) {
    throw invalid(
      String(full),
      `${what} may have letters, digits, "-" and "_", must start with a letter and be at most 60 long`,
    )
  }
}

const invalid = (name: string, detail: string) => new InvalidContract({ name, detail })
