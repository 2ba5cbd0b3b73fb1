/**
 * One consumer on one channel: deliveries in, verdicts out.
 *
 * Between `AmqpTransport.ts` and `Connection.ts`. Closing its scope cancels the consumer; the channel stays until what
 * is in hand has been settled, because only the channel that delivered can settle. It does not come back by itself when
 * the connection is lost: the broker then gives the deliveries to someone else, and verdicts on them fail, harmlessly.
 */
import { Effect, type Scope } from "effect"
import {
  type ConsumeOptions,
  type Delivery,
  Disconnected,
  TransportError,
  type Verdict,
} from "../../src/transport/mod.ts"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, transportError } from "./Failure.ts"
import { deliveryCount, toPacket } from "./properties.ts"

/** AMQP counts prefetch in 16 bits, and 0 means no limit. */
const prefetchOf = (wanted: number): number => Math.min(Math.max(Math.floor(wanted), 1), 65_535)

const gone = (queue: string) =>
  Effect.fail(
    new TransportError({
      operation: "settle",
      target: queue,
      reason: new Disconnected({ detail: "the delivery went back to its queue with its channel" }),
    }),
  )

/** Consumes `queue` until the scope closes; returns once the broker has accepted the consumer. */
export const consume = Effect.fnUntraced(function* (
  connection: Connection,
  queue: string,
  options: ConsumeOptions,
  deliver: (delivery: Delivery) => void,
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  const refused = transportError("consume", queue)
  let accepted = false
  let stopped = false
  let inHand = 0
  const end = () => {
    if (stopped) return
    stopped = true
    // a consumer that was never accepted fails instead
    if (accepted) options.onCancelled?.()
  }
  const closeWhenIdle = (channel: Channel) =>
    Effect.suspend(() => {
      stopped = true
      return inHand === 0 ? channel.close : Effect.void
    })
  // without a reason the connection is lost, of which the status tells
  const onClosed = (why: BrokerFailure | undefined) => why === undefined ? void (stopped = true) : end()
  const channel = yield* Effect.acquireRelease(
    Effect.mapError(connection.openChannel("plain", { onClosed }), refused),
    closeWhenIdle,
  )

  const settle = (arrival: Arrival) => {
    let settled = false
    return (verdict: Verdict) =>
      Effect.suspend(() => {
        if (settled) return Effect.void
        settled = true
        inHand--
        if (!channel.isOpen()) return gone(queue)
        channel.settle(arrival.tag, verdict)
        return stopped && inHand === 0 ? channel.close : Effect.void
      })
  }

  const onArrival = (arrival: Arrival | undefined) => {
    // whatever arrives shows that the broker has accepted it
    accepted = true
    if (arrival === undefined) return end()
    inHand++
    deliver({
      packet: toPacket(arrival.properties, arrival.body),
      queue,
      redelivered: arrival.redelivered,
      deliveryCount: deliveryCount(arrival.properties),
      settle: settle(arrival),
    })
  }

  yield* Effect.acquireRelease(
    Effect.mapError(channel.consume(queue, prefetchOf(options.prefetch), onArrival), refused),
    (consumer) =>
      Effect.suspend(() => {
        stopped = true
        return channel.cancel(consumer)
      }),
  )
  accepted = true
})
