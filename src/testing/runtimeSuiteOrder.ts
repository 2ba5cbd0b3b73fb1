/**
 * Cases of the runtime suite: concurrency, order by key, and the Inbox.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Inbox, makeMemoryInbox, on } from "../runtime/mod.ts"
import { foreign, gate, type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

/** Concurrency, order, dedupe. */
export const order: ReadonlyArray<RuntimeCase> = [
  {
    name: "concurrency is how many run at a time, and all of it is used",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        let now = 0
        let most = 0
        let done = 0
        const { bus } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, () =>
              Effect.gen(function* () {
                most = Math.max(most, ++now)
                yield* Effect.sleep(10)
                now--
                done++
              }), { concurrency: 3 }),
          },
        })
        yield* Effect.forEach(Array.from({ length: 12 }), (_, n) => bus.emit(contracts.happened({ n })), {
          concurrency: "unbounded",
        })
        yield* until("all were handled", () => done === 12)
        assert.equal(most, 3)
      }),
  },
  {
    name: "orderBy keeps the order of a key under failure and retries; other keys go on meanwhile",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const done: Array<string> = []
        const { promise, open } = gate()
        const { bus } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, async ({ n, key }, { attempt }) => {
              if (key === "a" && n === 1 && attempt < 3) throw new Error("not yet")
              if (key === "a" && n === 1) await promise
              done.push(`${key}${n}`)
            }, {
              orderBy: ({ key }) => key ?? "",
              concurrency: 2,
              retry: { attempts: 5, delays: "20 millis" },
            }),
          },
        })
        for (const n of [1, 2, 3]) yield* bus.emit(contracts.happened({ n, key: "a" }))
        for (const n of [1, 2, 3]) yield* bus.emit(contracts.happened({ n, key: "b" }))
        yield* until("the other key went on", () => done.length === 3)
        assert.deepEqual(done, ["b1", "b2", "b3"])
        open()
        yield* until("the key came through", () => done.length === 6)
        assert.deepEqual(done.slice(3), ["a1", "a2", "a3"])
      }),
  },
  {
    name: "orderBy with one place: a paused key gets its place back",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const done: Array<string> = []
        const { bus } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, ({ n, key }, { attempt }) =>
              Effect.gen(function* () {
                yield* Effect.sleep(15)
                if (key === "a" && attempt < 3) return yield* Effect.fail("not yet")
                done.push(`${key}${n}`)
              }), { orderBy: ({ key }) => key ?? "", concurrency: 1, retry: { attempts: 3, delays: 5 } }),
          },
        })
        for (const n of [1, 2]) {
          for (const key of ["a", "b", "c"]) yield* bus.emit(contracts.happened({ n, key }))
        }
        yield* until("all came through", () => done.length === 6)
        for (const key of ["a", "b", "c"]) {
          assert.deepEqual(done.filter((one) => one.startsWith(key)), [`${key}1`, `${key}2`])
        }
      }),
  },
  {
    name: "orderBy dead-letters a message that is used up, then goes on with its key",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const done: Array<number> = []
        const { bus } = yield* start({
          [app]: {
            note: on(
              contracts.happened,
              ({ n }) => n === 1 ? Effect.fail("no") : Effect.sync(() => void done.push(n)),
              { orderBy: ({ key }) => key ?? "", retry: { attempts: 2, delays: 5 } },
            ),
          },
        })
        const letters = yield* dead(app)
        for (const n of [1, 2]) yield* bus.emit(contracts.happened({ n, key: "a" }))
        const letter = story(yield* letters.take)
        assert.deepEqual([letter.reason, letter.error, letter.attempt], ["failed", "no", 2])
        yield* until("the next one came", () => done.length === 1)
      }),
  },
  {
    name: "orderBy with whenExhausted: halt holds the key; nothing is lost when the process ends",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const done: Array<string> = []
        const make = (works: boolean) => ({
          [app]: {
            note: on(
              contracts.happened,
              ({ n, key }) => n === 1 && !works ? Effect.fail("no") : Effect.sync(() => void done.push(`${key}${n}`)),
              { orderBy: ({ key }) => key ?? "", retry: { attempts: 2, delays: 5 }, whenExhausted: "halt" },
            ),
          },
        })
        const { bus, host } = yield* start(make(false))
        const letters = yield* dead(app)
        for (const n of [1, 2]) yield* bus.emit(contracts.happened({ n, key: "a" }))
        for (const n of [2, 3]) yield* bus.emit(contracts.happened({ n, key: "b" }))
        yield* until("the other key went on", () => done.length === 2)
        yield* Effect.sleep(40)
        assert.deepEqual(done, ["b2", "b3"])
        yield* host.drain(1_000)
        yield* start(make(true))
        yield* until("the key came after all", () => done.length === 4)
        assert.deepEqual(done.slice(2), ["a1", "a2"])
        assert.equal(letters.size(), 0)
      }),
  },
  {
    name: "orderBy that throws, or gives no key, dead-letters the message and says so",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { bus } = yield* start({
          [app]: {
            note: on(contracts.happened, () => {}, {
              orderBy: ({ n }) => {
                if (n === 1) throw new Error("no key")
                return {} as string
              },
            }),
          },
        })
        const letters = yield* dead(app)
        for (const n of [1, 2]) yield* bus.emit(contracts.happened({ n }))
        const errors = [story(yield* letters.take).error, story(yield* letters.take).error].toSorted()
        assert.match(errors[1]!, /its `orderBy` threw: Error: no key/)
        assert.match(errors[0]!, /its `orderBy` gave \{\}, expected a string or a number/)
      }),
  },
  {
    name: "dedupe handles an id once; a run that failed leaves no mark",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const ran: Array<number> = []
        const { bus, facts } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, ({ n }, { attempt }) => {
              ran.push(n)
              if (n === 2 && attempt === 1) throw new Error("not yet")
            }, { dedupe: true, retry: { attempts: 2, delays: 1 } }),
          },
        })
        for (const id of ["one", "one", "two"]) {
          yield* bus.emit(contracts.happened({ n: id === "one" ? 1 : 2 }), { id })
        }
        yield* until("the failed one came again", () => ran.length === 3)
        assert.deepEqual(ran, [1, 2, 2])
        assert.equal(facts("skipped")[0]?.error, "it was completed before")
      }).pipe(Effect.provideService(Inbox, makeMemoryInbox())),
  },
  {
    name: "dedupe does not take foreign messages without an id for one another",
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const ran: Array<number> = []
        yield* start({
          [name("app")]: { note: on(contracts.happened, ({ n }) => void ran.push(n), { dedupe: true }) },
        })
        for (const n of [1, 2]) {
          yield* transport.publish({ exchange: "warren.events", key: contracts.happened.type }, foreign(`{"n":${n}}`))
        }
        yield* until("both were handled", () => ran.length === 2)
        assert.deepEqual(ran, [1, 2])
      }),
  },
  {
    name: "redelivered messages run one at a time",
    needs: ["givesBack"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        let begun = 0
        const first = yield* start({
          [app]: {
            note: on(contracts.happened, () => Effect.andThen(Effect.sync(() => begun++), Effect.never)),
          },
        })
        for (const n of [1, 2, 3]) yield* first.bus.emit(contracts.happened({ n }))
        yield* until("all began", () => begun === 3)
        let now = 0
        let most = 0
        const done: Array<boolean> = []
        yield* start({
          [app]: {
            note: on(contracts.happened, (_, { redelivered }) =>
              Effect.gen(function* () {
                most = Math.max(most, ++now)
                yield* Effect.sleep(15)
                now--
                done.push(redelivered)
              })),
          },
        })
        yield* first.kill
        yield* until("all were handled", () => done.length === 3)
        assert.deepEqual([most, done], [1, [true, true, true]])
      }),
  },
]
