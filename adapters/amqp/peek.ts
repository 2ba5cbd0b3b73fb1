/**
 * Looks at the first messages of a queue and gives them back in their order.
 *
 * Between `openSteward.ts` and `Connection.ts`. One by one (`basic.get`), which disturbs nobody; a queue of one consumer
 * at a time refuses that, so there it stands in line as a consumer for a moment. The end of its channel gives them
 * back: a nack would put them behind all others in a quorum queue without a delivery limit (measured on 3.10). Among
 * messages that came back before, the broker puts them last either way.
 */
import { Deferred, Effect } from "effect"
import type { Peeked } from "../../src/transport/mod.ts"
import { peeked } from "./browse.ts"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, resourceLocked } from "./Failure.ts"
import { onChannel, returned } from "./walk.ts"

/** How long messages that should be there may take to come, where there may be another consumer. */
const patience = "1 second"

/** At most `most` messages from the head. */
export const peek = (
  connection: Connection,
  queue: string,
  most: number,
): Effect.Effect<ReadonlyArray<Peeked>, BrokerFailure> =>
  onChannel(connection, (channel) => getSome(channel, queue, most)).pipe(
    Effect.catch((failed) =>
      failed.code === resourceLocked
        ? onChannel(connection, (channel) => waitInLine(channel, queue, most))
        : Effect.fail(failed)
    ),
    Effect.tap((arrivals) => returned(connection, queue, arrivals.length)),
    Effect.map((arrivals) => arrivals.map(peeked)),
  )

const getSome = Effect.fnUntraced(function* (channel: Channel, queue: string, most: number) {
  const arrivals: Array<Arrival> = []
  while (arrivals.length < most) {
    const arrival = yield* channel.take(queue)
    if (arrival === undefined) break
    arrivals.push(arrival)
  }
  return arrivals
})

const waitInLine = Effect.fnUntraced(function* (channel: Channel, queue: string, most: number) {
  const { ready } = yield* channel.checkQueue(queue)
  const wanted = Math.min(ready, most)
  const arrivals: Array<Arrival> = []
  if (wanted === 0) return arrivals
  const enough = yield* Deferred.make<void>()
  const consumer = yield* channel.consume(queue, wanted, (arrival) => {
    if (arrival !== undefined) arrivals.push(arrival)
    if (arrival === undefined || arrivals.length >= wanted) Deferred.doneUnsafe(enough, Effect.void)
  })
  yield* Effect.timeoutOrElse(Deferred.await(enough), { duration: patience, orElse: () => Effect.void })
  // first, so that what is given back does not come again
  yield* channel.cancel(consumer)
  return arrivals
})
