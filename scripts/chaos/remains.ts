/**
 * What a run leaves behind besides its lines: the rows of the effects, and the dead letters.
 *
 * Read once, when every process has ended and the broker still runs.
 */
import { Context, Effect, Layer, Queue } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import { openSqlite } from "../../adapters/runtime/mod.ts"
import { type Delivery, Transport } from "../../src/transport/mod.ts"
import { Header, QueueName } from "../../src/wire/mod.ts"
import { app } from "./company.ts"

/** A message in the dead-letter queue. */
export interface DeadLetter {
  readonly n: number
  /** Who buried it; "" where the broker did (its delivery limit). */
  readonly handler: string
  readonly reason: string
}

/** How many rows each event has. */
export const readEffects = (path: string): Promise<ReadonlyMap<number, number>> =>
  Effect.runPromise(Effect.scoped(Effect.map(openSqlite({ path }), (sqlite) =>
    new Map(
      sqlite.prepare("SELECT n, count(*) AS times FROM effects GROUP BY n").all()
        .map(({ n, times }) => [Number(n), Number(times)]),
    ))))

/** Every message in the dead-letter queue; they stay there. */
export const readDead = (broker: string): Promise<ReadonlyArray<DeadLetter>> =>
  Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const transport = Context.get(yield* Layer.build(layer({ url: broker })), Transport)
    const arrivals = yield* Queue.unbounded<Delivery>()
    yield* transport.consume(QueueName.dead(app), { prefetch: 65_535 }, (delivery) => {
      Queue.offerUnsafe(arrivals, delivery)
    })
    const letters: Array<DeadLetter> = []
    for (;;) {
      // there are no more when none comes for a while
      const delivery = yield* Effect.timeoutOrElse(Queue.take(arrivals), {
        duration: "1500 millis",
        orElse: () => Effect.succeed(undefined),
      })
      if (delivery === undefined) return letters
      const { headers, body } = delivery.packet
      const payload = JSON.parse(new TextDecoder().decode(body)) as { readonly n: number }
      letters.push({
        n: payload.n,
        handler: String(headers[Header.deadHandler] ?? ""),
        reason: String(headers[Header.deadReason] ?? "by the broker"),
      })
    }
  })))
