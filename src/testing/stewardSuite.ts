/**
 * The behaviour suite of the steward's port: what every source and every hand in a broker must do, written once.
 *
 * Beside `transportSuite.ts`, and run like it: each case has names of its own, in real time. What it looks at is put into
 * the broker through the transport; what a source does not promise is skipped with the reason that its features give.
 * Cases stand in `stewardSuite*.ts` beside this file.
 */
import { Effect, type Layer, type Scope } from "effect"
import { CurrentIdentity, type Transport } from "../transport/mod.ts"
import { changing } from "./stewardSuiteChanging.ts"
import { looking } from "./stewardSuiteLooking.ts"
import { receiving } from "./stewardSuiteReceiving.ts"
import { insights } from "./stewardSuiteInsight.ts"
import { type StewardCase, type StewardRig, suiteIdentity } from "./stewardSuiteRig.ts"
import { makeRig } from "./transportSuiteRig.ts"

/** What a source promises beyond the contract's core: `true`, or the reason why not. */
export interface StewardFeatures {
  /** It lists queues that nobody named, and bindings. */
  readonly lists: true | string
  /** It has an `insight`. */
  readonly insight: true | string
  /** A look at a message is counted nowhere. */
  readonly silent: true | string
}

/** How the suite is run. */
export interface StewardSuiteOptions {
  /** Heads the list of tests. */
  readonly name: string
  /** A transport to the broker; called by each test. */
  readonly layer: () => Layer.Layer<Transport, unknown>
  /** A steward of it, and the source of surveys that goes with it. */
  readonly open: () => Effect.Effect<Pick<StewardRig, "steward" | "surveyor">, unknown, Scope.Scope>
  readonly features: StewardFeatures
  /** Groups tests; synchronous. */
  readonly describe: (name: string, body: () => void) => void
  /** Declares a test; `skip` is the reason why it is not run. */
  readonly test: (name: string, options: { readonly skip?: string | undefined }, body: () => Promise<void>) => void
  /** A reason to skip everything, for example that there is no broker. */
  readonly skip?: string | undefined
}

/** Declares the tests of the port for one source. */
export const stewardSuite = (options: StewardSuiteOptions): void => {
  const group = (name: string, cases: ReadonlyArray<StewardCase>) =>
    options.describe(name, () => {
      for (const { name, needs, run } of cases) {
        const reason = (needs ?? []).map((feature) => options.features[feature]).find((promised) => promised !== true)
        options.test(name, { skip: options.skip ?? reason }, () =>
          Effect.gen(function* () {
            const rig = yield* makeRig(options.layer())
            return yield* run({ ...rig, ...(yield* options.open()) })
          }).pipe(
            Effect.provideService(CurrentIdentity, suiteIdentity),
            Effect.scoped,
            Effect.runPromise,
          ))
      }
    })
  options.describe(options.name, () => {
    group("looking", looking)
    group("changing", changing)
    group("receiving", receiving)
    group("insight", insights)
  })
}
