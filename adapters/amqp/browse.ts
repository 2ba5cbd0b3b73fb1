/**
 * Reads many messages of a queue and gives all of them back in their order.
 *
 * Between `openSteward.ts` and `walk.ts`. Keeps none of them: whoever is told of them keeps what it wants.
 */
import { Effect } from "effect"
import type { Browsed, BrowseLimits, Peeked } from "../../src/transport/mod.ts"
import type { Arrival, Connection } from "./Connection.ts"
import type { BrokerFailure } from "./Failure.ts"
import { deliveryCount, toPacket } from "./properties.ts"
import { alone, onChannel, returned, walk } from "./walk.ts"

/** An arrival as whoever looks sees it. */
export const peeked = ({ properties, body, key, redelivered }: Arrival): Peeked => ({
  packet: toPacket(properties, body),
  key,
  redelivered,
  deliveryCount: deliveryCount(properties),
})

/** Reads from the head, within the limits. */
export const browse = (
  connection: Connection,
  queue: string,
  limits: BrowseLimits,
  visit: (message: Peeked) => void,
): Effect.Effect<Browsed, BrokerFailure> =>
  onChannel(
    connection,
    Effect.fnUntraced(function* (channel) {
      const { ready, consumers } = yield* alone(channel, queue)
      let bytes = 0
      const read = yield* walk(channel, queue, Math.min(ready, limits.messages), (arrival) => {
        visit(peeked(arrival))
        bytes += arrival.body.length
        return bytes < limits.bytes
      })
      return { ready, read, others: consumers }
    }),
  ).pipe(Effect.tap(({ read }) => returned(connection, queue, read)))
