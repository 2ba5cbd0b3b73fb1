/**
 * The gateway of `warren run`: the bus's HTTP app on a port, opened and closed in steps.
 *
 * Joins `src/gateway` (what is answered) with the runtime's server (where). Loaded only when a gateway is asked for.
 */
import { Deferred, Effect, Exit, Fiber, type Option, type Redacted, Schedule, Scope } from "effect"
import { type Address, formatAddress, serve, type ServeError } from "../../adapters/runtime/mod.ts"
import type { ContractSpec } from "../contract/mod.ts"
import { gateway, hosted, isLoopback, secure } from "../gateway/mod.ts"
import type { Launched } from "../launch/mod.ts"
import { CliFailure } from "./Failure.ts"
import type { Management } from "./management.ts"

/** Where the gateway listens, and who may use it. */
export interface GatewayOptions {
  readonly address: Address
  readonly token: Redacted.Redacted<string> | undefined
  readonly insecure: boolean
  /** Longest wait for requests under way at the end, ms; what is left then is cut off with the process. */
  readonly grace: number
  /** How long to wait for a port that its predecessor is just leaving, ms. */
  readonly patience: number
  /** Counts and measures; its text is at `/metrics`. */
  readonly metrics: { readonly text: () => string } | undefined
  /** Contracts to reach besides those that are handled here. */
  readonly contracts: Iterable<ContractSpec>
  /** Whether it lets people inspect what runs here; `undefined`: where it listens on loopback only. */
  readonly inspect: boolean | undefined
  /** The broker to look into; `undefined`: the in-process broker. */
  readonly broker: Redacted.Redacted<string> | undefined
  readonly management: Option.Option<Management>
}

/** An open gateway. */
export interface Gateway {
  readonly address: Address
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  readonly guarded: boolean
  /** Accepts nothing new; returns at once. */
  readonly close: Effect.Effect<void>
  /** Waits until the requests under way are answered, at most for the grace. */
  readonly finish: Effect.Effect<void>
}

/** The server itself cuts nothing off before the handlers had their grace, ms. */
const slack = 2_000

/** Opens the gateway. */
export const openGateway = Effect.fnUntraced(function* (
  launched: Launched,
  options: GatewayOptions,
): Effect.fn.Return<Gateway, CliFailure> {
  const { address, token, insecure, grace, patience, contracts, metrics } = options
  const secured = yield* secure({ hostname: address.hostname, token, insecure }).pipe(
    Effect.mapError(({ message, remedy }) => new CliFailure({ problem: message, remedy })),
  )
  // its topology lists all processes, whatever this one handles
  yield* Effect.mapError(
    launched.core.presence.watch,
    (error) => new CliFailure({ problem: error.message, from: error }),
  )
  const context = yield* Effect.context<never>()
  const ending = yield* Deferred.make<void>()
  const app = gateway(launched.bus, {
    ...hosted(launched, contracts),
    ...secured,
    metrics,
    context,
    inspect: options.inspect ?? isLoopback(address.hostname)
      ? yield* inspectionOf(launched, options, Deferred.await(ending))
      : "off",
  })
  const scope = yield* Scope.make()
  const got = yield* serve({ ...address, grace: grace + slack, fetch: (request) => app.fetch(request) }).pipe(
    Scope.provide(scope),
    Effect.retry({
      while: (error) => error.reason === "in-use" && patience > 0,
      schedule: Schedule.spaced(2).pipe(Schedule.upTo({ duration: patience })),
    }),
    Effect.mapError(busy),
  )
  let closing: Fiber.Fiber<void> | undefined
  const close = Effect.suspend(() => {
    Deferred.doneUnsafe(ending, Effect.void)
    // the server stops listening before the first wait
    closing ??= Effect.runForkWith(context)(Scope.close(scope, Exit.void))
    return Effect.void
  })
  return {
    address: got,
    url: `http://${formatAddress(reachable(got))}`,
    guarded: token !== undefined,
    close,
    finish: Effect.andThen(
      close,
      Effect.suspend(() => closing === undefined ? Effect.void : Effect.timeoutOption(Fiber.join(closing), grace)),
    ),
  }
})

/** What questions are answered with; their answers are loaded with the first of them. */
const inspectionOf = Effect.fnUntraced(function* (
  launched: Launched,
  { inspect, ...options }: GatewayOptions,
  ending: Effect.Effect<void>,
) {
  const { verbs } = yield* Effect.promise(() => import("../inspect/mod.ts"))
  const opener = yield* Effect.cached(
    Effect.map(
      Effect.promise(() => import("./hostedScene.ts")),
      ({ hostedScene }) => hostedScene({ ...options, launched }),
    ),
  )
  return { verbs, scene: Effect.flatten(opener), ending, proxied: inspect === true }
})

const busy = (error: ServeError): CliFailure =>
  new CliFailure({ problem: error.message, remedy: error.remedy, from: error })

/** An address that stands for all of them cannot be called; on this machine the loopback one can. */
const reachable = ({ hostname, port }: Address): Address => ({
  hostname: hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname,
  port,
})
