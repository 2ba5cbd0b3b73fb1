/**
 * Every verb of inspection, by name.
 */
import { deadVerbs } from "./dead/verbs.ts"
import { doctor } from "./doctor/doctor.ts"
import { graph } from "./graph/graphVerb.ts"
import { ps, psWatch } from "./ps/ps.ts"
import { schemaDiff, schemaDump } from "./schema/schema.ts"
import { tap } from "./tap/tap.ts"
import { trace } from "./trace/trace.ts"
import type { Verb } from "./Verb.ts"
import { whyVerb } from "./why/why.ts"

const all: ReadonlyArray<Verb> = [...deadVerbs, ps, psWatch, schemaDiff, schemaDump, tap, trace, whyVerb, doctor, graph]

/** By name. */
export const verbs: ReadonlyMap<string, Verb> = new Map(all.map((verb) => [verb.name, verb]))
