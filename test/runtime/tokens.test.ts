/**
 * One schedule over several processes, on the fake clock: renewals, crashes between the steps, outages, deploys, and any order
 * of starts and deaths.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { Effect } from "effect"
import { type Lab, lab, midnight, token } from "./Lab.ts"

const minute = 60_000
const hour = 60 * minute

/** Days from midnight to 03:00, as ms. */
const nights = (...days: ReadonlyArray<number>): ReadonlyArray<number> =>
  days.map((day) => midnight + (day * 24 + 3) * hour)

describe("a schedule over several processes", () => {
  test(
    "makes one tick a night for 30 days, over three",
    lab(async (lab) => {
      for (const by of ["a", "b", "c"]) await lab.start(by, lab.nightly(), { consumerTimeout: 24 * hour })
      await lab.advance(30 * 24 * hour)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(...Array.from({ length: 30 }, (_, day) => day)))
      assert.equal(lab.made.length, 30)
      assert.ok(lab.handled.every(({ due, missed, at }) => at === due - midnight && missed === 0))
    }),
  )

  test(
    "puts its token back every 10 minutes, sooner where the broker waits less, and offers one as often",
    lab(async (lab) => {
      const a = await lab.start("a", lab.nightly())
      await lab.start("b", lab.nightly())
      const from = lab.tokens.length
      await lab.advance(hour)
      const of = (by: string) => lab.tokens.slice(from).filter((token) => token.by === by)
      const times = [10, 20, 30, 40, 50, 60].map((at) => at * minute)
      assert.deepEqual(of("a").map(({ at }) => at), times)
      assert.deepEqual(of("b").map(({ at }) => at), times)
      // the holder's says from where it counts, the other's since when there was a token for certain
      assert.ok(of("a").every(({ body }) => JSON.stringify(body) === JSON.stringify({ since: midnight })))
      assert.deepEqual(of("b").at(-1)?.body, { since: midnight + 50 * minute })
      assert.deepEqual(lab.broker.engine.queue(token)?.unacked, 1)
      assert.deepEqual(lab.broker.engine.queue(token)?.ready, 0)
      await a.kill()
      const c = lab.tokens.length
      await lab.start("c", lab.nightly(), { consumerTimeout: 2 * minute })
      await lab.advance(3 * minute)
      assert.equal(lab.tokens.slice(c).filter(({ by }) => by === "c").length, 4)
    }),
  )

  test(
    "repeats a tick with its id when its maker dies before the token is out, and loses none",
    lab(async (lab) => {
      const a = await lab.start("a", lab.nightly())
      await lab.start("b", lab.nightly())
      let dying: Promise<void> | undefined
      lab.intercept = (by, { type }) =>
        Effect.suspend(() => {
          if (by !== "a" || !type.startsWith("token.") || lab.made.length === 0) return Effect.void
          dying ??= a.kill()
          return Effect.never
        })
      await lab.advance(48 * hour)
      await dying
      assert.deepEqual(lab.made.map(({ by }) => by), ["a", "b", "b"])
      assert.equal(lab.made[0]!.id, lab.made[1]!.id)
      assert.equal(lab.made[1]!.at, 3 * hour)
      assert.deepEqual(new Set(lab.handled.map(({ due }) => due)), new Set(nights(0, 1)))
    }),
  )

  test(
    "makes a tick that is at most a minute late, skips one that is later, and says so once",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      await lab.advance(2 * hour + 59 * minute)
      const outage = async (ms: number) => {
        await Effect.runPromise(lab.broker.disconnect())
        await lab.advance(ms)
        await Effect.runPromise(lab.broker.reconnect)
        await lab.advance(0)
      }
      await outage(2 * minute)
      assert.deepEqual(lab.handled.map(({ due, at }) => [due, at]), [[nights(0)[0], 3 * hour + minute]])
      await lab.advance(24 * hour - 2 * minute)
      await outage(2 * minute + 1)
      await lab.advance(23 * hour)
      assert.equal(lab.handled.length, 1)
      const skipped = lab.lines.filter((line) => line.includes("missed 1 of its runs"))
      assert.deepEqual(skipped, [
        'Schedule "shop.nightly" missed 1 of its runs, up to 2026-01-02T03:00:00.000Z: nobody ran; next at 2026-01-03T03:00:00.000Z',
      ])
      await lab.advance(hour)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(0, 2))
    }),
  )

  test(
    "sends nothing while the broker takes nothing, then each tick once",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("10 seconds"))
      await lab.advance(5_000)
      lab.blocked = true
      const tokens = lab.tokens.length
      await lab.advance(40_000)
      assert.deepEqual([lab.made.length, lab.tokens.length], [0, tokens])
      lab.blocked = false
      await lab.advance(5_000)
      assert.deepEqual(lab.handled.map(({ due }) => due - midnight), [10_000, 20_000, 30_000, 40_000, 50_000])
      assert.equal(lab.made.length, 5)
    }),
  )

  test(
    'makes one tick for all that were missed with `missed: "once"`',
    lab(async (lab) => {
      const app = lab.nightly("0 3 * * *", { missed: "once" })
      const a = await lab.start("a", app)
      await lab.advance(4 * hour)
      await a.kill()
      await lab.advance(72 * hour)
      await lab.start("b", app)
      assert.deepEqual(lab.handled.map(({ due, missed }) => ({ due, missed })), [
        { due: nights(0)[0], missed: 0 },
        { due: nights(3)[0], missed: 3 },
      ])
      await lab.advance(24 * hour)
      assert.deepEqual(lab.handled.slice(2).map(({ due, missed }) => ({ due, missed })), [{
        due: nights(4)[0],
        missed: 0,
      }])
    }),
  )

  test(
    "makes the tick that it was waiting for, though the machine was asleep",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      await lab.advance(hour)
      await lab.sleep(55 * hour)
      await lab.advance(minute)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(0))
    }),
  )

  test(
    "ticks once for a due time that two versions have in common, whoever holds the token",
    lab(async (lab) => {
      let old = await lab.start("old", lab.nightly("0 */6 * * *"))
      const recent = await lab.start("new", lab.nightly("0 */4 * * *", { timezone: "Europe/London" }))
      await lab.advance(12 * hour)
      assert.deepEqual(lab.handled.map(({ at }) => at / hour), [6, 12])
      await old.kill()
      await lab.advance(0)
      assert.equal(lab.handled.length, 2)
      old = await lab.start("old", lab.nightly("0 */6 * * *"))
      await lab.advance(12 * hour)
      assert.deepEqual(lab.handled.map(({ at }) => at / hour), [6, 12, 16, 20, 24])
      await recent.kill()
      await lab.advance(6 * hour)
      assert.deepEqual(lab.handled.slice(5).map(({ at }) => at / hour), [30])
      assert.equal(new Set(lab.made.map(({ id }) => id)).size, lab.made.length)
      await old.kill()
    }),
  )

  test(
    "declares its queues again when they were deleted, without a tick less",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("1 minute"))
      await lab.start("b", lab.nightly("1 minute"))
      await lab.advance(90_000)
      lab.broker.engine.deleteQueue(token)
      await lab.advance(2 * minute)
      assert.deepEqual(lab.handled.map(({ at }) => at / minute), [1, 2, 3])
      assert.equal(lab.made.length, 3)
    }),
  )

  test(
    "makes a tick once where the broker sleeps before it confirms it",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("1 hour"))
      lab.intercept = (_, { type }) => type.startsWith("token.") ? Effect.void : Effect.sleep("28 seconds")
      lab.stall = Effect.sleep("23 seconds")
      await lab.advance(hour + minute)
      assert.equal(lab.made.length, 1)
      assert.deepEqual(lab.handled.map(({ due, at }) => [due - midnight, at]), [[hour, hour + 28_000]])
    }),
  )

  test(
    "notices by itself that its queue is gone",
    lab(async (lab) => {
      lab.silent = true
      await lab.start("a", lab.nightly("1 minute"))
      await lab.advance(90_000)
      lab.broker.engine.deleteQueue(token)
      await lab.advance(3 * minute)
      assert.deepEqual(lab.handled.map(({ at }) => at / minute), [1, 2, 3, 4])
    }),
  )

  test(
    "tells of a message that is no token, and goes on",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      const packet = { id: "", type: "", app: "", timestamp: 0, contentType: "", persistent: false, headers: {} }
      lab.broker.engine.publish("", token, { ...packet, body: new TextEncoder().encode('{"last":"noon"}') })
      await lab.advance(0)
      assert.deepEqual(lab.lines, [
        'Dropped a message from "warren.token.shop.nightly" that is no token of schedule "shop.nightly": it has neither "last" nor "since" as a time in ms',
      ])
      await lab.advance(4 * hour)
      assert.equal(lab.handled.length, 1)
    }),
  )

  test("has one token and misses no due time, in any order of starts, deaths and drains", async () => {
    const step = fc.record({
      act: fc.constantFrom("start", "start", "kill", "drain", "cancel", "offer"),
      which: fc.nat(10),
      wait: fc.integer({ min: 1, max: 200_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), (steps) =>
        lab(async (lab) => {
          // one runs all the time, or nobody would be late
          await lab.start("first", lab.nightly("1 minute"))
          const others: Array<Awaited<ReturnType<Lab["start"]>>> = []
          for (const [i, { act, which, wait }] of steps.entries()) {
            const one = others[which % Math.max(1, others.length)]
            if (act === "start") others.unshift(await lab.start(`${i}`, lab.nightly("1 minute")))
            else if (act === "cancel") await Effect.runPromise(lab.broker.cancelConsumer(token))
            else if (act === "offer") {
              const body = new TextEncoder().encode(JSON.stringify({ since: midnight + which * minute }))
              const packet = { id: "", type: "", app: "", timestamp: 0, contentType: "", persistent: true, headers: {} }
              lab.broker.engine.publish("", token, { ...packet, body })
            } else if (one !== undefined) {
              others.splice(others.indexOf(one), 1)
              if (act === "drain") await Effect.runPromise(one.host.drain(0))
              await one.kill()
            }
            await lab.advance(wait)
          }
          await lab.advance(10 * minute)
          const last = Math.floor((lab.clock.currentTimeMillisUnsafe() - midnight) / minute)
          const dues = lab.handled.map(({ due }) => (due - midnight) / minute)
          assert.deepEqual([...new Set(dues)].toSorted((a, b) => a - b), Array.from({ length: last }, (_, i) => i + 1))
          assert.equal(lab.made.length, last)
          const { ready, unacked } = lab.broker.engine.queue(token)!
          assert.deepEqual({ ready, unacked }, { ready: 0, unacked: 1 })
        })()),
      { numRuns: 30 },
    )
  })
})
