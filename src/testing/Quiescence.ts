/**
 * Waits until nothing more happens by itself: nothing deliverable, every handler in hand asleep on the fake clock.
 *
 * A handler that awaits something real (a file, a socket, a timer of its own) is waited for in real time, so that it
 * gives the same timeline on every run. What is inside an async function cannot be seen: while it has a `context.sleep`,
 * `call` or `emit` under way it counts as asleep, whatever else it awaits beside that.
 */
import { Effect, type Fiber, Schema } from "effect"
import type { Hand } from "../runtime/mod.ts"
import type { FakeClock } from "./FakeClock.ts"

/** What is watched. */
export interface Watched {
  readonly hands: ReadonlySet<Hand>
  readonly clock: FakeClock
  /** Fibers that wait for the bus (a reply, a confirm): others act for them. */
  readonly waiting: ReadonlySet<Fiber.Fiber<unknown, unknown>>
  /** Grows with everything that happens. */
  readonly activity: () => number
  /** Deliveries that the engine has put off to give the event loop its turn. */
  readonly backlog: () => number
}

/** Messages that keep causing messages without the clock moving: a circle that would never end. */
export class NeverQuiet extends Schema.TaggedError<NeverQuiet>()("NeverQuiet", {
  seconds: Schema.Number,
  facts: Schema.Number,
}) {
  override get message(): string {
    return `Cannot wait for quiet: for ${this.seconds} s messages have been causing messages (${this.facts} facts so far); look for handlers that emit in a circle`
  }
}

/** Turns of the event loop without activity before all is taken to be quiet: fibers hop at most this far between two facts. */
const quietTurns = 3

/** Real seconds of unbroken activity at one moment of the fake clock, after which it is taken for endless. */
const longestUnrest = 20

/** Turns that only yield; after them each turn waits a real millisecond. */
const eagerTurns = 200

/**
 * Resolves when all is quiet. A handler that stays busy longer than `patience` real ms is taken to wait for something that
 * only later events bring; the result names such handlers.
 */
export const settle = (watched: Watched, patience: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(async () => {
    let seen = watched.activity()
    let quiet = 0
    // the real clock, since real work is waited for
    let started: number | undefined
    const began = performance.now()
    for (let turn = 0; quiet < quietTurns; turn++) {
      await (turn < eagerTurns ? nextTurn() : realMillisecond())
      const now = watched.activity()
      const busy = [...watched.hands].filter((hand) => isBusy(hand, watched))
      if (now !== seen) {
        seen = now
        quiet = 0
        started = undefined
        const seconds = (performance.now() - began) / 1_000
        if (seconds > longestUnrest) throw new NeverQuiet({ seconds: Math.round(seconds), facts: seen })
      } else if (watched.backlog() > 0) {
        quiet = 0
      } else if (busy.length === 0) {
        quiet++
        started = undefined
      } else {
        quiet = 0
        started ??= performance.now()
        if (performance.now() - started > patience) return busy.map(({ handler }) => handler)
      }
    }
    return []
  })

const isBusy = (hand: Hand, watched: Watched): boolean =>
  hand.isAsync ? hand.waiting === 0 : hand.fiber !== undefined && isFiberBusy(hand.fiber, watched)

/** A fiber with children waits for them; one without is busy unless the clock or the bus will wake it. */
const isFiberBusy = (fiber: Fiber.Fiber<unknown, unknown>, watched: Watched): boolean => {
  if (fiber.pollUnsafe() !== undefined) return false
  const children = childrenOf(fiber)
  if (children.length > 0) return children.some((child) => isFiberBusy(child, watched))
  return !watched.clock.isAsleep(fiber) && !watched.waiting.has(fiber)
}

/** Effect shows a fiber's children to nobody; a test of this file notices when that changes. */
const childrenOf = (fiber: Fiber.Fiber<unknown, unknown>): ReadonlyArray<Fiber.Fiber<unknown, unknown>> => {
  const { _children: children } = fiber as { readonly _children?: ReadonlySet<Fiber.Fiber<unknown, unknown>> }
  return children === undefined ? [] : [...children]
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const realMillisecond = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1))
