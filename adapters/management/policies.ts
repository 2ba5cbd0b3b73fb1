/**
 * Which policy is in force on a queue, by the policies themselves: a queue's figures tell of a new one up to 10 s late.
 *
 * Below `insight.ts`. RabbitMQ applies, of those whose pattern fits the name, the one of the highest priority, and beside it
 * the same of the operators' policies; of a limit that both set, the lower one is in force. Pure.
 */
import { isRecord, type Json, numberOf, textOf } from "./read.ts"

/** What policies say about one queue. */
export interface InForce {
  /** The policy's name, else the operators' policy's; `null`: there is none. */
  readonly policy: string | null
  readonly definition: Json
}

/** The policies in force on a queue, from what `/api/policies` and `/api/operator-policies` list. */
export const inForce = (
  policies: ReadonlyArray<Json>,
  operators: ReadonlyArray<Json>,
  queue: { readonly name: string; readonly type: string | undefined },
): InForce => {
  const own = chosen(policies, queue)
  const operator = chosen(operators, queue)
  return {
    policy: textOf(own?.["name"]) ?? textOf(operator?.["name"]) ?? null,
    definition: joined(definitionOf(own), definitionOf(operator)),
  }
}

const chosen = (
  all: ReadonlyArray<Json>,
  { name, type }: { readonly name: string; readonly type: string | undefined },
): Json | undefined =>
  all.filter((one) => {
    const kind = textOf(one["apply-to"]) ?? "all"
    return ["all", "queues", `${type}_queues`].includes(kind) && fits(textOf(one["pattern"]), name)
  }).toSorted((a, b) => (numberOf(b["priority"]) ?? 0) - (numberOf(a["priority"]) ?? 0))[0]

/** Patterns are Perl's: one that JavaScript does not read fits nothing here. */
const fits = (pattern: string | undefined, name: string): boolean => {
  if (pattern === undefined) return false
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return false
  }
}

const definitionOf = (policy: Json | undefined): Json =>
  policy !== undefined && isRecord(policy["definition"]) ? policy["definition"] : {}

const joined = (own: Json, operator: Json): Json => {
  const both = Object.keys(operator).flatMap((key) => {
    const [one, other] = [numberOf(own[key]), numberOf(operator[key])]
    return one === undefined || other === undefined ? [] : [[key, Math.min(one, other)] as const]
  })
  return { ...operator, ...own, ...Object.fromEntries(both) }
}
