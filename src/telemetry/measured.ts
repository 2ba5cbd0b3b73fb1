/**
 * A transport that counts what goes through it, and is the same in every other way.
 *
 * Stands between the runtime and an adapter, and only where somebody reads the meter. Adds no wait: what was synchronous
 * stays so.
 */
import { Clock, Effect, Exit, Stream } from "effect"
import { type Delivery, Transport, type Verdict } from "../transport/mod.ts"
import type { Meter } from "./Meter.ts"
import { confirmed, type Incoming, settled } from "./Traffic.ts"

/** A transport whose traffic, and whose state, the meter knows. */
export const measured = (transport: Transport["Service"], { traffic }: Meter): Effect.Effect<Transport["Service"]> =>
  Effect.map(Clock.Clock, (clock) =>
    Transport.of({
      traits: transport.traits,
      status: Stream.tap(transport.status, (status) => Effect.sync(() => traffic.status(status))),
      declare: (topology) => transport.declare(topology),
      publish: (route, packet) =>
        Effect.suspend(() => {
          const row = traffic.outgoing(route, packet.type)
          const began = clock.currentTimeMillisUnsafe()
          row.published++
          return Effect.onExit(transport.publish(route, packet), (exit) =>
            Effect.sync(() =>
              confirmed(row, Exit.isSuccess(exit) ? exit.value : undefined, clock.currentTimeMillisUnsafe() - began)
            ))
        }),
      consume: (queue, options, deliver) =>
        transport.consume(queue, options, (delivery) => {
          const row = traffic.incoming(queue, delivery.packet.type)
          row.delivered++
          deliver(tallied(delivery, row))
        }),
    }))

const tallied = (delivery: Delivery, row: Incoming): Delivery => {
  let isSettled = false
  return {
    packet: delivery.packet,
    queue: delivery.queue,
    redelivered: delivery.redelivered,
    deliveryCount: delivery.deliveryCount,
    isGone: () => delivery.isGone(),
    settle: (verdict: Verdict) => {
      // the first verdict counts, for the broker as well
      if (!isSettled) settled(row, verdict)
      isSettled = true
      return delivery.settle(verdict)
    },
  }
}
