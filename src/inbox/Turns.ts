/**
 * One at a time, first come first served, with a limit to the wait for the one in front.
 *
 * Stands before a connection that can have one transaction. Who waits is asleep on the clock until its turn wakes it, so
 * that a test sees it at rest.
 */
import { Effect, Fiber } from "effect"

interface Place {
  /** Ends its sleep. */
  wake: (() => void) | undefined
}

/** A queue of effects that must not overlap. */
export class Turns {
  /** The first one has its turn. */
  readonly #places: Array<Place> = []
  /** How many have had theirs. */
  #served = 0

  /** How many wait for their turn. */
  get waiting(): number {
    return Math.max(0, this.#places.length - 1)
  }

  /** Runs `effect` when its turn has come, or `late` when nobody's turn has ended for `limit` ms. */
  take<A, E, R, A2, E2, R2>(
    limit: number,
    effect: Effect.Effect<A, E, R>,
    late: Effect.Effect<A2, E2, R2>,
  ): Effect.Effect<A | A2, E | E2, R | R2> {
    return Effect.uninterruptibleMask((restore) => {
      const place: Place = { wake: undefined }
      this.#places.push(place)
      const turn: Effect.Effect<A | A2, E | E2, R | R2> = Effect.suspend(() => {
        if (this.#places[0] === place) return effect
        const seen = this.#served
        return Effect.andThen(
          this.#sleep(place, limit),
          Effect.suspend(() => this.#places[0] !== place && this.#served === seen ? late : turn),
        )
      })
      return Effect.ensuring(restore(turn), Effect.sync(() => this.#leave(place)))
    })
  }

  #sleep(place: Place, limit: number): Effect.Effect<unknown> {
    return Effect.flatMap(Effect.forkChild(Effect.sleep(limit)), (sleeper) => {
      place.wake = () => sleeper.interruptUnsafe()
      if (this.#places[0] === place) place.wake()
      return Effect.onInterrupt(Fiber.await(sleeper), () => Fiber.interrupt(sleeper))
    })
  }

  #leave(place: Place): void {
    const had = this.#places[0] === place
    this.#places.splice(this.#places.indexOf(place), 1)
    if (!had) return
    this.#served++
    this.#places[0]?.wake?.()
  }
}
