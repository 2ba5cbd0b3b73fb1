/**
 * The same test gives the same timeline 1,000 times out of 1,000, although its handler awaits real I/O.
 *
 * Files and timers take as long as they take, 20 tests at a time compete for the event loop, and still every fact stands
 * at the same moment of the fake clock.
 */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { Schema } from "effect"
import { test } from "#test"
import { api, event, on } from "warren"
import { testBus } from "warren/testing"

const News = api("news", {
  came: event({ n: Schema.Int }),
  told: event({ n: Schema.Int, attempt: Schema.Int }),
})

const realMoment = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 2))

/** Real I/O before, between and after sleeps on the runtime's clock; fails twice. */
const reader = {
  tell: on(News.came, async ({ n }, { attempt, emit, sleep }) => {
    await readFile(import.meta.filename)
    await sleep("200 millis")
    await realMoment()
    if (attempt < 3) throw new Error(`no luck in try ${attempt}`)
    await readFile(import.meta.filename)
    await sleep("50 millis")
    await emit(News.told({ n, attempt }))
  }, { retry: { attempts: 3, delays: ["1 second", "5 seconds"] } }),
}

const start = Date.UTC(2026, 0, 1)
const runs = 1_000
const atOnce = 20

test("testBus gives the same timeline 1,000 times, with real I/O between retries", async () => {
  const timelines = new Map<string, number>()
  const once = () =>
    testBus({ reader }, async (bus) => {
      await bus.simulate(News.came({ n: 1 }))
      await bus.advance("1 minute")
      const timeline = String(bus.timeline())
      timelines.set(timeline, (timelines.get(timeline) ?? 0) + 1)
      // 200 ms asleep, 1 s of delay, 200 ms, 5 s of delay, 250 ms: real time is not in it
      const told = bus.timeline().messages.find(({ type }) => type === "news.told")
      assert.equal(told?.at, start + 6_650)
    }, { start })
  for (let run = 0; run < runs; run += atOnce) await Promise.all(Array.from({ length: atOnce }, once))
  assert.deepEqual([...timelines.values()], [runs], `different timelines:\n${[...timelines.keys()].join("\n\n")}`)
})
