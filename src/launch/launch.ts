/**
 * Puts one process together: a transport (in-process, the project's embedded broker, or RabbitMQ), the bus on it, and the
 * apps it hosts.
 *
 * The only place that chooses. `warren run` and `connect` stand on it; the rooms below do not know each other.
 */
import { Clock, Context, Effect, Layer, Redacted, type Scope } from "effect"
import type { Embedded, EmbeddedError, EmbeddedOptions } from "../../adapters/embedded/mod.ts"
import { Broker, layer as inProcess } from "../broker/mod.ts"
import {
  type AppModule,
  Bus,
  busLayer,
  type BusShape,
  Core,
  type CoreShape,
  CurrentJournal,
  CurrentSettings,
  CurrentTelemetry,
  type Host,
  type HostError,
  type InvalidOption,
  makeHost,
  tee,
} from "../runtime/mod.ts"
import { type LaneOptions, lanesLayer } from "./lanes.ts"
import { measured, type Meter, startTelemetry } from "../telemetry/mod.ts"
import { CurrentIdentity, Transport, type TransportError } from "../transport/mod.ts"
import { shine } from "./shine.ts"
import { CurrentIds } from "../wire/mod.ts"
import { consumerTimeout, credentials, programVersion } from "./variables.ts"

/** What to put together. */
export interface LaunchOptions extends LaneOptions {
  /** `amqp://user:password@host:port/vhost`. @default `embedded` */
  readonly broker?: Redacted.Redacted<string> | string | undefined
  /** The broker of a data folder, hosted here or joined. @default an in-process broker */
  readonly embedded?: EmbeddedOptions | undefined
  /** How long to go on trying where no broker answers at the start, ms. @default 0: one attempt */
  readonly wait?: number | undefined
  /** The apps to run here. @default none */
  readonly apps?: ReadonlyArray<AppModule>
  /** The process's name among others; each has its own. @default a fresh one */
  readonly instance?: string | undefined
  /** Counts what happens. @default none, unless metrics are exported */
  readonly meter?: Meter | undefined
  /** Whether other programs on this machine may see which broker this process is on. @default false */
  readonly beacon?: boolean | undefined
}

/** One running process. */
export interface Launched {
  readonly bus: BusShape
  readonly core: CoreShape
  readonly host: Host
  readonly transport: Transport["Service"]
  /** The engine's handle, when the broker is in this process. */
  readonly broker: Broker["Service"] | undefined
  /** This process's part in the broker of a data folder. */
  readonly embedded: Embedded | undefined
  /** Says to other programs on this machine where the gateway is; `undefined`: there is none any more. */
  readonly gatewayAt: (url: string | undefined) => Effect.Effect<void>
}

/** The transport that the options ask for. The AMQP adapter is loaded only when it is wanted. */
export const transportLayer = (
  { broker, wait = 0, embedded }: Pick<LaunchOptions, "broker" | "wait"> & { readonly embedded?: Embedded | undefined },
): Layer.Layer<Transport, TransportError> | Layer.Layer<Transport | Broker> => {
  if (broker === undefined && embedded === undefined) return inProcess
  if (broker === undefined) {
    return Layer.unwrap(Effect.map(
      Effect.promise(() => import("../../adapters/amqp/mod.ts")),
      (amqp) => amqp.layer({ url: embedded!.url, passes: true, wait: takeOver }),
    ))
  }
  const url = Redacted.isRedacted(broker) ? broker : Redacted.make(broker)
  return Layer.unwrap(Effect.gen(function* () {
    const amqp = yield* Effect.promise(() => import("../../adapters/amqp/mod.ts"))
    return amqp.layer({ ...(yield* credentials), url, wait })
  }))
}

/** Longest that a start waits for another process that takes the embedded broker over, ms. */
const takeOver = 15_000

/** A transport, counted where there is a meter. */
const counted = (
  layer: ReturnType<typeof transportLayer>,
  meter: Meter | undefined,
): Layer.Layer<Transport, TransportError> => {
  const transport = layer as Layer.Layer<Transport, TransportError>
  if (meter === undefined) return transport
  return Layer.provideMerge(
    Layer.effect(Transport, Effect.flatMap(Transport, (one) => measured(one, meter))),
    transport,
  )
}

/** What keeps a process from starting. */
export type LaunchError = HostError | InvalidOption | EmbeddedError

/** Starts everything; the scope's end drains the host, then closes the bus and the transport. */
export const launch = Effect.fnUntraced(function* (
  options: LaunchOptions = {},
): Effect.fn.Return<Launched, LaunchError, Scope.Scope> {
  const apps = options.apps ?? []
  const given = yield* CurrentSettings
  const settings = {
    ...given,
    consumerTimeout: (yield* consumerTimeout) ?? given.consumerTimeout,
    version: (yield* programVersion) ?? given.version,
  }
  const names = apps.map(({ app }) => app)
  const speaking = names.length > 0 ? names : [settings.app]
  const ids = yield* CurrentIds
  // what connects says whose connection it is
  const instance = options.instance ?? ids.next(yield* Clock.currentTimeMillis)
  // first, so that it ends last
  const { telemetry, meter } = yield* startTelemetry({
    system: options.broker !== undefined ? "rabbitmq" : options.embedded === undefined ? "in-process" : "embedded",
    apps: names,
    meter: options.meter,
  })
  const embedded = options.broker === undefined && options.embedded !== undefined
    ? yield* openEmbedded(options.embedded)
    : undefined
  const journal = yield* CurrentJournal
  // fresh: two launches in one program are two processes' worth, whatever shares its layers around them
  const services = yield* Layer.build(Layer.fresh(
    busLayer.pipe(
      Layer.provideMerge(lanesLayer(options)),
      Layer.provideMerge(counted(transportLayer({ ...options, embedded }), meter)),
    ),
  )).pipe(
    Effect.provideService(CurrentSettings, settings),
    Effect.provideService(CurrentIdentity, { name: `warren ${speaking.join(", ")}`, instance, apps: speaking }),
    Effect.provideService(CurrentTelemetry, telemetry),
    Effect.provideService(CurrentJournal, meter === undefined ? journal : tee(journal, meter)),
  )
  const core = Context.get(services, Core)
  const bus = Context.get(services, Bus)
  const host = yield* makeHost(core, bus, apps)
  const transport = Context.get(services, Transport)
  const at = embedded === undefined ? options.broker : yield* embedded.url
  const lit = options.beacon === true ? yield* shine({ core, transport, names, broker: at }) : undefined
  return {
    bus,
    core,
    host,
    transport,
    gatewayAt: (gateway) => lit === undefined ? Effect.void : lit.update({ gateway }),
    embedded,
    broker: at === undefined
      ? Context.get(services as Context.Context<unknown> as Context.Context<Broker>, Broker)
      : undefined,
  }
})

/** Loaded when it is wanted. */
const openEmbedded = Effect.fnUntraced(function* (
  options: EmbeddedOptions,
): Effect.fn.Return<Embedded, EmbeddedError, Scope.Scope> {
  const room = yield* Effect.promise(() => import("../../adapters/embedded/mod.ts"))
  return yield* room.openEmbedded(options)
})
