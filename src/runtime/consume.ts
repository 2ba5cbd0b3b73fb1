/**
 * Holds a consumer for as long as a scope lives: whenever the broker ends it, the queue is declared and consumed again.
 *
 * Between whoever reads a queue (`Host`, `Caller`, `Core`) and the transport, which resumes consumers after a lost
 * connection by itself, but not after their queue was deleted or their channel closed.
 */
import { Effect, Exit, type Fiber, Scope } from "effect"
import type { Delivery, Topology, Transport, TransportError } from "../transport/mod.ts"

/** What to consume. */
export interface Held {
  readonly queue: string
  /** What must exist before the queue can be consumed again, as it is then. */
  readonly topology: Topology
  readonly prefetch: number
  readonly deliver: (delivery: Delivery) => void
  /** Told whether the broker holds the consumer, at each change; and why it does not, as far as the broker says. */
  readonly onChange?: (held: boolean, why?: string) => void
}

/** Who consumes. */
interface Consuming {
  readonly transport: Transport["Service"]
  readonly runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/** Pause between attempts; queues come back when their leader or their administrator does. */
const pause = "1 second"

/** Consumes until the scope closes; fails only when the first consumer is refused. */
export const keepConsuming = Effect.fnUntraced(function* (
  { transport, runFork }: Consuming,
  held: Held,
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  const { queue, prefetch, deliver, onChange } = held
  const outer = yield* Effect.scope
  let closed = false
  yield* Effect.addFinalizer(() => Effect.sync(() => closed = true))

  const start: Effect.Effect<void, TransportError> = Effect.suspend(() => Scope.fork(outer)).pipe(
    Effect.flatMap((scope) =>
      transport.consume(queue, {
        prefetch,
        onCancelled: () => {
          onChange?.(false, "the broker ended its consumer")
          if (!closed) runFork(Effect.logWarning(`The broker ended the consumer of "${queue}"; consuming it again`))
          runFork(Effect.andThen(Scope.close(scope, Exit.void), again("")))
        },
      }, deliver).pipe(Scope.provide(scope), Effect.onError(() => Scope.close(scope, Exit.void)))
    ),
    Effect.andThen(Effect.sync(() => onChange?.(true))),
  )

  /** `told`: what the log has said of it already. */
  const again = (told: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (closed) return Effect.void
      return Effect.andThen(transport.declare(held.topology), start).pipe(
        Effect.catch((error) => {
          // of a connection that is lost there are other lines
          const news = error.reason._tag !== "Disconnected" && error.message !== told && !closed
          if (news) onChange?.(false, error.message)
          return (news
            ? Effect.logWarning(`Cannot consume "${queue}" again: ${error.message}; trying on`)
            : Effect.void)
            .pipe(
              Effect.andThen(Effect.sleep(pause)),
              Effect.andThen(again(news ? error.message : told)),
            )
        }),
      )
    })

  yield* start
})
