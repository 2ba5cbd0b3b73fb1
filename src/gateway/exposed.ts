/**
 * What the gateway may reach: the exposed members of the apis it was given, by path.
 *
 * Built once. What is not exposed is not in here, so that no later line can tell an unexposed name from an unknown one,
 * nor suggest it.
 */
import {
  type Api,
  apiOf,
  type CallSpec,
  contractsIn,
  type ContractSpec,
  type EventSpec,
  isCall,
  nearest,
} from "../contract/mod.ts"

/** An api, or one of its members; a member stands for its whole api. */
export type ApiSource = Api | ContractSpec

/** The exposed contracts. */
export interface Exposed {
  readonly call: (api: string, member: string) => CallSpec | undefined
  readonly event: (api: string, member: string) => EventSpec | undefined
  readonly calls: ReadonlyArray<CallSpec>
  readonly events: ReadonlyArray<EventSpec>
  /** What may have been meant by a name that is not here; exposed names only. */
  readonly hint: (kind: ContractSpec["kind"], type: string) => string | undefined
}

/** All contracts of some apis, each once; what is declared first wins. */
export const contractsOf = (sources: Iterable<ApiSource>): ReadonlyArray<ContractSpec> => {
  const found = new Map<string, ContractSpec>()
  for (const contract of contractsIn(sources)) {
    for (const one of apiOf(contract)?.contracts ?? [contract]) if (!found.has(one.type)) found.set(one.type, one)
  }
  return [...found.values()].sort((a, b) => (a.type < b.type ? -1 : 1))
}

/** The exposed ones among the contracts of some apis. */
export const exposedOf = (sources: Iterable<ApiSource>): Exposed => {
  const contracts = contractsOf(sources).filter((contract) => contract.exposed)
  const calls = contracts.filter(isCall)
  const events = contracts.filter((contract): contract is EventSpec => contract.kind === "event")
  const callsByType = new Map(calls.map((contract) => [contract.type, contract]))
  const eventsByType = new Map(events.map((contract) => [contract.type, contract]))
  return {
    call: (api, member) => callsByType.get(`${api}.${member}`),
    event: (api, member) => eventsByType.get(`${api}.${member}`),
    calls,
    events,
    hint: (kind, type) => {
      const [own, other] = kind === "call" ? [callsByType, eventsByType] : [eventsByType, callsByType]
      if (other.has(type)) return kind === "call" ? `"${type}" is an event` : `"${type}" is a call`
      const near = nearest(type, own.keys())
      return near.length === 0 ? undefined : `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`
    },
  }
}
