/**
 * The behaviour suite of the transport port: what every adapter must do, written once.
 *
 * Takes a layer, what the broker behind it promises, and the words of any test runner; imports no runner itself.
 * Each case runs on a connection of its own with names of its own, in real time and in tens of ms, so that the same
 * lines hold for the in-process engine and for a broker across the network. Cases stand in `transportSuite*.ts` beside
 * this file; a case that a broker does not promise is skipped with the reason that its features give.
 */
import { Effect, type Layer } from "effect"
import type { Transport } from "../transport/mod.ts"
import { type Case, makeRig } from "./transportSuiteRig.ts"
import { consuming } from "./transportSuiteConsuming.ts"
import { messages } from "./transportSuiteMessages.ts"
import { queues } from "./transportSuiteQueues.ts"
import { routing } from "./transportSuiteRouting.ts"

/** What a broker promises beyond the contract's core: `true`, or the reason why not. */
export interface Features {
  /** Every layer that is built reaches the same broker, as a connection of its own. */
  readonly shared: true | string
  /** Unsettled deliveries go back to their queue when the layer's scope closes (needs `shared`). */
  readonly givesBack: true | string
  /** Queues are deleted after `expires` without use. */
  readonly expires: true | string
}

/** How the suite is run. */
export interface TransportSuiteOptions {
  /** Heads the list of tests. */
  readonly name: string
  /** Makes the layer under test; called by each test, so that it may use what a hook prepared. */
  readonly layer: () => Layer.Layer<Transport, unknown>
  readonly features: Features
  /** Groups tests; synchronous. */
  readonly describe: (name: string, body: () => void) => void
  /** Declares a test; `skip` is the reason why it is not run. */
  readonly test: (name: string, options: { readonly skip?: string | undefined }, body: () => Promise<void>) => void
  /** A reason to skip everything, for example that there is no broker. */
  readonly skip?: string | undefined
}

/** Declares the tests of the port for one adapter. */
export const transportSuite = (options: TransportSuiteOptions): void => {
  const group = (name: string, cases: ReadonlyArray<Case>) =>
    options.describe(name, () => {
      for (const { name, needs, run } of cases) {
        const reason = (needs ?? []).map((feature) => options.features[feature]).find((promised) => promised !== true)
        options.test(name, { skip: options.skip ?? reason }, () =>
          Effect.suspend(() => makeRig(options.layer())).pipe(
            Effect.flatMap(run),
            Effect.scoped,
            Effect.runPromise,
          ))
      }
    })
  options.describe(`${options.name} as a transport`, () => {
    group("routing", routing)
    group("consuming", consuming)
    group("queues", queues)
    group("messages", messages)
  })
}
