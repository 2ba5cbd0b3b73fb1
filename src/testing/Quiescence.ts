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
import { isAwaited, type Lineage } from "./Lineage.ts"

/** What is watched. */
export interface Watched {
  readonly hands: Iterable<Hand>
  readonly clock: FakeClock
  readonly lineage: Lineage
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

/** Real ms for a handler with which patience was lost before, lest each step of a test costs all of it again. */
const impatience = 10

/**
 * Resolves when all is quiet. A handler that stays busy longer than `patience` real ms is taken to wait for something that
 * only later events bring; the result names such handlers.
 */
export const settle = (watched: Watched, patience: number): Effect.Effect<ReadonlyArray<string>> => {
  const lost = new WeakSet<Hand>()
  return Effect.promise(async () => {
    let seen = watched.activity()
    let quiet = 0
    let started: number | undefined
    const began = realNow()
    for (let turn = 0; quiet < quietTurns; turn++) {
      await (turn < eagerTurns ? nextTurn() : realMillisecond())
      const now = watched.activity()
      const busy: Array<Hand> = []
      for (const hand of watched.hands) {
        if (isBusy(hand, watched)) busy.push(hand)
        else lost.delete(hand)
      }
      if (now !== seen) {
        seen = now
        quiet = 0
        started = undefined
        const seconds = (realNow() - began) / 1_000
        if (seconds > longestUnrest) throw new NeverQuiet({ seconds: Math.round(seconds), facts: seen })
      } else if (watched.backlog() > 0) {
        quiet = 0
      } else if (busy.length === 0) {
        quiet++
        started = undefined
      } else {
        quiet = 0
        started ??= realNow()
        const longest = busy.every((hand) => lost.has(hand)) ? Math.min(impatience, patience) : patience
        if (realNow() - started > longest) {
          for (const hand of busy) lost.add(hand)
          return busy.map(({ handler }) => handler)
        }
      }
    }
    return []
  })
}

const isBusy = (hand: Hand, watched: Watched): boolean =>
  hand.isAsync ? hand.waiting === 0 : hand.fiber !== undefined && isFiberBusy(hand.fiber, hand, watched)

/** A fiber is busy unless the clock, the bus or a fiber it has started will wake it, or while one of those is busy. */
const isFiberBusy = (fiber: Fiber.Fiber<unknown, unknown>, hand: Hand, watched: Watched): boolean => {
  if (fiber.pollUnsafe() !== undefined) return false
  const children = watched.lineage.childrenOf(fiber)
  if (children.some((child) => isFiberBusy(child, hand, watched))) return true
  // `hand.waiting`: an Effect may use the promises of its context, too
  const woken = watched.clock.isAsleep(fiber) || watched.waiting.has(fiber) || hand.waiting > 0
  return !woken && !children.some(isAwaited)
}

// the real clock and the real event loop: what is waited for here does not run on the fake one
const realNow = (): number => performance.now()

// one real turn
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

// a real timer
const realMillisecond = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1))
