/**
 * Moves messages from queue to queue as they are: each is acked once its copy is confirmed in the other queue.
 *
 * Between `openSteward.ts` and `Connection.ts`. Consumes and publishes on one channel, whose end gives everything
 * unsettled back, so whatever goes wrong leaves messages where they were, a few of them perhaps in both queues.
 */
import { Deferred, Effect } from "effect"
import { type Headers, Rejected, StewardError } from "../../src/transport/mod.ts"
import type { Arrival, Channel, Connection } from "./Connection.ts"
import { type BrokerFailure, failure, notFound } from "./Failure.ts"
import { type Properties, repeatable } from "./properties.ts"
import { acked } from "./walk.ts"

/** Messages on their way at a time. */
const atATime = 100
/** So long without a message moved means that no more will come: another consumer has them. */
const patience = "5 seconds"

/** Moves what is ready now; says how many. */
export const move = Effect.fnUntraced(function* (
  connection: Connection,
  from: string,
  to: string,
  headers: Headers,
): Effect.fn.Return<number, BrokerFailure | StewardError> {
  const enough = yield* Deferred.make<void>()
  let wanted = 0
  let moved = 0
  let underWay = 0
  /** Once it is set no copy counts any more: of which one the broker says that it is nowhere, a confirm does not tell. */
  let why: BrokerFailure | StewardError | undefined
  const stop = (failed: BrokerFailure | StewardError): void => {
    why ??= failed
    Deferred.doneUnsafe(enough, Effect.void)
  }
  const stopBecause = (reason: string): void => stop(failure(new Error(reason)))
  const carry = (channel: Channel, { tag, body, properties }: Arrival): void => {
    if (why !== undefined) return
    underWay++
    channel.publish("", to, body, copyOf(properties, headers), (outcome) => {
      underWay--
      if (why !== undefined) return
      if (outcome !== "ack") {
        if (outcome === "lost") return stopBecause("the channel was lost")
        const reason = new Rejected({ detail: `"${to}" takes nothing more` })
        return stop(new StewardError({ operation: "move", target: from, reason }))
      }
      channel.settle(tag, "ack")
      if (++moved >= wanted) Deferred.doneUnsafe(enough, Effect.void)
    })
  }
  const open = connection.openChannel("confirm", {
    onReturn: () => stop({ ...failure(new Error(`no queue '${to}' in vhost`)), code: notFound }),
    onClosed: (reason) => stopBecause(reason?.text ?? "the connection was lost"),
  })
  return yield* Effect.acquireUseRelease(
    open,
    Effect.fnUntraced(function* (channel) {
      // a copy for a queue that does not exist is returned; asked first, the original is not even touched
      yield* channel.checkQueue(to)
      wanted = (yield* channel.checkQueue(from)).ready
      if (wanted === 0) return 0
      const consumer = yield* channel.consume(from, atATime, (arrival) => {
        if (arrival === undefined) return stopBecause("the queue was deleted")
        try {
          carry(channel, arrival)
        } catch (error) {
          stop(failure(error))
        }
      })
      const stuck = Effect.gen(function* () {
        for (let before = -1; before < moved || underWay > 0;) {
          before = moved
          yield* Effect.sleep(patience)
        }
      })
      yield* Effect.raceFirst(Deferred.await(enough), stuck)
      // whatever came until now is moved too, so that nothing is in hand when its owner asks how much is left; and a
      // quorum queue goes on counting a consumer for a moment when only its channel ends
      yield* channel.cancel(consumer)
      while (underWay > 0 && why === undefined) yield* Effect.sleep("5 millis")
      yield* acked(channel, from)
      return why === undefined ? moved : yield* Effect.fail(why)
    }),
    (channel) => channel.close,
  )
})

const copyOf = (properties: Properties, headers: Headers): Properties => {
  const copy = repeatable(properties)
  return { ...copy, headers: { ...copy.headers, ...headers } }
}
