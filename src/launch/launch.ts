/**
 * Puts one process together: a transport (in-process, or RabbitMQ), the bus on it, and the apps it hosts.
 *
 * The only place that chooses. `warren run` and `connect` stand on it; the rooms below do not know each other.
 */
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
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
import { Transport, type TransportError } from "../transport/mod.ts"
import { consumerTimeout, credentials, programVersion } from "./variables.ts"

/** What to put together. */
export interface LaunchOptions extends LaneOptions {
  /** `amqp://user:password@host:port/vhost`. @default an in-process broker */
  readonly broker?: Redacted.Redacted<string> | string | undefined
  /** How long to go on trying where no broker answers at the start, ms. @default 0: one attempt */
  readonly wait?: number | undefined
  /** The apps to run here. @default none */
  readonly apps?: ReadonlyArray<AppModule>
  /** Counts what happens. @default none, unless metrics are exported */
  readonly meter?: Meter | undefined
}

/** One running process. */
export interface Launched {
  readonly bus: BusShape
  readonly core: CoreShape
  readonly host: Host
  readonly transport: Transport["Service"]
  /** The engine's handle, when the broker is in this process. */
  readonly broker: Broker["Service"] | undefined
}

/** The transport that the options ask for. The AMQP adapter is loaded only when it is wanted. `name`: for the broker's tools. */
export const transportLayer = (
  { broker, wait = 0 }: Pick<LaunchOptions, "broker" | "wait">,
  name: string = "warren",
): Layer.Layer<Transport, TransportError> | Layer.Layer<Transport | Broker> => {
  if (broker === undefined) return inProcess
  const url = Redacted.isRedacted(broker) ? broker : Redacted.make(broker)
  return Layer.unwrap(Effect.gen(function* () {
    const amqp = yield* Effect.promise(() => import("../../adapters/amqp/mod.ts"))
    return amqp.layer({ ...(yield* credentials), url, name, wait })
  }))
}

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

/** Starts everything; the scope's end drains the host, then closes the bus and the transport. */
export const launch = Effect.fnUntraced(function* (
  options: LaunchOptions = {},
): Effect.fn.Return<Launched, HostError | InvalidOption, Scope.Scope> {
  const apps = options.apps ?? []
  const given = yield* CurrentSettings
  const settings = {
    ...given,
    consumerTimeout: (yield* consumerTimeout) ?? given.consumerTimeout,
    version: (yield* programVersion) ?? given.version,
  }
  const names = apps.map(({ app }) => app)
  // first, so that it ends last
  const { telemetry, meter } = yield* startTelemetry({
    system: options.broker === undefined ? "in-process" : "rabbitmq",
    apps: names,
    meter: options.meter,
  })
  const journal = yield* CurrentJournal
  // fresh: two launches in one program are two processes' worth, whatever shares its layers around them
  const services = yield* Layer.build(Layer.fresh(
    busLayer.pipe(
      Layer.provideMerge(lanesLayer(options)),
      Layer.provideMerge(counted(transportLayer(options, `warren ${names.join(", ") || settings.app}`), meter)),
    ),
  )).pipe(
    Effect.provideService(CurrentSettings, settings),
    Effect.provideService(CurrentTelemetry, telemetry),
    Effect.provideService(CurrentJournal, meter === undefined ? journal : tee(journal, meter)),
  )
  const core = Context.get(services, Core)
  const bus = Context.get(services, Bus)
  const host = yield* makeHost(core, bus, apps)
  return {
    bus,
    core,
    host,
    transport: Context.get(services, Transport),
    broker: options.broker === undefined
      ? Context.get(services as Context.Context<unknown> as Context.Context<Broker>, Broker)
      : undefined,
  }
})
