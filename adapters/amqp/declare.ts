/**
 * Makes a topology exist: exchanges, then queues, then bindings, on a channel that is thrown away.
 *
 * Between `AmqpTransport.ts` and `Connection.ts`. A refused declaration closes its channel, hence one for each call:
 * nobody else is hurt, and whatever was declared before the refusal stays. Queues that may differ from what exists are
 * declared in `tolerant.ts`.
 */
import { Effect } from "effect"
import { Clash, type Topology, TransportError } from "../../src/transport/mod.ts"
import type { Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, transportError } from "./Failure.ts"
import { queueDeclaration } from "./queueArguments.ts"
import { declareTolerant } from "./tolerant.ts"

/**
 * Declares everything, in order; the first refusal ends it and names its queue or exchange. `told`: queues of which the log
 * has said that they are not as they would be declared today.
 */
export const declare = (
  connection: Connection,
  topology: Topology,
  told: Set<string>,
): Effect.Effect<void, TransportError> =>
  onOwnChannel(
    connection,
    (failed) => transportError("declare", "topology")(failed),
    (channel) => Effect.forEach(stepsOf(connection, topology, told), (step) => step(channel), { discard: true }),
  )

/**
 * Declares once more, on a new connection, what was there before: a refusal is reported and does not keep the rest from
 * coming back. Fails only when the connection is lost or opens no channel, or when another connection still holds an exclusive queue.
 */
export const redeclare = (
  connection: Connection,
  topology: Topology,
  report: (error: TransportError) => Effect.Effect<void>,
  told: Set<string> = new Set(),
): Effect.Effect<void, TransportError> => {
  const steps = stepsOf(connection, topology, told)
  let done = 0
  const round: Effect.Effect<void, TransportError> = Effect.suspend(() => {
    const before = done
    return onOwnChannel(
      connection,
      (failed) => transportError("declare", "topology")(failed),
      Effect.fnUntraced(function* (channel) {
        while (done < steps.length) yield* steps[done++]!(channel)
      }),
    ).pipe(
      Effect.catch((error) => {
        // where not one step was tried there was no channel for it, and there would be none the next time
        const isOver = connection.isLost() || isLocked(error) || done === before
        return isOver ? Effect.fail(error) : Effect.andThen(report(error), round)
      }),
    )
  })
  return round
}

// a broker that has not noticed yet that our last connection is gone
const isLocked = ({ reason }: TransportError): boolean =>
  reason._tag === "Forbidden" && /locked queue/.test(reason.detail)

type DeclareStep = (channel: Channel) => Effect.Effect<void, TransportError>

const stepsOf = (connection: Connection, topology: Topology, told: Set<string>): ReadonlyArray<DeclareStep> => [
  ...topology.exchanges.map(({ name, type }): DeclareStep => (channel) =>
    Effect.mapError(channel.declareExchange(name, type), transportError("declare", name))
  ),
  ...topology.queues.map((queue): DeclareStep => (channel) => {
    if (queue.durable === false && queue.exclusive !== true) return transient(queue.name)
    const declared = queue.tolerates === undefined
      ? channel.declareQueue(queue.name, queueDeclaration(queue))
      : declareTolerant(connection, queue, told)
    return Effect.mapError(declared, transportError("declare", queue.name))
  }),
  ...topology.bindings.map(({ queue, exchange, key }): DeclareStep => (channel) =>
    Effect.mapError(channel.bind(queue, exchange, key), transportError("declare", queue))
  ),
]

// RabbitMQ 3.x would take it, 4.x denies it
const transient = (name: string) =>
  Effect.fail(
    new TransportError({
      operation: "declare",
      target: name,
      reason: new Clash({ name, detail: "only an exclusive queue may be non-durable" }),
    }),
  )

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
