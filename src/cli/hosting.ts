/**
 * One process at work: the bus, the apps and, where it is asked for, the gateway, with the steps of its end.
 *
 * Above `launch` and the gateway, below `run.ts`, which decides when. The steps are separate because a process that
 * hands over to its successor takes them one at a time: first the door is closed, then the rest is finished.
 */
import { Effect, Redacted, type Scope } from "effect"
import type { EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import { loadServer } from "../../adapters/runtime/mod.ts"
import type { Engine } from "../broker/mod.ts"
import { launch, type Launched, type LaunchError } from "../launch/mod.ts"
import type { AppModule, Settings } from "../runtime/mod.ts"
import { withoutPassword } from "../transport/mod.ts"
import { CliFailure } from "./Failure.ts"
import type { Gateway, GatewayOptions } from "./gateway.ts"

/** What to host. */
export interface HostingOptions {
  readonly apps: ReadonlyArray<AppModule>
  /** `undefined`: the embedded one, or the in-process broker. */
  readonly broker: Redacted.Redacted<string> | undefined
  /** The project's own broker. */
  readonly embedded?: EmbeddedOptions | undefined
  /** How long to go on trying where no broker answers at the start, ms. */
  readonly wait: number
  /** How calls travel; `undefined`: the runtime's default. */
  readonly lane?: Settings["lane"] | undefined
  /** Whether what calls say may leave this machine unencrypted. */
  readonly insecure?: boolean
  /** Whether there will be a gateway to read metrics from. */
  readonly measured: boolean
}

/** A process at work. */
export interface Hosting {
  readonly launched: Launched
  /** Loads what `open` needs, so that opening takes no time. */
  readonly prepare: Effect.Effect<void>
  /** Opens the gateway; it is closed by `close`. */
  readonly open: (options: Omit<GatewayOptions, "metrics" | "broker">) => Effect.Effect<Gateway, CliFailure>
  /** Stops accepting requests, and lets the handlers work off what is queued in this process, for at most `grace` ms. */
  readonly workOff: (grace: number) => Effect.Effect<void>
  /** Stops accepting requests, and events and ticks; requests under way go on. */
  readonly close: Effect.Effect<void>
  /** After `close`: waits for requests and handlers in hand, for at most `grace` ms. Says how many were given back. */
  readonly finish: (grace: number) => Effect.Effect<number>
}

/** Starts everything but the gateway. The scope's end takes down what `finish` has left. */
export const startHosting = Effect.fnUntraced(function* (
  { apps, broker, embedded, wait, lane, insecure, measured }: HostingOptions,
): Effect.fn.Return<Hosting, CliFailure, Scope.Scope> {
  const metrics = measured ? (yield* Effect.promise(() => import("../gateway/mod.ts"))).makeMetrics() : undefined
  const launched = yield* launch({ apps, broker, embedded, wait, lane, insecure, meter: metrics, beacon: true }).pipe(
    Effect.mapError((error) => startFailure(error, broker)),
  )
  const { host, core } = launched
  let gateway: Gateway | undefined

  const closeDoor = Effect.suspend(() =>
    gateway === undefined ? Effect.void : Effect.andThen(gateway.close, launched.gatewayAt(undefined))
  )
  const close = Effect.andThen(closeDoor, host.pause)
  return {
    launched,
    prepare: Effect.andThen(Effect.promise(loadGateway), loadServer),
    open: (options) =>
      Effect.gen(function* () {
        const { openGateway } = yield* Effect.promise(loadGateway)
        gateway = yield* openGateway(launched, { ...options, metrics, broker })
        yield* launched.gatewayAt(gateway.url)
        return gateway
      }),
    workOff: Effect.fnUntraced(function* (grace: number) {
      const { broker } = launched
      if (broker === undefined) return
      yield* closeDoor
      const until = core.now() + grace
      while (core.now() < until && queuedIn(broker.engine) > 0) yield* Effect.sleep(10)
    }),
    close,
    finish: Effect.fnUntraced(function* (grace: number) {
      const until = core.now() + grace
      yield* close
      // requests under way need the handlers, so these go on answering until the requests are through
      if (gateway !== undefined) yield* gateway.finish
      return yield* host.drain(Math.max(0, until - core.now()))
    }),
  }
})

/** Events and ticks that handlers of this process would get to without waiting for a retry. */
const queuedIn = (engine: Engine): number =>
  engine.view().queues.filter(({ name }) => /^warren\.(on|every)\./.test(name))
    .reduce((sum, { ready, consumers }) => consumers > 0 ? sum + ready : sum, 0)

const loadGateway = () => import("./gateway.ts")

/** A broker's address as people may see it. */
export const shown = (broker: Redacted.Redacted<string>): string => withoutPassword(Redacted.value(broker))

const startFailure = (error: LaunchError, broker: HostingOptions["broker"]): CliFailure => {
  switch (error._tag) {
    case "TransportError": {
      const remedy = broker === undefined || error.operation !== "connect"
        ? undefined
        : `Check that the broker runs and that --broker (WARREN_BROKER) is right; it is ${shown(broker)}`
      return new CliFailure({ problem: error.message, remedy, from: error })
    }
    case "WorkerFailed":
      return new CliFailure({
        problem: error.message,
        remedy: "Correct what the layer needs (its configuration, its connections), then start again",
        from: error,
      })
    case "InvalidModule":
    case "InvalidOption":
    case "FolderError":
    case "StoreError":
    case "SqliteError":
    case "ListenError":
      return new CliFailure({ problem: error.message, from: error })
  }
}
