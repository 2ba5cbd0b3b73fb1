/**
 * A clock, deadlines and a network, for tests of single parts of the lanes.
 */
import assert from "node:assert/strict"
import { setImmediate as turn } from "node:timers/promises"
import { Clock, Effect } from "effect"
import { type Deadlines, makeDeadlines } from "../../../src/runtime/Deadlines.ts"
import { FakeClock } from "../../../src/testing/FakeClock.ts"
import { readLaneMessage, welcomeParts } from "../../../src/wire/mod.ts"
import { Network, type Station } from "./Network.ts"

/** See the top of the file. */
export interface Yard {
  readonly clock: FakeClock
  readonly now: () => number
  readonly deadlines: Deadlines
  readonly network: Network
  readonly advance: (ms: number) => Promise<void>
  readonly settle: () => Promise<void>
  /** A process that does nothing but say hello to those who mean it. */
  readonly neighbour: (endpoint: string, instance: string) => Station
}

/** Runs a test in a yard of its own. */
export const inYard = (body: (yard: Yard) => Promise<void> | void) => (): Promise<void> => {
  const clock = new FakeClock(1_000_000)
  const now = clock.currentTimeMillisUnsafe
  const settle = async () => {
    for (let i = 0; i < 3; i++) await turn()
  }
  const program = Effect.gen(function* () {
    const deadlines = yield* makeDeadlines
    const network = new Network({ now, after: (ms, then) => void deadlines.add(now() + ms, then) })
    const yard: Yard = {
      clock,
      now,
      deadlines,
      network,
      settle,
      advance: async (ms) => {
        const until = now() + ms
        await settle()
        for (let next = clock.next; next !== undefined && next <= until; next = clock.next) {
          clock.moveTo(next)
          await settle()
        }
        clock.moveTo(until)
      },
      neighbour: (endpoint, instance) => {
        const station = network.join(endpoint, `peer-${instance}`)
        station.listen((from, parts) => {
          const message = readLaneMessage(parts)
          if (message?._tag === "Hello" && message.to === instance) from.send(welcomeParts)
        })
        return station
      },
    }
    yield* Effect.promise(async () => await body(yard))
  })
  return Effect.runPromise(Effect.scoped(Effect.provideService(program, Clock.Clock, clock)))
}

/** Nothing waits for its time any more: no timer is left behind. */
export const isQuiet = ({ clock }: Yard): void => assert.equal(clock.next, undefined)
