/**
 * An api as JSON Schema, for documentation, for other languages and for comparing versions.
 *
 * Shapes only: what is declared, not who runs it.
 */
import { type Api, infoOf } from "./api.ts"
import type { JsonSchema } from "./Codec.ts"
import { type ContractSpec, isCall } from "./Contract.ts"

/** One member of an api, its schemas as JSON Schema (draft 2020-12), marked where code refuses more than it says. */
export interface MemberSchema {
  readonly kind: "event" | "call"
  readonly type: string
  readonly fingerprint: string
  readonly exposed: boolean
  readonly payload: JsonSchema
  readonly returns?: JsonSchema
  readonly fails?: JsonSchema
  readonly idempotent?: boolean
}

/** A whole api. */
export interface ApiSchema {
  readonly api: string
  readonly version: string
  readonly members: { readonly [member: string]: MemberSchema }
}

/** JSON Schema of an api. */
export const jsonSchema = (api: Api): ApiSchema => {
  const { name, version, contracts } = infoOf(api)
  return { api: name, version, members: Object.fromEntries(contracts.map((c) => [c.member, memberSchema(c)])) }
}

/** JSON Schema of one contract. */
export const memberSchema = (contract: ContractSpec): MemberSchema => ({
  kind: contract.kind,
  type: contract.type,
  fingerprint: fingerprint(contract),
  exposed: contract.exposed,
  payload: contract.codec.markedSchema,
  ...(isCall(contract) && {
    returns: contract.returnsCodec.markedSchema,
    fails: contract.failsCodec.markedSchema,
    idempotent: contract.idempotent,
  }),
})

/** The fingerprint of what travels in the request: it changes when, and only when, the encoded shape does. */
export const fingerprint = (contract: ContractSpec): string => contract.codec.fingerprint
