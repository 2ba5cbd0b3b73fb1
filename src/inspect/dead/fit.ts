/**
 * Whether a dead letter's payload fits the contract as it is now: yes; no, and where; or that it cannot be told.
 *
 * By the contract of the modules at hand where there is one, which is certain; else by the JSON Schema that the handler's
 * process has left in the ledger. What counts is what the handler takes, whatever the message calls itself.
 */
import { Effect, Result } from "effect"
import { type ContractSpec, fingerprint, type Misfit } from "../../contract/mod.ts"
import { type Contracts, fromBytes, QueueName } from "../../wire/mod.ts"
import type { Finding } from "../Finding.ts"
import { readContracts } from "../ledger.ts"
import type { Scene } from "../Scene.ts"
import type { Letter } from "./Letter.ts"
import { misplaced } from "./misplaced.ts"
import { type Roster, subjectOf } from "./Roster.ts"

/** Misfits that are told of one payload. */
const mostTold = 20

/** See the top of the file. `by`: what it was compared with. */
export type Fit =
  | { readonly fits: true; readonly by: string }
  | { readonly fits: false; readonly by: string; readonly misfits: ReadonlyArray<Misfit> }
  | { readonly fits: null; readonly why: string }

/** The contract that a letter's handler reads with now. */
export interface Current {
  readonly type: string
  /** `null`: nobody knows it. */
  readonly schema: string | null
  readonly contract: ContractSpec | undefined
}

/** Compares letters with what is current. */
export interface Fitting {
  readonly current: (letter: Letter) => Current
  readonly fit: (letter: Letter, body: Uint8Array) => Fit
}

/** Looks up what there is to compare with. */
export const makeFitting = Effect.fnUntraced(function* (scene: Scene, roster: Roster): Effect.fn.Return<Fitting> {
  const remembered = yield* readContracts(scene.steward)
  const current = (letter: Letter): Current => {
    const label = letter.handler ?? ""
    const type = subjectOf(roster, label) ?? letter.type
    const contract = scene.contracts.get(type)
    const running = roster.handlers.get(label)
    const schema = contract !== undefined ? fingerprint(contract) : running?.schema || null
    return { type, schema, contract }
  }
  return {
    current,
    fit: (letter, body) => {
      if (isTick(letter, roster)) return { fits: true, by: "the schedule, which takes any tick" }
      const json = fromBytes(body)
      if (Result.isFailure(json)) return no("JSON", [{ field: "", value: "", expected: json.failure.message }])
      const { type, schema, contract } = current(letter)
      if (contract !== undefined) {
        const decoded = contract.codec.decode(json.success)
        const by = `"${type}" as the modules have it`
        return Result.isSuccess(decoded) ? { fits: true, by } : no(by, decoded.failure)
      }
      return byDocument(type, schema, json.success, remembered)
    },
  }
})

/** Whether a letter is of a schedule. */
export const isTick = ({ type, from, handler }: Letter, { handlers }: Roster): boolean => {
  const known = handler === null ? undefined : handlers.get(handler)
  return known !== undefined
    ? known.queue === QueueName.schedule(known.app, known.name)
    : from?.startsWith("warren.every.") === true || type === `every.${handler}`
}

const no = (by: string, misfits: ReadonlyArray<Misfit>): Fit => ({
  fits: false,
  by,
  misfits: misfits.slice(0, mostTold),
})

const byDocument = (type: string, schema: string | null, value: unknown, contracts: Finding<Contracts>): Fit => {
  if (type === "") return { fits: null, why: "the message has no type, and nobody says which handler it is for" }
  if (!contracts.known) return { fits: null, why: `the contract "${type}" is not at hand: ${contracts.why}` }
  const all = contracts.value.filter((one) => one.type === type)
  const one = all.find(({ fingerprint }) => fingerprint === schema) ?? (schema === null ? all.at(-1) : undefined)
  if (one === undefined || typeof one.payload !== "object" || one.payload === null) {
    return { fits: null, why: `the contract "${type}" is not at hand: name its modules with --workers` }
  }
  const answer = misplaced(one.payload as Readonly<Record<string, unknown>>, value)
  const by = `"${type}" as its handler's process has it`
  if (answer === undefined) return { fits: null, why: `code of "${type}" says more than its JSON Schema` }
  return answer === true ? { fits: true, by } : no(by, answer)
}
