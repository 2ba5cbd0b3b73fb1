/**
 * A queue of one connection's own, and whatever comes to it.
 *
 * Below `openSteward.ts`, above `Connection.ts`. The broker deletes it with the connection, so that a process which is killed
 * leaves nothing behind; what is not taken in time is dropped there, oldest first, and few messages at a time are on their way.
 */
import { Effect, type Scope } from "effect"
import type { Receiving } from "../../src/transport/mod.ts"
import type { Connection } from "./Connection.ts"
import type { BrokerFailure } from "./Failure.ts"
import { toPacket } from "./properties.ts"
import { queueDeclaration } from "./queueArguments.ts"

/** Messages on their way here at a time. */
const prefetch = 100

/** Declares it, and consumes it until the scope closes. */
export const receive = Effect.fnUntraced(function* (
  connection: Connection,
  queue: string,
  { most, take, onLost }: Receiving,
): Effect.fn.Return<void, BrokerFailure, Scope.Scope> {
  // what ends before it has begun is a refusal
  let isOver = true
  const lost = (why: string) => {
    if (isOver) return
    isOver = true
    onLost(why)
  }
  const onClosed = (why: BrokerFailure | undefined) => lost(why?.text ?? "the connection to the broker is lost")
  const channel = yield* Effect.acquireRelease(
    connection.openChannel("plain", { onClosed }),
    (channel) =>
      Effect.suspend(() => {
        const gone = isOver || !channel.isOpen() ? Effect.void : Effect.ignore(channel.deleteQueue(queue))
        isOver = true
        return Effect.andThen(gone, channel.close)
      }),
  )
  const spec = { name: queue, type: "classic", durable: false, exclusive: true, autoDelete: true } as const
  yield* channel.declareQueue(queue, queueDeclaration({ ...spec, maxLength: most, overflow: "drop-head" }))
  yield* channel.consume(queue, prefetch, (arrival) => {
    if (arrival === undefined) return lost(`"${queue}" was deleted`)
    take(toPacket(arrival.properties, arrival.body))
    channel.settle(arrival.tag, "ack")
  })
  isOver = false
})
