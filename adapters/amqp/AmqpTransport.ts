/**
 * The transport port over AMQP 0-9-1: RabbitMQ, or Warren's embedded broker.
 *
 * Above it: the runtime, which knows only `Transport`. Below it: `Link.ts`, which holds the line. What was declared is
 * declared again on every new connection, and what was consumed is consumed again, before the status says `Ready`. While
 * there is no connection, every member fails `Disconnected` at once; nothing that was sent is sent again from here.
 */
import { Effect, Layer, PubSub, Redacted, Stream } from "effect"
import {
  CurrentIdentity,
  Disconnected,
  merge,
  type Status,
  type Topology,
  Transport,
  TransportError,
} from "../../src/transport/mod.ts"
import { type Address, type Credentials, placesOf } from "./Address.ts"
import { declare, redeclare } from "./declare.ts"
import { holdLine, type Session } from "./Link.ts"
import { make as makePublisher, maxBytes } from "./Publisher.ts"
import { makeSubscriptions } from "./Subscriptions.ts"

/** Which broker to use, and under which name. */
export interface AmqpOptions extends Credentials {
  /**
   * `amqp://user:password@host:5672/vhost` or `amqps://…`; several hosts of a cluster with commas between them.
   * Never printed with its password. An Effect is asked anew at each attempt to connect.
   */
  readonly url: string | Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>>
  /**
   * Whether the broker passes from process to process, as the embedded one does: that it is away for a while is then part of
   * it, and no error. @default false
   */
  readonly passes?: boolean
  /** How long the first connecting goes on trying where nothing answers, ms. @default 0: one attempt */
  readonly wait?: number
  /** The connections' name in the broker's tools. @default the one of {@link CurrentIdentity}, "warren" */
  readonly name?: string
}

/** Provides `Transport` by a line to the broker that lives as long as the layer. */
export const layer = (options: AmqpOptions): Layer.Layer<Transport, TransportError> =>
  Layer.effect(Transport, make(options))

const nothing: Topology = { exchanges: [], queues: [], bindings: [] }

const make = Effect.fnUntraced(function* (options: AmqpOptions) {
  const identity = yield* CurrentIdentity
  const { passes = false } = options
  const statuses = yield* PubSub.unbounded<Status>({ replay: 1 })
  let last: Status["_tag"] = "Connecting"
  const become = (status: Status) => {
    if (last === "Closed") return
    last = status._tag
    PubSub.publishUnsafe(statuses, status)
  }
  // the last to be released: by then the connections are closed
  yield* Effect.addFinalizer(() => Effect.sync(() => become({ _tag: "Closed" })))

  const publisher = makePublisher()
  const subscriptions = makeSubscriptions()
  let declared = nothing
  const told = new Set<string>()
  let session: Session | undefined

  yield* holdLine({
    addresses: addressesOf(options),
    identity: { ...identity, name: options.name ?? identity.name },
    wait: options.wait ?? 0,
    passes,
    events: {
      onBlocked: (why) => become({ _tag: "Blocked", reason: why }),
      onUnblocked: () => session === undefined ? undefined : become(readyOn(session)),
    },
    onSession: Effect.fnUntraced(function* (fresh: Session) {
      yield* redeclare(
        fresh.consuming,
        declared,
        (error) => Effect.logError(`Not everything came back on the new connection: ${error.message}`),
        told,
      )
      const exchanges = declared.exchanges.map(({ name }) => name)
      yield* Effect.mapError(publisher.attach(fresh.publishing, exchanges), unusable)
      yield* subscriptions.resume(fresh.consuming)
      if (fresh.publishing.isLost() || fresh.consuming.isLost()) return yield* Effect.fail(unusable(undefined))
      session = fresh
      become(readyOn(fresh))
    }),
    onLost: (reason) =>
      Effect.sync(() => {
        session = undefined
        if (last === "Connecting" || last === "Disconnected") return
        become({ _tag: "Disconnected", reason, passes })
      }),
  })

  /** Does something with the connection that consumes and declares. */
  const using = <A, R>(
    operation: TransportError["operation"],
    target: string,
    use: (session: Session) => Effect.Effect<A, TransportError, R>,
  ) => Effect.suspend(() => session === undefined ? Effect.fail(disconnected(operation, target)) : use(session))

  return {
    traits: { name: "amqp", durable: true, shared: true, maxBytes },
    status: Stream.fromPubSub(statuses).pipe(Stream.takeUntil((status) => status._tag === "Closed")),
    declare: (topology) =>
      using("declare", nameOf(topology), ({ consuming }) => declare(consuming, topology, told)).pipe(
        Effect.andThen(Effect.sync(() => {
          declared = merge(declared, topology)
          publisher.know(topology.exchanges.map(({ name }) => name))
        })),
      ),
    publish: publisher.publish,
    consume: (queue, consuming, deliver) =>
      using("consume", queue, (open) => subscriptions.add(open.consuming, queue, consuming, deliver)),
  } satisfies Transport["Service"]
})

const readyOn = ({ server, consuming: { local, cluster } }: Session): Status => ({
  _tag: "Ready",
  server,
  local,
  cluster,
})

const lost = new Disconnected({ detail: "the connection to the broker is lost; it is being made again" })

const disconnected = (operation: TransportError["operation"], target: string) =>
  new TransportError({ operation, target, reason: lost })

const unusable = (failed: { readonly text: string } | undefined) =>
  new TransportError({
    operation: "connect",
    target: "broker",
    reason: new Disconnected({ detail: failed?.text ?? "the connection was lost again at once" }),
  })

const nameOf = (topology: Topology): string => topology.queues[0]?.name ?? topology.exchanges[0]?.name ?? "topology"

const addressesOf = (options: AmqpOptions): Effect.Effect<ReadonlyArray<Address>, TransportError> =>
  Effect.flatMap(placesOf(options), (addresses) =>
    addresses === undefined
      ? Effect.fail(
        new TransportError({
          operation: "connect",
          target: "broker",
          reason: new Disconnected({ detail: "its URL must look like amqp://user:password@host:5672/vhost" }),
        }),
      )
      : Effect.succeed(addresses))
