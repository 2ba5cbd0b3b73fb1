/**
 * Everything that is consumed through one transport, over all connections that carry it in turn.
 *
 * Between `AmqpTransport.ts` and `Consumer.ts`. A lost connection ends no subscription: the next one resumes them all.
 * One whose consumer the broker ended, or will not take back, is over, and its user is told (`onCancelled`).
 */
import { Effect, type Scope } from "effect"
import type { ConsumeOptions, Delivery, TransportError } from "../../src/transport/mod.ts"
import type { Connection } from "./Connection.ts"
import { type Consumer, startConsumer } from "./Consumer.ts"

interface Subscription {
  readonly queue: string
  readonly options: ConsumeOptions
  readonly deliver: (delivery: Delivery) => void
  consumer: Consumer | undefined
}

/** The subscriptions of one transport. */
export interface Subscriptions {
  /** Consumes on that connection, and on those that follow it, until the scope closes. */
  readonly add: (
    connection: Connection,
    queue: string,
    options: ConsumeOptions,
    deliver: (delivery: Delivery) => void,
  ) => Effect.Effect<void, TransportError, Scope.Scope>
  /** Brings all of them to a new connection; succeeds when each is accepted, or over. */
  readonly resume: (connection: Connection) => Effect.Effect<void>
}

/** Consumers that are started at a time: each takes three round trips. */
const atATime = 32

/** None yet. */
export const makeSubscriptions = (): Subscriptions => {
  const all = new Set<Subscription>()

  const over = (subscription: Subscription) => {
    if (all.delete(subscription)) subscription.options.onCancelled?.()
  }

  const start = (connection: Connection, subscription: Subscription) =>
    startConsumer(connection, { ...subscription, onEnded: () => over(subscription) }).pipe(
      Effect.tap((consumer) => {
        subscription.consumer = consumer
        // its scope may have closed meanwhile
        return all.has(subscription) ? Effect.void : consumer.stop
      }),
    )

  return {
    add: (connection, queue, options, deliver) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          const subscription: Subscription = { queue, options, deliver, consumer: undefined }
          all.add(subscription)
          return start(connection, subscription).pipe(
            Effect.onError(() => Effect.sync(() => all.delete(subscription))),
            Effect.as(subscription),
          )
        }),
        (subscription) =>
          Effect.suspend(() => {
            all.delete(subscription)
            return subscription.consumer?.stop ?? Effect.void
          }),
      ).pipe(Effect.asVoid),
    resume: (connection) =>
      Effect.forEach([...all], (subscription) =>
        Effect.catch(start(connection, subscription), () =>
          // a connection that is lost again leaves it to the next one
          Effect.sync(() => connection.isLost() ? undefined : over(subscription))), {
        concurrency: atATime,
        discard: true,
      }),
  }
}
