/**
 * Cases of the runtime suite: messages from foreign hands, broken in every way; none may take the process down.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { every, handle, on } from "../runtime/mod.ts"
import type { Packet } from "../transport/mod.ts"
import { Exchange, Header, QueueName } from "../wire/mod.ts"
import { callError, foreign, type RuntimeCase, story, until } from "./runtimeSuiteRig.ts"

const bytes = (...values: ReadonlyArray<number>): Uint8Array => Uint8Array.from(values)
const deep = (levels: number): string => '{"n":'.repeat(levels) + "1" + "}".repeat(levels)

/** Bodies that are no payload of `{ n: Int }`, and what the dead letter says of them. */
const broken: ReadonlyArray<readonly [what: string, body: string | Uint8Array, error: RegExp]> = [
  ["an empty body", "", /the payload is null, expected/],
  ["no JSON", "{n:1}", /Cannot read the body as JSON: /],
  ["truncated JSON", '{"n":', /Cannot read the body as JSON: /],
  ["invalid UTF-8", bytes(0x7b, 0x22, 0x6e, 0xff, 0x22, 0x3a, 0x31, 0x7d), /it is not valid UTF-8/],
  ["truncated UTF-8", bytes(0x22, 0xe2, 0x82), /it is not valid UTF-8/],
  ["a key __proto__", '{"n":1,"__proto__":{"polluted":true}}', /a key named "__proto__"/],
  ["a key __proto__ in escapes", '{"n":1,"\\u005f_proto__":{"polluted":true}}', /a key named "__proto__"/],
  ["deep nesting", deep(101), /it is nested deeper than 100 levels/],
  ["very deep nesting", "[".repeat(100_000), /it is nested deeper than 100 levels/],
  ["another shape", '[{"n":1}]', /the payload is \[\{"n":1\}\], expected/],
  ["a missing field", "{}", /field "n" is undefined, expected a value \(it is missing\)/],
  ["a number too large", '{"n":1e999}', /field "n" is/],
]

/** Properties and headers that make no sense, on a body that does. */
const strange: ReadonlyArray<Partial<Packet>> = [
  {},
  { contentType: "text/plain", type: "something.else" },
  { headers: { [Header.attempt]: -7, [Header.traceparent]: "nonsense", [Header.cause]: 12 } },
  { headers: { [Header.attempt]: "many", [Header.version]: false, [Header.schema]: 1 } },
  { headers: { [Header.deadline]: 1, [Header.timeout]: -5 } },
  { headers: { [Header.attempt]: 2.9 } },
  { id: "-", replyTo: "nowhere" },
]

/** Messages from foreign hands. */
export const foreigners: ReadonlyArray<RuntimeCase> = [
  {
    name: "events that cannot be read go to the dead letters at once, with the reason",
    run: ({ contracts, name, start, dead, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        const seen: Array<number> = []
        yield* start({ [app]: { note: on(contracts.happened, ({ n }) => void seen.push(n)) } })
        const letters = yield* dead(app)
        for (const [what, body, error] of broken) {
          yield* transport.publish({ exchange: Exchange.events, key: contracts.happened.type }, foreign(body))
          const letter = yield* letters.take
          const told = story(letter)
          assert.match(told.error, error, what)
          assert.deepEqual([told.reason, told.handler, told.attempt], ["undecodable", `${app}.note`, 1], what)
          assert.deepEqual(
            letter.body.length,
            typeof body === "string" ? new TextEncoder().encode(body).length : body.length,
          )
        }
        yield* transport.publish({ exchange: Exchange.events, key: contracts.happened.type }, foreign('{"n":1,"x":2}'))
        yield* until("a good one is handled", () => seen.length === 1)
        assert.equal(({} as { polluted?: boolean }).polluted, undefined)
      }),
  },
  {
    name: "events with strange properties and headers are handled by their bodies",
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const attempts: Array<number> = []
        yield* start({
          [name("app")]: { note: on(contracts.happened, (_, { attempt }) => void attempts.push(attempt)) },
        })
        for (const part of strange) {
          yield* transport.publish(
            { exchange: Exchange.events, key: contracts.happened.type },
            foreign('{"n":1}', part),
          )
        }
        yield* until("all were handled", () => attempts.length === strange.length)
        assert.deepEqual(attempts, [1, 1, 1, 1, 1, 2, 1])
      }),
  },
  {
    name: "calls that cannot be read are answered InvalidPayload",
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        const { queue, inbox } = yield* replies
        yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } })
        for (const [what, body] of broken) {
          yield* transport.publish(
            { exchange: Exchange.calls, key: contracts.ask.type },
            foreign(body, { correlationId: what, replyTo: queue }),
          )
          const reply = yield* inbox.take
          assert.deepEqual([reply.correlationId, reply.headers[Header.error]], [what, "InvalidPayload"])
        }
      }),
  },
  {
    name: "a foreign call needs no headers; its deadline may be in the past, in the year 9999 or in words",
    run: ({ contracts, name, start, transport, replies }) =>
      Effect.gen(function* () {
        const { queue, inbox } = yield* replies
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n: n + 1 })) } })
        const headers: ReadonlyArray<Packet["headers"]> = [
          {},
          { [Header.deadline]: 1 },
          { [Header.deadline]: Date.UTC(9999, 0) },
          { [Header.deadline]: Date.UTC(9999, 0), [Header.timeout]: 1e15 },
          { [Header.deadline]: "tomorrow", [Header.timeout]: "a lot" },
          { [Header.attempt]: -1e308 },
        ]
        for (const [i, one] of headers.entries()) {
          yield* transport.publish(
            { exchange: Exchange.calls, key: contracts.ask.type },
            foreign(`{"n":${i}}`, { correlationId: `${i}`, replyTo: queue, headers: one }),
          )
          const reply = yield* inbox.take
          assert.deepEqual([reply.correlationId, new TextDecoder().decode(reply.body)], [`${i}`, `{"n":${i + 1}}`])
        }
        assert.equal(server.facts("clock-skew").length, 2)
      }),
  },
  {
    name: "a foreign call with a bad reply_to, or none, harms nobody",
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        let ran = 0
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n, ran: ran++ })) } })
        const route = { exchange: Exchange.calls, key: contracts.ask.type }
        yield* transport.publish(route, foreign('{"n":1}', { correlationId: "1" }))
        yield* transport.publish(route, foreign('{"n":1}', { replyTo: "nowhere" }))
        yield* transport.publish(route, foreign('{"n":1}', { correlationId: "3", replyTo: "no such queue" }))
        yield* until("all are settled", () => server.host.stations[0]?.inHand() === 0 && ran === 1)
        assert.equal(server.facts("skipped").length, 2)
        assert.equal(server.facts("stray-reply").length, 1)
      }),
  },
  {
    name: "replies that make no sense fail the call they name, and no other",
    run: ({ contracts, start, transport, name }) =>
      Effect.gen(function* () {
        const asked: Array<Packet> = []
        yield* transport.declare({
          exchanges: [],
          queues: [{ name: name("calls"), type: "classic", expires: 60_000 }],
          bindings: [{ exchange: Exchange.calls, queue: name("calls"), key: contracts.ask.type }],
        })
        const { bus } = yield* start()
        yield* transport.consume(name("calls"), { prefetch: 10 }, (delivery) => {
          asked.push(delivery.packet)
          Effect.runFork(delivery.settle("ack"))
        })
        const answers: ReadonlyArray<
          readonly [body: string | Uint8Array, error: string | number | undefined, tag: string]
        > = [
          ["nonsense", undefined, "InvalidReply"],
          [bytes(0xff), undefined, "InvalidReply"],
          ['{"n":"x"}', undefined, "InvalidReply"],
          ['{"_tag":"Unknown"}', "declared", "InvalidReply"],
          ["null", "declared", "InvalidReply"],
          ['{"detail":"it said"}', "HandlerFailed", "HandlerFailed"],
          ["{}", "Whatever", "HandlerFailed"],
          ["[]", 42, "HandlerFailed"],
          [
            '{"detail":{"toString":1,"valueOf":2},"chain":[{"toString":1,"valueOf":2}]}',
            "HandlerFailed",
            "HandlerFailed",
          ],
          ['{"misfits":[1,{"field":2}],"field":{"toString":1}}', "InvalidPayload", "InvalidPayload"],
          ['{"timeout":"long"}', "DeadlineExceeded", "DeadlineExceeded"],
          ["null", "HandlerDied", "HandlerDied"],
          ["null", "Overloaded", "Overloaded"],
        ]
        for (const [i, [body, error, tag]] of answers.entries()) {
          const pending = yield* Effect.forkChild(callError(tag as "InvalidReply", bus.call(contracts.ask({ n: i }))), {
            startImmediately: true,
          })
          yield* until("the call came", () => asked.length === i + 1)
          const { correlationId = "", replyTo = "" } = asked[i]!
          yield* transport.publish(
            { exchange: "", key: replyTo },
            foreign(body, { correlationId: `not ${correlationId}` }),
          )
          yield* transport.publish({ exchange: "", key: replyTo }, foreign(body))
          yield* transport.publish(
            { exchange: "", key: replyTo },
            foreign(body, { correlationId, headers: error === undefined ? {} : { [Header.error]: error } }),
          )
          const told = yield* Fiber.join(pending)
          assert.ok(told.message.length > 0 && told.consequence.length > 0)
        }
      }),
  },
  {
    name: "cancellations that make no sense stop no deadlines",
    run: ({ contracts, name, start, transport, features }) =>
      Effect.gen(function* () {
        const { bus } = yield* start({ [name("app")]: { ask: handle(contracts.ask, () => Effect.never) } })
        for (const deadline of [features.oddNumbers === true ? Number.NaN : 0, -1e300, 1e300, "soon", true, -1]) {
          yield* transport.publish(
            { exchange: Exchange.control, key: "cancel.x" },
            foreign("", { correlationId: `x${deadline}`, headers: { [Header.deadline]: deadline } }),
          )
        }
        yield* transport.publish({ exchange: Exchange.control, key: "cancel.x" }, foreign("not JSON"))
        yield* Effect.sleep(30)
        yield* callError("DeadlineExceeded", bus.call(contracts.ask({ n: 1 }), { timeout: 50 }))
      }),
  },
  {
    name: "a tick that cannot be read goes to the dead letters",
    run: ({ contracts, name, start, dead, transport }) =>
      Effect.gen(function* () {
        const app = name("app")

        yield* start({ [app]: { never: every("0 0 1 1 *", () => {}), note: on(contracts.happened, () => {}) } })
        const letters = yield* dead(app)
        yield* transport.publish({ exchange: "", key: QueueName.schedule(app, "never") }, foreign('{"due":"noon"}'))
        assert.match(story(yield* letters.take).error, /field "due" is "noon"/)
      }),
  },
]
