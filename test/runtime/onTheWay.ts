/**
 * One process that calls itself over a broker in memory, on a clock moved by hand, where something befalls calls between the
 * broker's queue and their server.
 */
import { Clock, Effect, type Scope } from "effect"
import { layer as inProcess } from "../../src/broker/mod.ts"
import type { Namespace } from "../../src/runtime/mod.ts"
import { FakeClock } from "../../src/testing/mod.ts"
import { type OpenProcess, openProcess } from "../../src/testing/openProcess.ts"
import { type ConsumeOptions, type Delivery, Transport } from "../../src/transport/mod.ts"

/** What becomes of a call that the broker delivers. */
export type Befall = (delivery: Delivery, deliver: (delivery: Delivery) => void) => void

/** The time at which each test begins. */
const begin = Date.UTC(2026, 0, 1)

/** What a test works with. */
export interface Way extends OpenProcess {
  /** Moves the clock to so many ms after the beginning, and lets happen what is due. */
  readonly moveTo: (ms: number) => Effect.Effect<void>
  /** Why calls were not run, so far. */
  readonly skipped: () => ReadonlyArray<string | undefined>
}

/** Runs a test with the app `desk`. */
export const onTheWay = <A>(
  desk: Namespace,
  befall: Befall,
  body: (way: Way) => Effect.Effect<A, unknown, Scope.Scope>,
): Promise<A> => {
  const clock = new FakeClock(begin)
  const altered = Effect.map(Transport, (transport) => ({
    ...transport,
    consume: (queue: string, options: ConsumeOptions, deliver: (delivery: Delivery) => void) =>
      transport.consume(
        queue,
        options,
        queue.startsWith("warren.calls.") ? (delivery) => befall(delivery, deliver) : deliver,
      ),
  }))
  return Effect.gen(function* () {
    const process = yield* openProcess({ desk }, { grace: 0 })
    return yield* body({
      ...process,
      moveTo: (ms) =>
        Effect.promise(() => {
          clock.moveTo(begin + ms)
          return new Promise((resolve) => setTimeout(resolve, 5))
        }),
      skipped: () => process.facts("skipped").map(({ tag, error }) => tag ?? error),
    })
  }).pipe(
    Effect.provideServiceEffect(Transport, altered),
    Effect.provide(inProcess),
    Effect.provideService(Clock.Clock, clock),
    Effect.scoped,
    Effect.runPromise,
  )
}
