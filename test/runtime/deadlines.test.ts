/**
 * Deadlines against a naive model on a clock moved by hand: each runs once, not before its time, unless withdrawn.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Clock, Effect } from "effect"
import fc from "fast-check"
import { type AllDeadlines, makeDeadlines, type Withdraw } from "../../src/runtime/Deadlines.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import { properties } from "../wire/properties.ts"

const start = 1_000_000

/** Runs a body with deadlines on a clock of its own; everything in it is synchronous. */
const onClock = (body: (deadlines: AllDeadlines, clock: FakeClock) => void): void => {
  const clock = new FakeClock(start)
  Effect.runSync(
    Effect.map(makeDeadlines, (deadlines) => body(deadlines, clock)).pipe(
      Effect.scoped,
      Effect.provideService(Clock.Clock, clock),
    ),
  )
}

/** Every timer on the way, as the test bus does it. */
const moveTo = (clock: FakeClock, time: number): void => {
  for (let next = clock.next; next !== undefined && next <= time; next = clock.next) clock.moveTo(next)
  clock.moveTo(time)
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant("add" as const), by: fc.integer({ min: -5, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("withdraw" as const), by: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("move" as const), by: fc.nat(40) }) },
)

describe("Deadlines", () => {
  test("run each once and in time, unless withdrawn", () =>
    properties(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) =>
        onClock((deadlines, clock) => {
          const now = clock.currentTimeMillisUnsafe
          const all: Array<{ at: number; added: number; withdraw: Withdraw; gone: boolean; ranAt: Array<number> }> = []
          const check = () => {
            for (const { at, added, gone, ranAt } of all) {
              assert.ok(ranAt.length <= 1, "at most once")
              // what is past already runs a millisecond later
              const due = Math.max(at, added + 1)
              if (ranAt.length === 1) assert.equal(ranAt[0], due)
              else assert.ok(gone || due > now(), `${due} did not run by ${now()}`)
            }
          }
          for (const { act, by } of steps) {
            if (act === "add") {
              const one = { at: now() + by, added: now(), gone: false, ranAt: [] as Array<number>, withdraw: () => {} }
              one.withdraw = deadlines.add(one.at, () => {
                assert.ok(!one.gone, "not after it was withdrawn")
                one.ranAt.push(now())
              })
              all.push(one)
            } else if (act === "withdraw") {
              const one = all[by % Math.max(1, all.length)]
              if (one === undefined) continue
              one.withdraw()
              one.withdraw()
              if (one.ranAt.length === 0) one.gone = true
            } else moveTo(clock, now() + by)
            check()
          }
          moveTo(clock, now() + 100)
          check()
        })),
      300,
    ))

  test("that were withdrawn are forgotten long before their time", () =>
    onClock((deadlines, clock) => {
      const ran: Array<number> = []
      for (const ms of [3_600_000, 50_000, 70_000]) deadlines.add(start + ms, () => ran.push(ms))
      for (let i = 0; i < 100_000; i++) {
        if (i % 10 === 0) moveTo(clock, start + i / 10)
        deadlines.add(start + 60_000 + i, () => assert.fail("It was withdrawn"))()
      }
      assert.ok(deadlines.size() <= 2_048, `${deadlines.size()} times`)
      moveTo(clock, start + 4_000_000)
      assert.deepEqual(ran, [50_000, 70_000, 3_600_000])
    }))

  test("may add and withdraw others while they run", () =>
    onClock((deadlines, clock) => {
      const ran: Array<string> = []
      let withdraw: Withdraw = () => {}
      deadlines.add(start + 10, () => {
        ran.push("first")
        withdraw()
        deadlines.add(start + 10, () => ran.push("same time"))
        deadlines.add(start + 20, () => ran.push("later"))
      })
      withdraw = deadlines.add(start + 10, () => ran.push("withdrawn"))
      moveTo(clock, start + 50)
      assert.deepEqual(ran, ["first", "same time", "later"])
    }))

  test("are not stopped by a time that is none", () =>
    onClock((deadlines, clock) => {
      const ran: Array<string> = []
      deadlines.add(Number.NaN, () => ran.push("NaN"))
      deadlines.add(Number.NEGATIVE_INFINITY, () => ran.push("-Infinity"))
      deadlines.add(Number.POSITIVE_INFINITY, () => ran.push("Infinity"))
      deadlines.add(start + 10.5, () => ran.push(`${clock.currentTimeMillisUnsafe() - start}`))
      moveTo(clock, start + 1_000)
      assert.deepEqual(ran.toSorted(), ["-Infinity", "11", "NaN"])
    }))

  for (const hours of [-1, 1]) {
    test(`come in time where the day's time is set ${hours < 0 ? "back" : "ahead"}, those from before and those from after`, () => {
      const clock = new FakeClock(start)
      let off = 0
      const day = (): number => clock.currentTimeMillisUnsafe() + off
      const set: Clock.Clock = {
        currentTimeMillisUnsafe: day,
        currentTimeMillis: Effect.sync(day),
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        currentTimeNanos: clock.currentTimeNanos,
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: clock.sleep,
      }
      Effect.runSync(
        Effect.map(makeDeadlines, (deadlines) => {
          const came: Record<string, number> = {}
          const add = (name: string, inMs: number): void =>
            void deadlines.add(day() + inMs, () => came[name] = clock.currentTimeMillisUnsafe() - start)
          add("before", 5_000)
          add("long before", 60_000)
          moveTo(clock, start + 1_000)
          off = hours * 3_600_000
          moveTo(clock, start + 2_000)
          add("after", 5_000)
          moveTo(clock, start + 120_000)
          // one that is set ahead has passed what it passed
          assert.ok(came["before"]! <= 5_001 && came["before"]! >= (hours < 0 ? 5_000 : 0), JSON.stringify(came))
          assert.equal(came["after"], 7_000)
          assert.ok(came["long before"]! <= 62_000, JSON.stringify(came))
        }).pipe(Effect.scoped, Effect.provideService(Clock.Clock, set)),
      )
    })
  }

  test("end with their scope", () => {
    const clock = new FakeClock(start)
    let ran = 0
    const deadlines = Effect.runSync(makeDeadlines.pipe(Effect.scoped, Effect.provideService(Clock.Clock, clock)))
    deadlines.add(start + 10, () => ran++)
    moveTo(clock, start + 100)
    assert.deepEqual([ran, clock.next], [0, undefined])
  })
})
