/**
 * One consumer on one channel: deliveries in, verdicts out.
 *
 * Between `Subscriptions.ts`, which starts one again on the next connection, and `Connection.ts`. It ends with its
 * channel: the broker then gives what is in hand to someone else, and verdicts on it fail, harmlessly. A consumer that
 * is stopped keeps its channel until what is in hand has been settled, because only the channel that delivered can settle.
 */
import { Effect } from "effect"
import {
  type ConsumeOptions,
  type Delivery,
  Disconnected,
  Rejected,
  TransportError,
  type Verdict,
} from "../../src/transport/mod.ts"
import { Acks } from "./Acks.ts"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, transportError } from "./Failure.ts"
import { deliveryCount, toPacket } from "./properties.ts"

/** A consumer that the broker has accepted. */
export interface Consumer {
  /** Takes no more; closes the channel when nothing is in hand any more. Never fails. */
  readonly stop: Effect.Effect<void>
}

/** What to consume, and who is told. */
export interface Consuming {
  readonly queue: string
  readonly options: ConsumeOptions
  readonly deliver: (delivery: Delivery) => void
  /** It ended, after it was accepted and without being stopped; not told when its connection is lost. */
  readonly onEnded: () => void
}

/** AMQP counts prefetch in 16 bits, and 0 means no limit. */
const prefetchOf = (wanted: number): number => Math.min(Math.max(Math.floor(wanted), 1), 65_535)

/**
 * How long the broker may take to accept a consumer. One whose quorum queue has no leader says nothing at all: for good,
 * when the queue was declared less than a second before a crash (seen on RabbitMQ 3.10.8).
 */
const patience = "5 seconds"

const silent = (queue: string) =>
  Effect.fail(
    new TransportError({
      operation: "consume",
      target: queue,
      reason: new Rejected({ detail: `it did not accept the consumer within ${patience}; has the queue a leader?` }),
    }),
  )

const gone = (queue: string) =>
  Effect.fail(
    new TransportError({
      operation: "settle",
      target: queue,
      reason: new Disconnected({ detail: "the delivery went back to its queue with its channel" }),
    }),
  )

/** Starts consuming; returns once the broker has accepted the consumer. */
export const startConsumer = Effect.fnUntraced(function* (
  connection: Connection,
  { queue, options, deliver, onEnded }: Consuming,
): Effect.fn.Return<Consumer, TransportError> {
  const refused = transportError("consume", queue)
  let accepted = false
  let stopped = false
  /** The broker has said that nothing more is on its way. */
  let cancelled = false
  let inHand = 0
  const end = () => {
    if (stopped) return
    stopped = true
    // a consumer that was never accepted fails instead
    if (accepted) onEnded()
  }
  // without a reason the connection is lost, of which its owner hears
  const onClosed = (why: BrokerFailure | undefined) => why === undefined ? void (stopped = true) : end()
  const channel: Channel = yield* Effect.mapError(connection.openChannel("plain", { onClosed }), refused)

  const acks = new Acks()
  let writing = false

  const write = (): void => {
    writing = false
    for (const { tag, upTo } of acks.take()) channel.settle(tag, "ack", upTo)
  }

  /** Acks of one turn of the event loop go together. */
  const ack = (tag: number): void => {
    acks.owe(tag)
    if (stopped) return write()
    if (writing) return
    writing = true
    // the real turn of the loop, and no time: what was read at once is acked at once
    setImmediate(write)
  }

  const settle = (arrival: Arrival) => {
    let settled = false
    return (verdict: Verdict) =>
      Effect.suspend(() => {
        if (settled) return Effect.void
        settled = true
        inHand--
        if (!channel.isOpen()) return gone(queue)
        if (verdict === "ack") ack(arrival.tag)
        else {
          acks.passOver(arrival.tag)
          channel.settle(arrival.tag, verdict)
        }
        // what is still on its way would go back with the channel, and come again
        return cancelled && inHand === 0 ? channel.close : Effect.void
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
      isGone: () => !channel.isOpen(),
      settle: settle(arrival),
    })
  }

  const name = yield* channel.consume(queue, prefetchOf(options.prefetch), onArrival).pipe(
    Effect.mapError(refused),
    Effect.timeoutOrElse({ duration: patience, orElse: () => silent(queue) }),
    Effect.onError(() => channel.close),
  )
  accepted = true
  return {
    stop: Effect.suspend(() => {
      stopped = true
      write()
      return channel.isOpen() ? channel.cancel(name) : Effect.void
    }).pipe(Effect.andThen(Effect.suspend(() => {
      cancelled = true
      return inHand === 0 ? channel.close : Effect.void
    }))),
  }
})
