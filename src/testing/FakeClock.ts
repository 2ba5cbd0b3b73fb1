/**
 * A clock that stands still until it is told to move.
 *
 * It is Effect's `Clock`, so everything in a test runs on it: handlers' sleeps, deadlines, retry delays, schedules. It also
 * tells which fibers are asleep on it, which is how `Quiescence` knows that nothing more will happen by itself.
 */
import { type Clock, Duration, Effect, type Fiber } from "effect"

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/** A clock moved by hand. */
export class FakeClock implements Clock.Clock {
  #now: number
  readonly #start: number
  /** Sorted by time, then by registration. */
  readonly #sleepers: Array<Sleeper> = []
  readonly #asleep = new Set<Fiber.Fiber<unknown, unknown>>()

  /** @param start ms since the epoch */
  constructor(start: number) {
    this.#start = start
    this.#now = start
  }

  readonly currentTimeMillisUnsafe = (): number => this.#now
  readonly currentTimeNanosUnsafe = (): bigint => BigInt(Math.round(this.#now * 1_000)) * 1_000n
  readonly monotonicTimeNanosUnsafe = (): bigint => BigInt(Math.round((this.#now - this.#start) * 1_000)) * 1_000n
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanos = Effect.sync(this.monotonicTimeNanosUnsafe)

  readonly sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const ms = Duration.toMillis(duration)
      if (!(ms > 0)) return Effect.void
      return Effect.callback<void>((resume) => {
        const wake = () => {
          this.#asleep.delete(fiber)
          resume(Effect.void)
        }
        const sleeper: Sleeper = { until: this.#now + ms, wake }
        this.#asleep.add(fiber)
        this.#insert(sleeper)
        return Effect.sync(() => this.#remove(sleeper, fiber))
      })
    })

  /** Whether the fiber sleeps on this clock. */
  isAsleep(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return this.#asleep.has(fiber)
  }

  /** When the next sleeper wakes, ms since the epoch. */
  get next(): number | undefined {
    return this.#sleepers[0]?.until
  }

  /** Moves to a time, not before now, and wakes everyone due by then in order. Does not wait for them. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time)
    for (let first = this.#sleepers[0]; first !== undefined && first.until <= this.#now; first = this.#sleepers[0]) {
      this.#sleepers.shift()
      first.wake()
    }
  }

  #insert(sleeper: Sleeper): void {
    let low = 0
    let high = this.#sleepers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#sleepers[middle]!.until <= sleeper.until) low = middle + 1
      else high = middle
    }
    this.#sleepers.splice(low, 0, sleeper)
  }

  #remove(sleeper: Sleeper, fiber: Fiber.Fiber<unknown, unknown>): void {
    this.#asleep.delete(fiber)
    const at = this.#sleepers.indexOf(sleeper)
    if (at >= 0) this.#sleepers.splice(at, 1)
  }
}
