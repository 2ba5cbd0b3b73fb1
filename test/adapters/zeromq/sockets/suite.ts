/**
 * The behaviour suite of sockets: what every driver must do, written once.
 *
 * Takes a way to open sockets, what the driver behind it promises, and declares the tests. Each case opens sockets of its
 * own, in real time and in tens of ms. Cases stand in `suite*.ts` beside this file; one that a driver does not promise is
 * skipped with the reason that its traits give.
 */
import { describe, test } from "#test"
import { Effect } from "effect"
import { type Case, type Open, rigOf } from "./rig.ts"
import { endpoints } from "./suiteEndpoints.ts"
import { heartbeats } from "./suiteHeartbeats.ts"
import { hostile } from "./suiteHostile.ts"
import { identities } from "./suiteIdentities.ts"
import { lives } from "./suiteLives.ts"
import { marks } from "./suiteMarks.ts"
import { options as invalid } from "./suiteOptions.ts"
import { publishing } from "./suitePublishing.ts"
import { routing } from "./suiteRouting.ts"
import { security } from "./suiteSecurity.ts"
import { turns } from "./suiteTurns.ts"
import type { Traits } from "./traits.ts"

/** How the suite is run. */
export interface SuiteOptions {
  /** Heads the list of tests. */
  readonly name: string
  readonly open: Open
  readonly traits: Traits
  /** A reason to skip everything, for example that the driver does not run here. */
  readonly skip?: string | undefined
}

/** Declares the tests of the port for one driver. */
export const socketSuite = (options: SuiteOptions): void => {
  const group = (name: string, cases: ReadonlyArray<Case>) =>
    describe(name, () => {
      for (const { name, needs, run } of cases) {
        const reason = (needs ?? []).map((trait) => options.traits[trait]).find((promised) => promised !== true)
        test(name, { skip: options.skip ?? reason }, () =>
          Effect.suspend(() =>
            run(rigOf(options.open))
          ).pipe(Effect.scoped, Effect.runPromise))
      }
    })
  describe(`${options.name} as sockets`, () => {
    group("routing", routing)
    group("identities", identities)
    group("turns", turns)
    group("publishing", publishing)
    group("marks", marks)
    group("endpoints", endpoints)
    group("lives", lives)
    group("hostile peers", hostile)
    group("heartbeats", heartbeats)
    group("security", security)
    group("options", invalid)
  })
}
