/**
 * Cases of the runtime suite: handlers that throw what is no error, return what is no reply, or do not return.
 *
 * Whatever a handler does, its message gets its verdict, its caller one answer, and the process lives on.
 */
import assert from "node:assert/strict"
import { Cause, Effect, Exit } from "effect"
import { handle, on } from "../runtime/mod.ts"
import { callError, failure, gate, type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

class Touchy extends Error {
  override get message(): string {
    throw new Error("do not touch")
  }
}

class Nameless extends Error {
  override get name(): string {
    throw new Error("do not ask")
  }
}

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const recursion = (n: number): number => recursion(n + 1) + 1

/** What is thrown, and what is said of it. */
const thrown: ReadonlyArray<readonly [what: string, make: () => unknown, told: RegExp]> = [
  ["a string", () => "just words", /^just words$/],
  ["undefined", () => undefined, /^undefined$/],
  ["null", () => null, /^null$/],
  ["a number", () => 42, /^42$/],
  ["a bigint", () => 7n, /7/],
  ["a symbol", () => Symbol("odd"), /Symbol\(odd\)/],
  ["a frozen object", () => Object.freeze({ code: 7 }), /\{"code":7\}/],
  ["an object without prototype", () => Object.create(null), /\{\}/],
  ["an object in a circle", () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    return circle
  }, /object/i],
  ["an error whose message throws", () => new Touchy(), /\w+/],
  ["an error whose name throws", () => new Nameless("hidden"), /\w+/],
  ["an error without a message", () => new RangeError(), /^RangeError$/],
  ["an object whose toJSON throws", () => ({ toJSON: () => recursion(0) }), /object/i],
  ["a revoked proxy", revoked, /\w+/],
  ["an object whose _tag throws", () => ({
    get _tag() {
      throw new Error("no tag")
    },
  }), /\w+/],
  ["an error with a very long message", () => new Error("x".repeat(100_000)), /^Error: xxx/],
]

/** Handlers that misbehave. */
export const oddities: ReadonlyArray<RuntimeCase> = [
  {
    name: "a call handler may throw anything: the caller is told HandlerFailed",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const ways = ["plain", "async", "effect", "defect"] as const
        yield* start({
          [name("app")]: {
            ask: handle(
              contracts.ask,
              (({ n }: { n: number }) => {
                const [, make] = thrown[Math.floor(n / ways.length)]!
                switch (ways[n % ways.length]!) {
                  case "plain":
                    throw make()
                  case "async":
                    return Promise.reject(make())
                  case "effect":
                    return Effect.fail(make())
                  case "defect":
                    return Effect.die(make())
                }
              }) as never,
            ),
          },
        })
        const { bus } = yield* start()
        for (const [i, [what, , told]] of thrown.entries()) {
          for (const [j, way] of ways.entries()) {
            const error = yield* callError("HandlerFailed", bus.call(contracts.ask({ n: i * ways.length + j })))
            assert.match(error.detail, told, `${what}, ${way}`)
            assert.ok(error.detail.length < 10_000)
            assert.deepEqual(error.chain, [contracts.ask.type])
          }
        }
      }),
  },
  {
    name: "a listener may throw anything: the message is dead-lettered",
    run: ({ contracts, name, start, dead }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { bus } = yield* start({
          [app]: {
            note: on(contracts.happened, ({ n }) => {
              throw thrown[n]![1]()
            }, { retry: false }),
          },
        })
        const letters = yield* dead(app)
        for (const [n, [what, , told]] of thrown.entries()) {
          yield* bus.emit(contracts.happened({ n }))
          assert.match(story(yield* letters.take).error, told, what)
        }
      }),
  },
  {
    name: "sync infinite recursion fails the message only",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { bus } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) => ({ n: recursion(n) })),
            relay: handle(contracts.relay, ({ n }) => Effect.sync(() => ({ n: recursion(n) }))),
          },
        })
        for (const message of [contracts.ask({ n: 1 }), contracts.relay({ n: 1 })]) {
          const error = yield* callError("HandlerFailed", bus.call(message))
          assert.match(error.detail, /RangeError|InternalError/)
        }
      }),
  },
  {
    name: "a value that no schema can encode is InvalidReply, whatever is wrong with it",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const circle: { self?: unknown } = {}
        circle.self = circle
        const values: Record<string, unknown> = {
          circle,
          bigint: { n: 1n },
          throws: {
            get n() {
              throw new Error("no n")
            },
          },
          nothing: null,
        }
        const { bus } = yield* start({
          [name("app")]: {
            loose: handle(contracts.loose, ({ text }) => Effect.succeed(values[text])),
            ask: handle(contracts.ask, () => values["throws"] as { n: number }),
          },
        })
        yield* callError("InvalidReply", bus.call(contracts.ask({ n: 1 })))
        for (const text of ["circle", "bigint", "throws"]) {
          yield* callError("InvalidReply", bus.call(contracts.loose({ text })))
        }
        assert.deepEqual(yield* bus.call(contracts.loose({ text: "nothing" })), null)
      }),
  },
  {
    name: "a payload that throws when it is read is InvalidPayload",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const { bus } = yield* start()
        const evil = {
          get n(): number {
            throw new Error("no n")
          },
        }
        for (const payload of [evil, revoked() as never, null as never, undefined as never, 1n as never]) {
          assert.equal((yield* failure(bus.emit(contracts.happened(payload))))._tag, "InvalidPayload")
          yield* callError("InvalidPayload", bus.call(contracts.ask(payload)))
        }
      }),
  },
  {
    name: "a reply larger than the transport carries is InvalidReply; a payload is refused before sending",
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const { bus } = yield* start({
          [name("app")]: { loose: handle(contracts.loose, () => "x".repeat(transport.traits.maxBytes)) },
        })
        const reply = yield* callError("InvalidReply", bus.call(contracts.loose({ text: "" })))
        assert.match(reply.message, /\d+ bytes, expected at most \d+ bytes/)
        const text = "x".repeat(transport.traits.maxBytes)
        const payload = yield* callError("InvalidPayload", bus.call(contracts.loose({ text })))
        assert.match(payload.message, /expected at most \d+ bytes/)
        const event = yield* failure(bus.emit(contracts.happened({ n: 1, key: text })))
        assert.equal(event._tag, "InvalidPayload")
        assert.match(event.message, /expected at most \d+ bytes/)
      }),
  },
  {
    name: "emit() takes only ids that travel as they are",
    run: ({ contracts, start }) =>
      Effect.gen(function* () {
        const { bus } = yield* start()
        // programs without types
        const odd = [5, {}, [], true, null] as ReadonlyArray<unknown> as ReadonlyArray<string>
        for (const id of [...odd, "", "a\ud800b", "x".repeat(256), "ü".repeat(128)]) {
          const exit = yield* Effect.exit(bus.emit(contracts.happened({ n: 1 }), { id }))
          assert.match(
            String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
            /`id`: expected a text of 1 to 255 bytes/,
          )
        }
        const longest = "ü".repeat(127)
        assert.deepEqual(yield* bus.emit(contracts.happened({ n: 1 }), { id: longest }), { id: longest })
      }),
  },
  {
    name: "a promise that rejects after the deadline, or never settles, harms nobody",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const { promise, open } = gate()
        const { bus } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, async ({ n }) => {
              if (n === 1) await promise
              else await new Promise(() => {})
              throw new Error("too late")
            }, { concurrency: 1 }),
          },
        })
        for (const n of [1, 2]) {
          yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n }), { timeout: 40 }))
        }
        open()
        yield* Effect.sleep(20)
        yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 2 }), { timeout: 40 }))
      }),
  },
  {
    name: "thenables, and objects whose then throws, are taken for what they are",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const thenable = {
          then: (resolve: (value: { n: number }) => void) => resolve({ n: 9 }),
        }
        const trap = {
          get then(): never {
            throw new Error("no then")
          },
        }
        const { bus } = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, ({ n }) => (n === 1 ? thenable : trap) as never),
            note: on(contracts.happened, () => void seen.push("note")),
          },
        })
        assert.deepEqual(yield* bus.call(contracts.ask({ n: 1 })), { n: 9 })
        const error = yield* callError("HandlerFailed", bus.call(contracts.ask({ n: 2 })))
        assert.match(error.detail, /no then/)
        yield* bus.emit(contracts.happened({ n: 1 }))
        yield* until("the other handler still works", () => seen.length === 1)
      }),
  },
]
