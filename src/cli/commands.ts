/**
 * The commands that ask something of what runs, on the command line and in the console alike.
 */
import { call } from "./call.ts"
import { dead } from "./dead.ts"
import { doctor } from "./doctor.ts"
import { emit } from "./emit.ts"
import { ps } from "./ps.ts"
import { schema } from "./schema.ts"
import { tap } from "./tap.ts"
import { topology } from "./topology.ts"
import { trace } from "./trace.ts"
import { why } from "./why.ts"

/** In the order in which help lists them. */
export const asking = [call, emit, trace, tap, topology, ps, why, schema, doctor, dead] as const
