/**
 * Cases of the runtime suite: schedules. Time zones and daylight saving are tested on the fake clock elsewhere.
 */
import assert from "node:assert/strict"
import { Clock, Effect, Scope } from "effect"
import { every, type ScheduleOptions } from "../runtime/mod.ts"
import { QueueName, routeTo, scheduleTopology } from "../wire/mod.ts"
import { foreign, type Process, type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

/** A schedule that notes its ticks, wherever it runs. */
const ticker = (timing: string, options?: ScheduleOptions) => {
  const ticks: Array<{ readonly due: number; readonly missed: number; readonly id: string }> = []
  return {
    ticks,
    often: every(timing, ({ due, missed }, { id }) => void ticks.push({ due, missed, id }), options),
    /** Every due time from the first tick to the last was handled, and a due time always with the same id. */
    check: (step: number) => {
      const ids = new Map(ticks.map(({ due, id }) => [due, id]))
      const dues = [...ids.keys()].toSorted((a, b) => a - b)
      assert.deepEqual(dues, dues.map((_, i) => dues[0]! + i * step), "no due time is left out")
      assert.equal(new Set(ticks.map(({ id }) => id)).size, dues.length)
    },
  }
}

/** Due times that more than one tick was made for; `ends`: when some were killed, who may have tried on without a connection. */
const repeated = (processes: ReadonlyArray<Process>, ends: ReadonlyMap<Process, number> = new Map()): number => {
  const ids = processes.flatMap((process) =>
    process.facts("tick").filter(({ at }) => at <= (ends.get(process) ?? Infinity)).map(({ id }) => id)
  )
  return ids.length - new Set(ids).size
}

/** Who made the last tick. */
const holderOf = (processes: ReadonlyArray<Process>): Process =>
  processes.toSorted((a, b) => (b.facts("tick").at(-1)?.at ?? 0) - (a.facts("tick").at(-1)?.at ?? 0))[0]!

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
  {
    name: "every() ticks once over all processes; when the one that makes the ticks is killed, another goes on",
    run: ({ name, start }) =>
      Effect.gen(function* () {
        const { ticks, often, check } = ticker("200 millis")
        const processes = yield* Effect.forEach([1, 2, 3], () => start({ [name("app")]: { often } }))
        yield* until("it ticked", () => ticks.length >= 4)
        assert.equal(repeated(processes), 0)
        assert.equal(processes.filter(({ facts }) => facts("tick").length > 0).length, 1)
        const ends = new Map<Process, number>()
        for (const left of [2, 1]) {
          const before = ticks.length
          const holder = holderOf(processes)
          ends.set(holder, yield* Clock.currentTimeMillis)
          yield* holder.kill
          yield* until("others went on", () => ticks.length >= before + 4)
          assert.notEqual(holderOf(processes), holder)
          assert.ok(repeated(processes, ends) <= 3 - left, "a kill repeats one tick at most")
        }
        check(200)
      }),
  },
  {
    name: "every() goes on at once elsewhere when a process is paused, without a tick twice",
    run: ({ name, start }) =>
      Effect.gen(function* () {
        const { ticks, often, check } = ticker("200 millis")
        const processes = yield* Effect.forEach([1, 2], () => start({ [name("app")]: { often } }))
        yield* until("it ticked", () => ticks.length >= 2)
        const before = ticks.length
        yield* holderOf(processes).host.pause
        yield* until("the other went on", () => ticks.length >= before + 3)
        assert.ok(processes.every(({ facts }) => facts("tick").length > 0))
        assert.equal(repeated(processes), 0)
        check(200)
      }),
  },
  {
    name: "every() keeps one token of several, and drops what is none",
    run: ({ name, start, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { ticks, often, check } = ticker("100 millis")
        const processes = yield* Effect.forEach([1, 2], () => start({ [app]: { often } }))
        yield* until("it ticked", () => ticks.length >= 2)
        for (
          const body of [
            "",
            "{",
            "[]",
            "7",
            '{"last":"noon"}',
            '{"last":-1}',
            '{"last":9e15}',
            '{"since":9e15}',
            '{"last":5}',
          ]
        ) {
          yield* transport.publish(routeTo.queue(QueueName.token(app, "often")), foreign(body))
          yield* Effect.sleep(30)
        }
        const before = ticks.length
        yield* until("it goes on", () => ticks.length >= before + 3)
        assert.equal(repeated(processes), 0)
        check(100)
      }),
  },
  {
    name: "every() ticks again after its token was taken away, while processes run and while none does",
    needs: ["shared"],
    run: ({ name, start, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { ticks, often } = ticker("100 millis")
        yield* transport.declare(scheduleTopology(app, "often"))
        let taken = 0
        const thief = transport.consume(QueueName.token(app, "often"), { prefetch: 10 }, ({ settle }) => {
          taken++
          Effect.runFork(Effect.ignore(settle("ack")))
        })
        // a token is offered anew after half of the broker's patience
        const process = yield* Effect.scoped(Effect.andThen(
          thief,
          Effect.gen(function* () {
            const process = yield* start({ [app]: { often } }, { consumerTimeout: 600 })
            yield* until("the token was taken", () => taken > 0)
            return process
          }).pipe(Effect.provideService(Scope.Scope, yield* Effect.scope)),
        ))
        assert.equal(ticks.length, 0)
        yield* until("it ticks", () => ticks.length >= 2)
        yield* process.kill
        taken = 0
        yield* Effect.scoped(Effect.andThen(thief, until("the token was taken", () => taken > 0)))
        const before = ticks.length
        yield* start({ [app]: { often } })
        yield* until("it ticks again", () => ticks.length >= before + 2)
      }),
  },
  {
    name: "every() makes up for missed ticks as its `missed` says, and for late ones always",
    run: ({ name, start, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        // long intervals of which half of one has passed; the late one was due half a second ago
        const now = yield* Clock.currentTimeMillis
        const long = Math.round(now / 1000.5)
        const late = now - 500
        const skip = ticker(`${long} millis`)
        const once = ticker(`${long} millis`, { missed: "once" })
        const almost = ticker(`${late} millis`)
        for (const [handler, last] of [["skip", 990 * long], ["once", 990 * long], ["almost", 1]] as const) {
          yield* transport.declare(scheduleTopology(app, handler))
          yield* transport.publish(routeTo.queue(QueueName.token(app, handler)), foreign(JSON.stringify({ last })))
        }
        const [process] = yield* Effect.forEach([1, 2], () =>
          start({ [app]: { skip: skip.often, once: once.often, almost: almost.often } }))
        yield* until("they ticked", () =>
          once.ticks.length + almost.ticks.length >= 2)
        yield* process!.kill
        yield* Effect.sleep(100)
        const ticked = ({ ticks }: ReturnType<typeof ticker>) => ticks.map(({ due, missed }) => ({ due, missed }))
        assert.deepEqual(ticked(skip), [])
        assert.deepEqual(ticked(once), [{ due: 1000 * long, missed: 10 }])
        assert.deepEqual(ticked(almost), [{ due: late, missed: 0 }])
      }),
  },
]
