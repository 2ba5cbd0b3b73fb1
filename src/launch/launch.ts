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
  type Host,
  type HostError,
  makeHost,
} from "../runtime/mod.ts"
import { Transport, type TransportError } from "../transport/mod.ts"

/** What to put together. */
export interface LaunchOptions {
  /** `amqp://user:password@host:port/vhost`. @default an in-process broker */
  readonly broker?: Redacted.Redacted<string> | string | undefined
  /** The apps to run here. @default none */
  readonly apps?: ReadonlyArray<AppModule>
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

/** The transport that the options ask for. The AMQP adapter is loaded only when it is wanted. */
export const transportLayer = (
  broker: LaunchOptions["broker"],
): Layer.Layer<Transport, TransportError> | Layer.Layer<Transport | Broker> => {
  if (broker === undefined) return inProcess
  const url = Redacted.isRedacted(broker) ? broker : Redacted.make(broker)
  return Layer.unwrap(
    Effect.map(Effect.promise(() => import("../../adapters/amqp/mod.ts")), (amqp) => amqp.layer({ url })),
  )
}

/** Starts everything; the scope's end drains the host, then closes the bus and the transport. */
export const launch = Effect.fnUntraced(function* (
  options: LaunchOptions = {},
): Effect.fn.Return<Launched, HostError, Scope.Scope> {
  // fresh: two launches in one program are two processes' worth, whatever shares its layers around them
  const services = yield* Layer.build(Layer.fresh(
    busLayer.pipe(Layer.provideMerge(transportLayer(options.broker) as Layer.Layer<Transport, TransportError>)),
  ))
  const core = Context.get(services, Core)
  const bus = Context.get(services, Bus)
  const host = yield* makeHost(core, bus, options.apps ?? [])
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
