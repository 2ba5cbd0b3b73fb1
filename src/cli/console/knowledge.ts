/**
 * What is known of the apis that are there, so that names and fields of payloads can be completed.
 *
 * From the contracts that run (`schema.dump`), and those of the modules at hand. Read again when it is some seconds old; where it
 * cannot be read there is less to complete, and nothing is said.
 */
import { Clock, Effect } from "effect"
import { type ContractSpec, memberSchema } from "../../contract/mod.ts"
import type { SchemaDocument } from "../../inspect/mod.ts"
import type { Session } from "../Session.ts"

/** One event or call. */
export interface KnownMember {
  readonly type: string
  readonly kind: "event" | "call"
  /** JSON Schema of its payload. */
  readonly payload: unknown
}

/** See the top of the file. */
export interface Knowledge {
  readonly members: ReadonlyMap<string, KnownMember>
  /** Apps that are there, or were. */
  readonly apps: ReadonlyArray<string>
}

/** How old it may be, ms. */
const fresh = 5_000

/** For what runs to be read, ms; whoever waits for it presses the key again. */
const patience = 3_000

/** Nothing but what the modules at hand say. */
const ofModules = (contracts: ReadonlyMap<string, ContractSpec>): ReadonlyArray<KnownMember> =>
  [...contracts.values()].map(memberSchema)

/** Reads it, at most once in some seconds. */
export const makeKnowledge = (session: Session): Effect.Effect<Knowledge> => {
  const own = ofModules(session.contracts)
  let last: Knowledge = knowledgeOf(own, undefined)
  let at = Number.NEGATIVE_INFINITY
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now - at < fresh) return last
    const asked = session.ask("schema.dump", {}, patience).pipe(
      Effect.timeoutOption(patience),
      Effect.exit,
    )
    const exit = yield* asked
    at = yield* Clock.currentTimeMillis
    const document = exit._tag === "Success" && exit.value._tag === "Some" ? exit.value.value : undefined
    if (document !== undefined) last = knowledgeOf(own, document as SchemaDocument)
    return last
  })
}

const knowledgeOf = (own: ReadonlyArray<KnownMember>, document: SchemaDocument | undefined): Knowledge => {
  const told = document?.contracts ?? []
  return {
    members: new Map([...told, ...own].map(({ type, kind, payload }) => [type, { type, kind, payload }])),
    apps: [...new Set([...document?.apps ?? [], ...told.flatMap(({ sentBy = [] }) => sentBy)])].toSorted(),
  }
}
