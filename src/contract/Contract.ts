/**
 * What one event or call is: its name, its schemas, and the function that makes its messages.
 *
 * `api` binds definitions to names and yields contracts; verbs and handlers take it from there.
 * A contract is a function, so `Sales.quote({ ... })` reads as what it says; it sends nothing by itself.
 */
import { type Codec, makeCodec } from "./Codec.ts"
import { Match, Message } from "./Message.ts"
import type { AnyErrorSchema, AnySchema, Part } from "./Schemas.ts"

/** Marks contracts at run time. */
export const ContractTypeId = "~warren/Contract"

/** What every contract has, whatever its schemas. */
export interface ContractSpec {
  readonly [ContractTypeId]: typeof ContractTypeId
  readonly kind: "event" | "call"
  /** The name on the wire: `sales.quote`. */
  readonly type: string
  readonly api: string
  readonly member: string
  /** The api's version, as declared. */
  readonly version: string
  /** Whether the HTTP gateway may reach it. */
  readonly exposed: boolean
  readonly payload: AnySchema
  readonly codec: Codec<unknown>
}

/** An event, as far as verbs and handlers need to know. */
export interface EventSpec<P extends AnySchema = AnySchema> extends ContractSpec {
  readonly kind: "event"
  readonly payload: P
  readonly codec: Codec<P["Type"]>
}

/** A call, as far as verbs and handlers need to know. */
export interface CallSpec<
  P extends AnySchema = AnySchema,
  R extends AnySchema = AnySchema,
  F extends AnyErrorSchema = AnyErrorSchema,
> extends ContractSpec {
  readonly kind: "call"
  readonly payload: P
  readonly codec: Codec<P["Type"]>
  readonly returns: R
  readonly returnsCodec: Codec<R["Type"]>
  /** The declared errors, as one schema; `Schema.Never` when there are none. */
  readonly fails: F
  readonly failsCodec: Codec<F["Type"]>
  /** Whether running it twice is as good as once, which allows retrying. */
  readonly idempotent: boolean
}

/** The argument of a contract: optional when every field is. */
export type PayloadArguments<P extends AnySchema> = Record<never, never> extends P["~type.make.in"]
  ? [payload?: P["~type.make.in"]]
  : [payload: P["~type.make.in"]]

/** A declared event: call it to make a message, `.match` to describe one in tests. */
export interface EventContract<P extends AnySchema> extends EventSpec<P> {
  (...payload: PayloadArguments<P>): Message<EventSpec<P>>
  /** Stands for any message of this event whose payload has these parts. */
  readonly match: (part?: Part<P["Type"]>) => Match<EventSpec<P>>
}

/** A declared call: call it to make a message, `.match` to describe one in tests. */
export interface CallContract<P extends AnySchema, R extends AnySchema, F extends AnyErrorSchema>
  extends CallSpec<P, R, F> {
  (...payload: PayloadArguments<P>): Message<CallSpec<P, R, F>>
  /** Stands for any message of this call whose payload has these parts. */
  readonly match: (part?: Part<P["Type"]>) => Match<CallSpec<P, R, F>>
}

interface Common {
  readonly api: string
  readonly member: string
  readonly version: string
  readonly exposed: boolean
}

/** Makes an event's contract. */
export const makeEvent = <P extends AnySchema>(common: Common, payload: P): EventContract<P> => {
  const spec = { ...base(common, payload), kind: "event" } as const
  return callable<EventSpec<P>>(spec) as EventContract<P>
}

/** Makes a call's contract. */
export const makeCall = <P extends AnySchema, R extends AnySchema, F extends AnyErrorSchema>(
  common: Common,
  schemas: { readonly payload: P; readonly returns: R; readonly fails: F; readonly idempotent: boolean },
): CallContract<P, R, F> => {
  const { payload, returns, fails, idempotent } = schemas
  const spec = {
    ...base(common, payload),
    kind: "call",
    returns,
    returnsCodec: makeCodec(returns),
    fails,
    failsCodec: makeCodec(fails),
    idempotent,
  } as const
  return callable<CallSpec<P, R, F>>(spec) as CallContract<P, R, F>
}

const base = <P extends AnySchema>(common: Common, payload: P) =>
  ({
    ...common,
    [ContractTypeId]: ContractTypeId,
    type: `${common.api}.${common.member}`,
    payload,
    codec: makeCodec(payload),
  }) as const

const callable = <S extends ContractSpec>(spec: S) => {
  const make = (payload: unknown = {}) => new Message(spec, payload)
  const match = (part: unknown = {}) => new Match(spec, part)
  return Object.assign(make, spec, { match, toString: () => spec.type })
}

/** Whether a value is a contract (an event or a call of some api). */
export const isContract = (value: unknown): value is ContractSpec =>
  typeof value === "function" && ContractTypeId in value

/** Whether a contract is a call. */
export const isCall = (contract: ContractSpec): contract is CallSpec => contract.kind === "call"
