/**
 * Schedules on the fake clock: intervals, cron with time zones and daylight saving, missed due times, retries, stable ids,
 * wrong timings. Several processes: `tokens.test.ts`.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { Effect } from "effect"
import { every, InvalidOption } from "../../src/mod.ts"
import { mostCounted, planAfter } from "../../src/runtime/due.ts"
import { nextDue } from "../../src/runtime/mod.ts"
import { testBus } from "../../src/testing/mod.ts"

const times = (handler: ReturnType<typeof every>, from: string, count: number): ReadonlyArray<string> => {
  const found: Array<string> = []
  let at = Date.parse(from)
  while (found.length < count) {
    const next = nextDue(handler.timing, at)
    if (next === undefined) break
    assert.ok(next > at, "later than the last")
    found.push(new Date(next).toISOString())
    at = next
  }
  return found
}

describe("nextDue()", () => {
  test("keeps the hour of a time zone over daylight saving", () => {
    const nightly = every("0 3 * * *", () => {}, { timezone: "Europe/Berlin" })
    assert.deepEqual(times(nightly, "2026-03-27T12:00:00Z", 3), [
      "2026-03-28T02:00:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T01:00:00.000Z",
    ])
    assert.deepEqual(times(nightly, "2026-10-24T00:00:00Z", 3), [
      "2026-10-24T01:00:00.000Z",
      "2026-10-25T02:00:00.000Z",
      "2026-10-26T02:00:00.000Z",
    ])
  })

  test("runs once on the day whose hour is skipped, and once on the day whose hour comes twice", () => {
    const inTheGap = every("30 2 * * *", () => {}, { timezone: "Europe/Berlin" })
    const spring = times(inTheGap, "2026-03-28T12:00:00Z", 2)
    assert.ok(spring[0]!.startsWith("2026-03-29") || spring[0]!.startsWith("2026-03-30"), spring[0])
    assert.equal(spring.at(-1)!.slice(11), "00:30:00.000Z")
    const autumn = times(inTheGap, "2026-10-24T12:00:00Z", 2)
    assert.ok(autumn[0]!.startsWith("2026-10-25T0"))
    assert.equal(autumn[1], "2026-10-26T01:30:00.000Z")
  })

  test("reads UTC where no zone is given, seconds where there are six fields, and days of the week", () => {
    assert.deepEqual(times(every("0 3 * * *", () => {}), "2026-03-28T12:00:00Z", 2), [
      "2026-03-29T03:00:00.000Z",
      "2026-03-30T03:00:00.000Z",
    ])
    assert.deepEqual(times(every("*/20 * * * * *", () => {}), "2026-01-01T00:00:50Z", 2), [
      "2026-01-01T00:01:00.000Z",
      "2026-01-01T00:01:20.000Z",
    ])
    assert.deepEqual(times(every("0 9 * * 1", () => {}), "2026-01-01T00:00:00Z", 1), ["2026-01-05T09:00:00.000Z"])
  })

  test("says never of a day that never comes", () => {
    assert.deepEqual(times(every("0 0 30 2 *", () => {}), "2026-01-01T00:00:00Z", 1), [])
  })
})

describe("planAfter()", () => {
  const day = 86_400_000
  const three = (n: number) => Date.UTC(2026, 0, n, 3)
  const { timing } = every("0 3 * * *", () => {})

  test("makes what is at most a minute late, and skips or sums up what is later", () => {
    const on = { missed: 0, skipped: 0, last: three(1) }
    assert.deepEqual(planAfter(timing, "skip", three(1), three(1) + 1), { ...on, due: three(2) })
    assert.deepEqual(planAfter(timing, "skip", three(1), three(2) + 60_000), { ...on, due: three(2) })
    assert.deepEqual(planAfter(timing, "once", three(1), three(2) + 60_000), { ...on, due: three(2) })
    const late = three(2) + 60_001
    assert.deepEqual(planAfter(timing, "skip", three(1), late), {
      due: three(3),
      missed: 0,
      skipped: 1,
      last: three(2),
    })
    assert.deepEqual(planAfter(timing, "once", three(1), late), { ...on, due: three(2), missed: 1 })
    assert.deepEqual(planAfter(timing, "once", three(1), three(9) + day / 2), { ...on, due: three(9), missed: 8 })
    // the newest is late, the others are missed
    assert.deepEqual(planAfter(timing, "skip", three(1), three(9)), {
      due: three(9),
      missed: 0,
      skipped: 7,
      last: three(8),
    })
  })

  test("lets no more than 60 ticks of a short interval pile up, and counts no more than it must", () => {
    const { timing } = every("100 millis", () => {})
    const plan = planAfter(timing, "skip", 0, 1_000_000)
    assert.deepEqual(plan, { due: 994_000, missed: 0, skipped: mostCounted, last: 993_900 })
    assert.equal(planAfter(timing, "once", 0, 1_000_000).missed, mostCounted)
    assert.equal(planAfter(every("* * * * * *", () => {}).timing, "skip", 0, three(1)).due, three(1) - 60_000)
  })

  test("finds the newest due time that nextDue() knows, over daylight saving too", () => {
    for (const text of ["30 2 * * *", "*/40 * * * *", "0 1-3 * * *"]) {
      const { timing } = every(text, () => {}, { timezone: "Europe/Berlin" })
      for (const from of ["2026-03-27T12:00:00Z", "2026-10-23T12:00:00Z"]) {
        const start = Date.parse(from)
        let [newest, count] = [start, 0]
        for (let now = start; now < start + 4 * day; now += 37_777_777) {
          for (let due = nextDue(timing, newest)!; due < now - 60_000; due = nextDue(timing, newest)!) {
            newest = due
            count++
          }
          const { due, missed } = planAfter(timing, "once", start, now)
          if (count > 0) {
            assert.deepEqual(
              [due, missed],
              [newest, Math.min(count, mostCounted)],
              `${text} at ${new Date(now).toISOString()}`,
            )
          } else assert.equal(missed, 0)
        }
      }
    }
  })

  test("never ticks again where no due time is left", () => {
    const { timing } = every("0 0 30 2 *", () => {})
    assert.equal(planAfter(timing, "once", three(1), three(9)).due, undefined)
  })
})

describe("every()", () => {
  test("refuses timings that are none, with the value and what was expected", () => {
    for (
      const timing of ["", "often", "61 * * * *", "0 3 * *", "* * * * * * *", "-5 minutes", "0 millis", "5 fortnights"]
    ) {
      assert.throws(() => every(timing, () => {}), (error: unknown) => {
        assert.ok(error instanceof InvalidOption, String(error))
        assert.ok(error.message.includes(timing) && error.message.includes("a cron expression such as"), error.message)
        return true
      })
    }
    assert.throws(() => every("0 3 * * *", () => {}, { timezone: "Mars/Olympus" }), /time zone "Mars\/Olympus"/)
    assert.throws(() => every("5 minutes", undefined as never), /expected the handler as a function/)
    assert.throws(
      () => every("5 minutes", () => {}, { missed: "all" as never }),
      /Cannot use "all" for `missed`: expected "skip" or "once"/,
    )
  })

  test("ticks nightly for 30 days, within a second of real time", async () => {
    const dues: Array<string> = []
    const began = performance.now()
    await testBus(
      { shop: { expire: every("0 3 * * *", ({ due }) => void dues.push(new Date(due).toISOString())) } },
      async (bus) => {
        await bus.advance("30 days")
      },
    )
    assert.equal(dues.length, 30)
    assert.ok(dues.every((due) => due.endsWith("T03:00:00.000Z")))
    assert.ok(performance.now() - began < 1_000, `${performance.now() - began} ms`)
  })

  test("tries a failing tick again with the same id, and does not run ticks side by side", async () => {
    const seen: Array<{ id: string; attempt: number; due: number; at: number }> = []
    const start = Date.UTC(2026, 0, 1)
    await testBus({
      shop: {
        tidy: every("1 minute", ({ due }, { id, attempt, now }) =>
          Effect.gen(function* () {
            seen.push({ id, attempt, due: due - start, at: now() - start })
            yield* Effect.sleep("10 seconds")
            if (due === start + 60_000 && attempt < 3) return yield* Effect.fail(new Error("not yet"))
          }), { retry: { attempts: 3, delays: "5 seconds" } }),
      },
    }, async (bus) => {
      const timeline = await bus.advance("150 seconds")
      assert.equal(timeline.of("retry").length, 2)
      assert.equal(timeline.of("handled").length, 2)
    })
    assert.deepEqual(seen.map(({ attempt, due, at }) => [attempt, due, at]), [
      [1, 60_000, 60_000],
      [2, 60_000, 75_000],
      [3, 60_000, 90_000],
      [1, 120_000, 120_000],
    ])
    assert.equal(new Set(seen.slice(0, 3).map(({ id }) => id)).size, 1)
    assert.notEqual(seen[3]?.id, seen[0]?.id)
  })

  test("is told what a tick makes up for; a timeline shows no token", async () => {
    const ticks: Array<unknown> = []
    await testBus({ shop: { tidy: every("1 minute", (tick) => void ticks.push(tick)) } }, async (bus) => {
      const timeline = await bus.advance("1 minute")
      assert.equal(
        String(timeline),
        '+60 s tick every.shop.tidy {"due":1767225660000}\n   +60 s shop.tidy is due\n   +60 s shop.tidy handled it',
      )
    })
    assert.deepEqual(ticks, [{ due: Date.UTC(2026, 0, 1, 0, 1), missed: 0 }])
  })

  test("derives a tick's id from schedule and due time, so that instances agree on it", async () => {
    const ids: Array<string> = []
    for (const _ of [1, 2]) {
      await testBus({ shop: { tidy: every("1 minute", (_, { id }) => void ids.push(id)) } }, async (bus) => {
        await bus.advance("1 minute")
      })
    }
    assert.equal(ids[0], ids[1])
    assert.equal(Number.parseInt(ids[0]!.slice(0, 8) + ids[0]!.slice(9, 13), 16), Date.UTC(2026, 0, 1, 0, 1))
  })
})
