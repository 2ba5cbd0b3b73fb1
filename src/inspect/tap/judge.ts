/**
 * Reads bodies by their contracts: whether they fit, and if not, why.
 *
 * By the contracts of the modules at hand, which know best; else by the schemas that the processes know. Changes nothing:
 * what is shown is the JSON as it was sent.
 */
import { Effect, Result } from "effect"
import { type ContractSpec, nearest } from "../../contract/mod.ts"
import { fromBytes, tapLimits, type TappedMessage } from "../../wire/mod.ts"
import type { Scene } from "../Scene.ts"
import { accepts } from "../schema/accepts.ts"
import { type Root, rootOf, type Schema } from "../schema/Form.ts"
import type { TapMessageTold } from "./told.ts"

/** What a body is. */
export type Judgement = Pick<TapMessageTold, "fits" | "problem" | "payload" | "raw" | "encoding">

/** See the top of the file. */
export interface Judge {
  readonly of: (message: Pick<TappedMessage, "type" | "size" | "body" | "raw">) => Judgement
  /** Types that are nearly this one, where it is no type that anybody knows. */
  readonly near: (type: string) => ReadonlyArray<string>
}

/** With what is known now. */
export const makeJudge = ({ core, contracts }: Pick<Scene, "core" | "contracts">): Effect.Effect<Judge> =>
  Effect.map(core.enquiries.enquire("all", { kind: "info" }, { patience: "500 millis" }), (told) => {
    const schemas = new Map(told.flatMap(({ answer }) => answer.contracts).map((one) => [one.type, one.payload]))
    const roots = new Map<string, Root | undefined>()
    const rootFor = (type: string): Root | undefined => {
      if (!roots.has(type)) {
        const schema = schemas.get(type)
        roots.set(type, isSchema(schema) ? rootOf(schema) : undefined)
      }
      return roots.get(type)
    }
    const known = [...new Set([...contracts.keys(), ...schemas.keys()])]
    return {
      near: (type) => known.includes(type) || known.length === 0 ? [] : nearest(type, known),
      of: ({ type, size, body, raw }) => {
        if (raw !== undefined) return { fits: false, problem: "it is no text", raw, encoding: "base64" }
        if (body === undefined) {
          const problem = size > tapLimits.body ? `${size} bytes are too many to be told` : "its body was not told"
          return { fits: null, problem }
        }
        const json = fromBytes(new TextEncoder().encode(body))
        if (Result.isFailure(json)) return { fits: false, problem: json.failure.message, raw: body, encoding: "text" }
        const payload = json.success
        const contract = contracts.get(type)
        if (contract !== undefined) return { ...byContract(contract, payload), payload }
        const root = rootFor(type)
        const answer = root === undefined ? undefined : accepts(root, root.schema, payload)
        return answer === false
          ? { fits: false, problem: "it does not fit the schema that a process knows it by", payload }
          : { fits: answer ?? null, payload }
      },
    }
  })

const byContract = ({ codec }: ContractSpec, payload: unknown): Pick<Judgement, "fits" | "problem"> => {
  const decoded = codec.decode(payload)
  if (Result.isSuccess(decoded)) return { fits: true }
  const problem = decoded.failure.map(({ field, value, expected }) =>
    `${field === "" ? "the payload" : `"${field}"`} is ${value}, expected ${expected}`
  ).join("; ")
  return { fits: false, problem }
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "boolean" || typeof value === "object" && value !== null && !Array.isArray(value)
