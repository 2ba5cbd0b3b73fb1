/**
 * Goes through a queue from its head and holds everything that it has seen, until its channel ends and gives it back.
 *
 * Below `browse.ts` and `sift.ts`; above `Connection.ts`. What one consumer had is given back in its order; of several,
 * whose order the broker does not keep, there are only where one may not have so many.
 */
import { Deferred, Effect } from "effect"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, failure } from "./Failure.ts"

/** How long messages that should be there may take to come: another consumer may have them. */
const patience = "1 second"
/** And the first of them: a busy broker has to read a long queue before it has anything to bring. */
const beginning = "4 seconds"
/** How long another consumer is waited for: it may be doing the same, or be gone and still be counted. */
const courtesy = { pause: "50 millis", times: 40 } as const
/** How long a broker may take to answer in the end. */
const leaving = "5 seconds"
/** The most that a consumer can have in hand: AMQP counts in 16 bits. */
const mostInHand = 65_535

/** What a queue holds, and who else consumes it, once others that are only passing have gone. */
export const alone = Effect.fnUntraced(function* (channel: Channel, queue: string) {
  let counts = yield* channel.checkQueue(queue)
  for (let i = 0; i < courtesy.times && counts.consumers > 0; i++) {
    yield* Effect.sleep(courtesy.pause)
    counts = yield* channel.checkQueue(queue)
  }
  return counts
})

/** Sees at most `wanted` messages; ends sooner where `visit` says `false`, or where no more come. Says how many it saw. */
export const walk = Effect.fnUntraced(function* (
  channel: Channel,
  queue: string,
  wanted: number,
  visit: (arrival: Arrival) => boolean,
): Effect.fn.Return<number, BrokerFailure> {
  let seen = 0
  let asked = 0
  let isOver = wanted <= 0
  let why: BrokerFailure | undefined
  /** Told of every arrival. */
  let turn = Deferred.makeUnsafe<void>()
  const deliver = (arrival: Arrival | undefined): void => {
    if (isOver) return
    try {
      if (arrival === undefined) why = failure(new Error("the queue was deleted"))
      else seen++
      if (arrival === undefined || !visit(arrival) || seen >= wanted) isOver = true
    } catch (error) {
      why = failure(error)
      isOver = true
    }
    if (isOver || seen >= asked) Deferred.doneUnsafe(turn, Effect.void)
  }
  const consumers: Array<string> = []
  while (!isOver && channel.isOpen()) {
    const more = Math.min(mostInHand, wanted - asked)
    asked += more
    turn = Deferred.makeUnsafe<void>()
    consumers.push(yield* channel.consume(queue, more, deliver))
    if (!isOver && seen < asked && !(yield* arrived(turn, () => seen))) break
  }
  isOver = true
  // first, so that what is given back does not come again
  yield* Effect.forEach(consumers, (consumer) => channel.cancel(consumer), { discard: true })
  if (!channel.isOpen()) why ??= channel.closedBy() ?? failure(new Error("the connection was lost"))
  return why === undefined ? seen : yield* Effect.fail(why)
})

/** Waits for a turn as long as something goes on arriving; `false`: it does not. */
const arrived = Effect.fnUntraced(function* (turn: Deferred.Deferred<void>, count: () => number) {
  for (let before = -1; before < count();) {
    before = count()
    const duration = before === 0 ? beginning : patience
    const waiting = Effect.as(Deferred.await(turn), true)
    if (yield* Effect.timeoutOrElse(waiting, { duration, orElse: () => Effect.succeed(false) })) return true
  }
  return false
})

/** Uses a channel that nobody else has; its end gives back whatever is not settled. */
export const onChannel = <A>(
  connection: Connection,
  use: (channel: Channel) => Effect.Effect<A, BrokerFailure>,
): Effect.Effect<A, BrokerFailure> =>
  Effect.acquireUseRelease(connection.openChannel("plain", {}), use, (channel) => channel.close)

/**
 * Waits until a queue has taken every ack of a channel: of those that a quorum queue was sent in a burst, the end of the
 * channel loses the last ones (measured on 3.10), and their messages come back. What is answered by the queue itself, as the
 * beginning and the end of a consumer are, comes after all that it was sent before; what the broker had kept back of the acks
 * leaves with the first answer.
 */
export const acked = (channel: Channel, queue: string): Effect.Effect<void> =>
  Effect.flatMap(channel.consume(queue, 1, () => {}), channel.cancel).pipe(
    Effect.repeat({ times: 1 }),
    Effect.timeout(leaving),
    Effect.ignore,
  )

/**
 * Waits until messages given back count as ready again, so that nobody takes the queue for an empty one. A consumer that has
 * just gone may still be counted; of one that goes on being counted they may be in hand.
 */
export const returned = Effect.fnUntraced(function* (connection: Connection, queue: string, count: number) {
  for (let tries = 0, others = 0; count > 0 && tries < 500; tries++) {
    const { ready, consumers } = yield* onChannel(connection, (channel) => channel.checkQueue(queue))
    if (ready >= count) return
    others = consumers > 0 ? others + 1 : 0
    if (others > 10) return
    yield* Effect.sleep("20 millis")
  }
})
