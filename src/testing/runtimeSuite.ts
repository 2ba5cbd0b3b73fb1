/**
 * The behaviour suite of the runtime: what bus and hosts guarantee on any transport, written once.
 *
 * Takes a transport's layer, what the broker behind it promises, and the words of any test runner; imports no runner
 * itself. Runs on the live clock in short real times, so that the same lines hold for the in-process engine and for a
 * broker across the network. Cases stand in `runtimeSuite*.ts` beside this file.
 */
import { Effect, type Layer, type Scope } from "effect"
import type { Settings } from "../runtime/mod.ts"
import type { Links, Transport } from "../transport/mod.ts"
import { calls } from "./runtimeSuiteCalls.ts"
import { deadlines } from "./runtimeSuiteDeadlines.ts"
import { enquiries } from "./runtimeSuiteEnquiries.ts"
import { events } from "./runtimeSuiteEvents.ts"
import { following } from "./runtimeSuiteFollowing.ts"
import { foreigners } from "./runtimeSuiteForeign.ts"
import { hearings } from "./runtimeSuiteHearing.ts"
import { hosts } from "./runtimeSuiteHosts.ts"
import { oddities } from "./runtimeSuiteOddities.ts"
import { order } from "./runtimeSuiteOrder.ts"
import { ledgers } from "./runtimeSuiteLedger.ts"
import { makeRig, type RuntimeCase } from "./runtimeSuiteRig.ts"
import { presences } from "./runtimeSuitePresence.ts"
import { schedules } from "./runtimeSuiteSchedules.ts"
import { taps } from "./runtimeSuiteTapping.ts"

/** What a broker promises, or the reason why not; and the faults that can be made in it. */
export interface RuntimeFeatures {
  /** Deliveries in hand go back to their queue when a connection ends, and other connections get them. */
  readonly givesBack: true | string
  /** Processes have connections of their own to a broker that is none of theirs, and tell each other of themselves. */
  readonly shared: true | string
  /** Headers may hold numbers that are none. */
  readonly oddNumbers: true | string
  /** Ends the broker's consumers of a queue, as a broker does that loses the queue. */
  readonly expel: ((queue: string) => Effect.Effect<unknown, unknown>) | string
  /** Cuts every connection and mends it. */
  readonly cut: Effect.Effect<unknown, unknown> | string
  /** Calls wait in a queue, where any server may take them. */
  readonly queued: true | string
  /** How the calls of the suite travel, and by what. @default through the broker */
  readonly lanes?: RuntimeLanes | undefined
}

/** Ways past the broker. */
export interface RuntimeLanes {
  readonly lane: Settings["lane"]
  /** Makes the links of one process. */
  readonly links: Effect.Effect<Links, unknown, Scope.Scope>
}

/** The cases, in groups. */
const groups = {
  events,
  calls,
  "deadlines and interruption": deadlines,
  "order, dedupe and concurrency": order,
  "foreign messages": foreigners,
  "handlers that misbehave": oddities,
  hosts,
  schedules,
  presence: presences,
  "who hears whom": hearings,
  enquiries,
  ledger: ledgers,
  following,
  tapping: taps,
} as const

type Group = keyof typeof groups

/** How the suite is run. */
export interface RuntimeSuiteOptions {
  /** Heads the list of tests. */
  readonly name: string
  /** Makes a connection to the one broker of all tests; called several times by each test. */
  readonly layer: () => Layer.Layer<Transport, unknown>
  readonly features: RuntimeFeatures
  /** Groups tests; synchronous. */
  readonly describe: (name: string, body: () => void) => void
  /** Declares a test; `skip` is the reason why it is not run. */
  readonly test: (name: string, options: { readonly skip?: string | undefined }, body: () => Promise<void>) => void
  /** Only these groups of cases. @default all */
  readonly only?: ReadonlyArray<Group>
  /** A reason to skip everything, for example that there is no broker. */
  readonly skip?: string | undefined
}

/** Declares the tests of the runtime on one transport. */
export const runtimeSuite = (options: RuntimeSuiteOptions): void => {
  const group = (name: string, cases: ReadonlyArray<RuntimeCase>) =>
    options.describe(name, () => {
      for (const { name, needs, run } of cases) {
        const reason = (needs ?? []).map((feature) => options.features[feature]).find((it) => typeof it === "string")
        options.test(name, { skip: options.skip ?? reason }, () =>
          Effect.suspend(() =>
            makeRig(options.layer, options.features)
          ).pipe(
            Effect.flatMap(run),
            Effect.scoped,
            Effect.runPromise,
          ))
      }
    })
  options.describe(`The runtime on ${options.name}`, () => {
    for (const [name, cases] of Object.entries(groups)) {
      if (options.only?.includes(name as Group) !== false) group(name, cases)
    }
  })
}
