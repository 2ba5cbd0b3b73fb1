/**
 * Makes a topology exist: exchanges, then queues, then bindings, on a channel that is thrown away.
 *
 * Between `AmqpTransport.ts` and `Connection.ts`. A refused declaration closes its channel, hence one for each call:
 * nobody else is hurt, and whatever was declared before the refusal stays.
 */
import { Effect } from "effect"
import { Clash, type Topology, TransportError } from "../../src/transport/mod.ts"
import type { Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, transportError } from "./Failure.ts"
import { queueDeclaration } from "./queueArguments.ts"

/** Declares everything, in order; the first refusal ends it and names its queue or exchange. */
export const declare = (connection: Connection, topology: Topology): Effect.Effect<void, TransportError> =>
  onOwnChannel(
    connection,
    (failed) => transportError("declare", "topology")(failed),
    Effect.fnUntraced(function* (channel) {
      for (const { name, type } of topology.exchanges) {
        yield* Effect.mapError(channel.declareExchange(name, type), transportError("declare", name))
      }
      for (const queue of topology.queues) {
        if (queue.durable === false && queue.exclusive !== true) return yield* transient(queue.name)
        const declaring = channel.declareQueue(queue.name, queueDeclaration(queue))
        yield* Effect.mapError(declaring, transportError("declare", queue.name))
      }
      for (const { queue, exchange, key } of topology.bindings) {
        yield* Effect.mapError(channel.bind(queue, exchange, key), transportError("declare", queue))
      }
    }),
  )

// RabbitMQ 3.x would take it, 4.x denies it
const transient = (name: string) =>
  new TransportError({
    operation: "declare",
    target: name,
    reason: new Clash({ name, detail: "only an exclusive queue may be non-durable" }),
  })

/** Runs `use` on a channel that nobody else has, and closes it. */
export const onOwnChannel = <A>(
  connection: Connection,
  refused: (failed: BrokerFailure) => TransportError,
  use: (channel: Channel) => Effect.Effect<A, TransportError>,
): Effect.Effect<A, TransportError> =>
  Effect.acquireUseRelease(
    Effect.mapError(connection.openChannel("plain", {}), refused),
    use,
    (channel) => channel.close,
  )
