/**
 * What the cases of the steward suite are written with: the transport suite's rig, a steward beside it, and full queues.
 *
 * Below the `stewardSuite*.ts` cases, above the ports. Knows no broker and no test runner.
 */
import assert from "node:assert/strict"
import { Effect, type Scope } from "effect"
import type { Identity, QueueSpec, Steward, StewardError, Surveyor } from "../transport/mod.ts"
import type { StewardFeatures } from "./stewardSuite.ts"
import type { Rig } from "./transportSuiteRig.ts"

/** A steward with a transport to the same broker. */
export interface StewardRig extends Rig {
  readonly steward: Steward
  readonly surveyor: Surveyor
}

/** One test of the port. */
export interface StewardCase {
  readonly name: string
  /** Features without which it makes no sense. */
  readonly needs?: ReadonlyArray<keyof StewardFeatures>
  readonly run: (rig: StewardRig) => Effect.Effect<void, unknown, Scope.Scope>
}

/** Who the suite's transports are. */
export const suiteIdentity: Identity = { name: "suite", instance: "suite-instance", apps: ["suite", "other"] }

/** Ids, and bodies, of the messages in a queue that is `filled`. */
export const ids = ["m1", "m2", "m3"]

/** A quorum queue that holds `ids`, in that order. */
export const filled = Effect.fnUntraced(function* ({ queue, send }: StewardRig, spec: Partial<QueueSpec> = {}) {
  const name = yield* queue({ type: "quorum", ...spec })
  for (const id of ids) yield* send(name, id, { id })
  return name
})

/** `NotFound: Cannot peek "…": …`; dies where it succeeds. */
export const refusedBy = <A>(effect: Effect.Effect<A, StewardError>): Effect.Effect<string> =>
  Effect.flip(effect).pipe(
    Effect.map((error) => `${error.reason._tag}: ${error.message}`),
    Effect.catch((value) => Effect.die(new assert.AssertionError({ message: `It succeeded with ${String(value)}` }))),
  )
