/**
 * Cases of the runtime suite: schedules. Time zones and daylight saving are tested on the fake clock elsewhere.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { every } from "../runtime/mod.ts"
import { type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

/** Schedules. */
export const schedules: ReadonlyArray<RuntimeCase> = [
  {
    name: "every() with an interval ticks on its multiples, each tick with its own id",
    run: ({ name, start }) =>
      Effect.gen(function* () {
        const ticks: Array<{ due: number; id: string; late: number }> = []
        yield* start({
          [name("app")]: {
            often: every("100 millis", ({ due }, { id, now }) => void ticks.push({ due, id, late: now() - due })),
          },
        })
        yield* until("it ticked three times", () => ticks.length >= 3)
        assert.ok(ticks.every(({ due, late }) => due % 100 === 0 && late >= 0 && late < 2_000), JSON.stringify(ticks))
        assert.equal(new Set(ticks.map(({ id }) => id)).size, ticks.length)
        assert.deepEqual(ticks.map(({ due }) => due), ticks.map(({ due }) => due).toSorted())
      }),
  },
  {
    name: "every() with a cron expression of seconds ticks on the second",
    run: ({ name, start }) =>
      Effect.gen(function* () {
        const ticks: Array<number> = []
        yield* start({ [name("app")]: { often: every("* * * * * *", ({ due }) => void ticks.push(due)) } })
        yield* until("it ticked", () => ticks.length >= 1)
        assert.ok(ticks.every((due) => due % 1_000 === 0))
      }),
  },
  {
    name: "every() dead-letters a tick that fails for good, and goes on",
    run: ({ name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const dues: Array<number> = []
        yield* start({
          [app]: {
            often: every("100 millis", ({ due }) => {
              dues.push(due)
              throw new Error("no")
            }, { retry: false }),
          },
        })
        const letters = yield* dead(app)
        const letter = yield* letters.take
        assert.equal(story(letter).handler, `${app}.often`)
        assert.equal(letter.type, `every.${app}.often`)
        assert.deepEqual(JSON.parse(new TextDecoder().decode(letter.body)), { due: dues[0] })
        yield* until("it goes on", () => dues.length >= 2)
      }),
  },
]
