/**
 * Many deadlines, one timer: callbacks that run when the runtime's clock reaches a time.
 *
 * Calls and handlers each need a deadline that is nearly always withdrawn; a fiber for each would cost
 * more than the call itself (measured: 4.4 µs for `Effect.timeout` on Bun, 0.2 µs here). Deadlines of
 * the same millisecond share a ring; one fiber sleeps until the earliest. A withdrawn one leaves its time behind,
 * which is swept away with others when they have become many. Where the day's time is set back, they are moved with it,
 * or they would come later by as much.
 */
import { Clock, Effect, Fiber, type Scope } from "effect"
import { Ring } from "../collections/mod.ts"

/** Withdraws a deadline; a second time does nothing. */
export type Withdraw = () => void

/** Holds deadlines. */
export interface Deadlines {
  /** Runs `expire` once the clock reaches `at` (ms since the epoch), unless withdrawn. It must not throw. */
  readonly add: (at: number, expire: () => void) => Withdraw
}

/** Those of a process. */
export interface AllDeadlines extends Deadlines {
  /** Times that are remembered, those among them that nobody waits for any more. */
  readonly size: () => number
}

/** So many times may be remembered before anybody looks which of them are still waited for. */
const few = 1_024

/** Less than this the day's time may go back without that anybody set it, ms. */
const leap = 1_000

/** One deadline. */
class Deadline extends Ring {
  readonly expire: () => void

  constructor(expire: () => void) {
    super()
    this.expire = expire
  }
}

/** Deadlines that live until the scope closes. */
export const makeDeadlines: Effect.Effect<AllDeadlines, never, Scope.Scope> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const services = yield* Effect.context<never>()
  const runFork = Effect.runForkWith(services)
  const buckets = new Map<number, Ring>()
  const times: Array<number> = []
  let sleeper: { readonly until: number; readonly fiber: Fiber.Fiber<void> } | undefined
  let closed = false
  /** ms on the clock that nobody sets. */
  const monotonic = (): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  /** The time that was seen last, and when that was on the clock that nobody sets. */
  let seen = clock.currentTimeMillisUnsafe()
  let seenAt = monotonic()

  /** The time now; everything is moved with it when it was set back. One that is set ahead ends what it passes. */
  const look = (): number => {
    const now = clock.currentTimeMillisUnsafe()
    if (now === seen) return now
    const at = monotonic()
    const back = Math.round(seen + at - seenAt - now)
    if (back > leap) {
      const moved = [...buckets].map(([time, bucket]) => [time - back, bucket] as const)
      buckets.clear()
      for (const [time, bucket] of moved) buckets.set(time, bucket)
      // the order in the heap stays what it was
      for (let i = 0; i < times.length; i++) times[i]! -= back
      sleeper?.fiber.interruptUnsafe()
      sleeper = undefined
    }
    seen = now
    seenAt = at
    return now
  }

  /** The next look at what is still waited for is due at so many times. */
  let many = few

  /** Forgets the times that nobody waits for: a deadline of an hour would leave them for an hour. */
  const sweep = (): void => {
    const wanted = times.filter((time) => buckets.get(time)?.isEmpty === false).toSorted((a, b) => a - b)
    for (const [time, bucket] of buckets) if (bucket.isEmpty) buckets.delete(time)
    times.length = 0
    // in their order they are a heap
    for (const time of wanted) times.push(time)
    many = Math.max(few, 2 * times.length)
  }

  const arm = (): void => {
    const now = look()
    while (times.length > 0 && buckets.get(times[0]!)?.isEmpty !== false) buckets.delete(popTime(times)!)
    const until = times[0]
    if (until === undefined || closed || (sleeper !== undefined && sleeper.until <= until)) return
    sleeper?.fiber.interruptUnsafe()
    const wait = Math.max(1, until - now)
    sleeper = { until, fiber: runFork(Effect.andThen(Effect.sleep(wait), Effect.sync(fire))) }
  }

  const fire = (): void => {
    sleeper = undefined
    const now = look()
    while (times.length > 0 && times[0]! <= now) {
      const time = popTime(times)!
      const due = buckets.get(time)
      buckets.delete(time)
      for (let first = due?.first; first instanceof Deadline; first = due?.first) {
        first.leave()
        first.expire()
      }
    }
    arm()
  }

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closed = true
      buckets.clear()
      return sleeper === undefined ? Effect.void : Fiber.interrupt(sleeper.fiber)
    })
  )

  return {
    size: () => times.length,
    add: (at, expire) => {
      look()
      // a time that is no number would stand in the way of all others: it is past
      const time = Number.isNaN(at) ? 0 : Math.ceil(at)
      let bucket = buckets.get(time)
      if (bucket === undefined) {
        if (times.length >= many) sweep()
        buckets.set(time, bucket = new Ring())
        pushTime(times, time)
      }
      const one = new Deadline(expire)
      bucket.add(one)
      if (sleeper === undefined || time < sleeper.until) arm()
      return () => one.leave()
    },
  }
})

/** Adds to a binary min-heap. */
const pushTime = (heap: Array<number>, time: number): void => {
  let at = heap.push(time) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (heap[parent]! <= time) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = time
}

/** Takes the smallest from a binary min-heap. */
const popTime = (heap: Array<number>): number | undefined => {
  const first = heap[0]
  const last = heap.pop()
  if (heap.length === 0 || last === undefined) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
    if (heap[child]! >= last) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return first
}
