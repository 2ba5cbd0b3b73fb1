/**
 * Cases of the runtime suite: emitting, listening, retries and dead letters.
 *
 * The shortest retry tier is a second long, so that cases with a retry take a second of real time.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { Bus, on } from "../runtime/mod.ts"
import { Header } from "../wire/mod.ts"
import { callError, failure, type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

/** Emitting, listening, retries, dead letters. */
export const events: ReadonlyArray<RuntimeCase> = [
  {
    name: "emit() brings an event to a listener in another process, with its id",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const seen: Array<unknown> = []
        yield* start({
          [name("app")]: {
            note: on(contracts.happened, (payload, { id, attempt, redelivered, deadline }) => {
              seen.push({ payload, id, attempt, redelivered, deadline })
            }),
          },
        })
        const { bus, facts } = yield* start()
        const { id } = yield* bus.emit(contracts.happened({ n: 1, key: "k" }))
        yield* until("the listener ran", () => seen.length === 1)
        assert.deepEqual(seen, [{
          payload: { n: 1, key: "k" },
          id,
          attempt: 1,
          redelivered: false,
          deadline: undefined,
        }])
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.deepEqual(facts().map(({ fact }) => fact), ["emitted"])
      }),
  },
  {
    name: "emit() gives each listener a copy; one that fails holds up no other",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const note = (who: string) => on(contracts.happened, ({ n }) => void seen.push(`${who}${n}`))
        const fails = on(contracts.happened, () => {
          throw new Error("broken")
        }, { retry: false })
        const two = name("two")
        const { bus } = yield* start({ [name("one")]: { a: note("a"), b: note("b") }, [two]: { c: note("c"), fails } })
        const letters = yield* dead(two)
        for (const n of [1, 2, 3]) yield* bus.emit(contracts.happened({ n }))
        yield* until("each heard each", () => seen.length === 9)
        assert.deepEqual(seen.toSorted(), ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"])
        for (let n = 1; n <= 3; n++) yield* letters.take
      }),
  },
  {
    name: "emit() of an event that nobody hears succeeds and is noted",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const { bus, facts } = yield* start()
        yield* bus.emit(contracts.happened({ n: 1 }))
        assert.deepEqual(facts().map(({ fact }) => fact), ["unheard"])
      }),
  },
  {
    name: "emit() fails InvalidPayload before sending and says field, value and what was expected",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const { bus, facts } = yield* start()
        const error = yield* failure(bus.emit(contracts.happened({ n: 1.5 })))
        assert.ok(error._tag === "InvalidPayload")
        assert.deepEqual([error.contract, error.field, error.value], [contracts.happened.type, "n", "1.5"])
        assert.match(error.message, /Cannot send "s\w+\.happened": field "n" is 1\.5, expected an integer/)
        assert.match(error.consequence, /^Nothing was run/)
        assert.deepEqual(facts().map(({ fact, type, tag }) => [fact, type, tag]), [
          ["not-emitted", contracts.happened.type, "InvalidPayload"],
        ])
      }),
  },
  {
    name: "emit() with an id of its own repeats it, and its trace stays readable",
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        const { queue, inbox } = yield* replies
        const seen: Array<string> = []
        const { bus } = yield* start({
          [name("app")]: { note: on(contracts.happened, (_, { id }) => void seen.push(id)) },
        })
        yield* transport.declare({
          exchanges: [],
          queues: [],
          bindings: [{ exchange: "warren.events", queue, key: contracts.happened.type }],
        })
        assert.deepEqual(yield* bus.emit(contracts.happened({ n: 1 }), { id: "order 1" }), { id: "order 1" })
        yield* bus.emit(contracts.happened({ n: 1 }), { id: "order 1" })
        yield* until("both were heard", () => seen.length === 2)
        assert.deepEqual(seen, ["order 1", "order 1"])
        const { headers } = yield* inbox.take
        assert.match(String(headers[Header.traceparent]), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
      }),
  },
  {
    name: "on() tries again with the same id and the next attempt, and repeats the ids of what it emits",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const tries: Array<{ id: string; attempt: number }> = []
        const followers: Array<string> = []
        const { bus, facts } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, (_, { id, attempt }) =>
              Effect.gen(function* () {
                tries.push({ id, attempt })
                yield* Bus.emit(contracts.followed({ n: 1 }))
                yield* Bus.emit(contracts.followed({ n: 2 }))
                if (attempt < 2) return yield* Effect.fail(new Error("not yet"))
              }), { retry: { attempts: 3, delays: "10 millis" } }),
            follow: on(contracts.followed, ({ n }, { id }) => void followers.push(`${n} ${id}`)),
          },
        })
        const { id } = yield* bus.emit(contracts.happened({ n: 1 }))
        yield* until("the second try came through", () => facts("handled").some((fact) => fact.id === id))
        yield* until("the followers came", () => followers.length === 4)
        assert.deepEqual(tries, [{ id, attempt: 1 }, { id, attempt: 2 }])
        assert.equal(new Set(followers).size, 2, "A repeated handler repeats the ids of its messages")
        const [retry] = facts("retry")
        assert.deepEqual([retry?.attempt, retry?.delay, retry?.error], [2, 1_000, "Error: not yet"])
      }),
  },
  {
    name: "on() dead-letters after the last attempt, with reason, error, attempts, handler and trace",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const traces: Array<unknown> = []
        const { bus } = yield* start({
          [app]: {
            note: on(contracts.happened, () => Promise.reject(new RangeError("never")), {
              retry: { attempts: 2, delays: "1 second" },
            }),
          },
        })
        const letters = yield* dead(app)
        const { id } = yield* bus.emit(contracts.happened({ n: 7 }))
        const letter = yield* letters.take
        assert.deepEqual(story(letter), {
          reason: "failed",
          error: "RangeError: never",
          handler: `${app}.note`,
          attempt: 2,
        })
        assert.deepEqual([letter.id, letter.type, letter.app], [id, contracts.happened.type, "suite"])
        assert.deepEqual(JSON.parse(new TextDecoder().decode(letter.body)), { n: 7 })
        assert.ok(typeof letter.headers[Header.deadAt] === "number")
        traces.push(letter.headers[Header.traceparent])
        assert.match(String(traces[0]), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
      }),
  },
  {
    name: "on() with retry: false tries once",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        let tries = 0
        const { bus } = yield* start({
          [app]: {
            note: on(contracts.happened, () => Effect.failSync(() => `no ${++tries}`), { retry: false }),
          },
        })
        const letters = yield* dead(app)
        yield* bus.emit(contracts.happened({ n: 1 }))
        assert.deepEqual(story(yield* letters.take), {
          reason: "failed",
          error: "no 1",
          handler: `${app}.note`,
          attempt: 1,
        })
        assert.equal(tries, 1)
      }),
  },
  {
    name: "on() takes a run that is longer than its timeout for a failure, and interrupts it",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const ended: Array<string> = []
        const { bus } = yield* start({
          [app]: {
            asEffect: on(contracts.happened, () =>
              Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("effect"))), {
              retry: false,
              timeout: 30,
            }),
            asPromise: on(contracts.happened, (_, { signal }) => {
              signal.addEventListener("abort", () =>
                ended.push("promise"))
              return new Promise<void>(() => {})
            }, { retry: false, timeout: 30 }),
          },
        })
        const letters = yield* dead(app)
        yield* bus.emit(contracts.happened({ n: 1 }))
        const stories = [story(yield* letters.take), story(yield* letters.take)]
        assert.deepEqual(
          stories.map(({ error }) =>
            error
          ),
          Array(2).fill("it ran longer than its timeout of 30 ms"),
        )
        assert.deepEqual(ended.toSorted(), ["effect", "promise"])
      }),
  },
  {
    name: "on() follows the trace of what it listens to, and what it emits says its cause",
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        const { queue, inbox } = yield* replies
        const app = name("app")
        const { bus } = yield* start({
          [app]: {
            note: on(contracts.happened, async ({ n }, { emit }) => void await emit(contracts.followed({ n }))),
          },
        })
        yield* transport.declare({
          exchanges: [],
          queues: [],
          bindings: [{ exchange: "warren.events", queue, key: `${contracts.happened.api}.*` }],
        })
        const { id } = yield* bus.emit(contracts.happened({ n: 1 }))
        const first = yield* inbox.take
        const second = yield* inbox.take
        const trace = (of: typeof first) => String(of.headers[Header.traceparent]).split("-")
        assert.equal(trace(first)[1], trace(second)[1])
        assert.notEqual(trace(first)[2], trace(second)[2])
        assert.deepEqual([second.headers[Header.cause], second.app], [id, app])
        assert.equal(second.headers[Header.schema], contracts.followed.codec.fingerprint)
        assert.equal(second.headers[Header.version], "1")
      }),
  },
  {
    name: "emit() without await inside a handler still sends, and a failure of it harms nobody",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const seen: Array<number> = []
        const { bus, facts } = yield* start({
          [name("app")]: {
            note: on(contracts.happened, ({ n }, { emit, call }) => {
              void emit(contracts.followed({ n }))
              void emit(contracts.followed({ n: 0.5 }))
              void call(contracts.ask({ n }))
            }),
            follow: on(contracts.followed, ({ n }) => void seen.push(n)),
          },
        })
        yield* bus.emit(contracts.happened({ n: 3 }))
        yield* until("the event came", () => seen.length === 1)
        yield* until("it was handled", () => facts("handled").length === 2)
        assert.deepEqual(seen, [3])
        yield* callError("NoHandler", bus.call(contracts.ask({ n: 1 })))
      }),
  },
]
