/**
 * Cases of the runtime suite: what processes answer when they are asked what they are doing.
 */
import assert from "node:assert/strict"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { fingerprint } from "../contract/mod.ts"
import { handle, on } from "../runtime/mod.ts"
import { answerType, enquiryType, QueueName, routeTo } from "../wire/mod.ts"
import { foreign, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

/** Enquiries. */
export const enquiries: ReadonlyArray<RuntimeCase> = [
  {
    name: "a process tells its handlers as they are, what each has done, and what it has sent",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        const began = yield* Deferred.make<void>()
        const done = yield* Deferred.make<void>()
        const server = yield* start({
          [app]: {
            note: on(contracts.happened, ({ n }) =>
              n === 1 ? Effect.andThen(Deferred.succeed(began, undefined), Deferred.await(done)) : Effect.void),
            wrong: on(contracts.followed, () =>
              Effect.fail("no"), { retry: false }),
            again: handle(contracts.again, ({ n }) => ({ n })),
          },
        })
        const { core, bus } = server
        yield* bus.emit(contracts.happened({ n: 0 }))
        const { id } = yield* bus.emit(contracts.followed({ n: 2 }), { id: name("bad") })
        yield* bus.call(contracts.again({ n: 1 }))
        yield* until("both are through", () => server.facts("handled").length >= 2 && server.facts("dead").length >= 1)
        const held = yield* bus.emit(contracts.happened({ n: 1 }))
        yield* Deferred.await(began)
        const [told] = yield* core.enquiries.enquire([core.instance], { kind: "stats" })
        assert.ok(told?.isSelf)
        assert.deepEqual(told.answer.apps, [app])
        assert.ok(told.answer.startedAt <= told.answer.now)
        const of = (wanted: string) => told.answer.handlers.find((one) => one.name === wanted)!
        const note = of("note")
        assert.deepEqual(
          [note.app, note.kind, note.subject, note.held, note.inHand, note.running, note.oldestId, note.handled],
          [app, "listener", contracts.happened.type, true, 1, 1, held.id, 1],
        )
        assert.equal(note.schema, fingerprint(contracts.happened))
        assert.ok(note.oldest !== undefined && note.lastHandled !== undefined && note.lastFailed === undefined)
        const wrong = of("wrong")
        assert.deepEqual([wrong.failed, wrong.dead, wrong.handled], [1, 1, 0])
        assert.equal(wrong.lastDead?.id, id)
        assert.match(wrong.lastFailed?.error ?? "", /no/)
        assert.deepEqual([of("again").kind, of("again").handled, of("again").recent.count], ["call", 1, 1])
        const sent = told.answer.sent.map(({ type, kind, done, failed }) => [type, kind, done, failed])
        assert.deepEqual(
          sent.sort(),
          [
            [contracts.again.type, "call", 1, 0],
            [contracts.followed.type, "event", 1, 0],
            [contracts.happened.type, "event", 2, 0],
          ].sort(),
        )
        const [found] = yield* core.enquiries.enquire("all", { kind: "find", id })
        assert.deepEqual(found?.answer.sightings.map(({ fact }) => fact).sort(), ["dead", "emitted", "failed"])
        yield* Deferred.succeed(done, undefined)
        const [info] = yield* core.enquiries.enquire("all", { kind: "info" })
        assert.deepEqual(
          info?.answer.contracts.map(({ type }) => type).sort(),
          [contracts.happened.type, contracts.followed.type, contracts.again.type].sort(),
        )
        assert.equal(info?.answer.contracts.find(({ type }) => type === contracts.again.type)?.idempotent, true)
      }),
  },
  {
    name: "a canary meets the handlers on its way and runs none of them",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        let runs = 0
        const { core, bus } = yield* start({
          [app]: {
            note: on(contracts.happened, () => void runs++),
            other: on(contracts.happened, () => void runs++),
            again: handle(contracts.again, ({ n }) => ({ n })),
          },
        })
        const asker = core.transport.traits.shared ? (yield* start()).core : core
        const { probe } = asker.enquiries
        const event = yield* probe(routeTo.event(contracts.happened.type), (told) => told.length === 2, 2_000)
        assert.equal(event.confirm, "routed")
        assert.deepEqual(event.told.map(({ answer }) => answer.handler).sort(), [`${app}.note`, `${app}.other`])
        assert.ok(event.told.every(({ instance }) => instance === core.instance))
        const call = yield* probe(routeTo.call(contracts.again.type), (told) => told.length === 1, 2_000)
        assert.deepEqual(call.told.map(({ answer: { handler, queue } }) => [handler, queue]), [
          [`${app}.again`, QueueName.call(contracts.again.type)],
        ])
        const nobody = yield* probe(routeTo.event(contracts.followed.type), () => false, 100)
        assert.deepEqual([nobody.confirm, nobody.told], ["unroutable", []])
        yield* bus.emit(contracts.happened({ n: 1 }))
        yield* until("the message is handled by both", () => runs === 2)
      }),
  },
  {
    name: "others are asked one by one or all together; who is not there does not hold the answer up for ever",
    needs: ["shared"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const [one, two] = [name("one"), name("two")]
        const first = yield* start({ [one]: { again: handle(contracts.again, ({ n }) => ({ n })) } })
        const second = yield* start({ [two]: { far: handle(contracts.far, ({ n }) => ({ n })) } })
        const asker = yield* start()
        yield* asker.bus.call(contracts.again({ n: 1 }))
        const { enquire } = asker.core.enquiries
        const some = yield* enquire([first.core.instance, "nobody"], { kind: "stats" }, { patience: "700 millis" })
        assert.deepEqual(some.map(({ instance }) => instance), [first.core.instance])
        assert.equal(some[0]?.answer.handlers[0]?.handled, 1)
        assert.ok(some[0]!.heardAt >= some[0]!.askedAt)
        const all = yield* enquire("all", { kind: "ping" })
        const instances = new Set(all.map(({ instance }) => instance))
        for (const { core } of [first, second, asker]) assert.ok(instances.has(core.instance))
        const [ofCaller] = yield* enquire([asker.core.instance], { kind: "stats" })
        assert.equal(ofCaller?.answer.sent[0]?.done, 1)
        const seen = yield* first.core.enquiries.enquire("all", { kind: "ping" })
        assert.ok(seen.some(({ instance }) => instance === asker.core.instance), "callers answer too")
      }),
  },
  {
    name: "answers that keep coming in are waited for, and silence no longer than was said",
    needs: ["shared"],
    run: ({ start, transport }) =>
      Effect.gen(function* () {
        const { core } = yield* start()
        const busy = Array.from({ length: 7 }, (_, i) => `busy${i}`)
        const options = { patience: 600, quiet: 400 }
        const [took, none] = yield* Effect.timed(core.enquiries.enquire(["silent"], { kind: "ping" }, options))
        assert.ok(Duration.toMillis(took) < 1_000 && none.length === 0, `${Duration.toMillis(took)} ms`)
        const asking = yield* Effect.forkChild(
          core.enquiries.enquire([...busy, "silent"], { kind: "ping" }, options),
          { startImmediately: true },
        )
        for (const instance of busy) {
          yield* Effect.sleep(150)
          const body = JSON.stringify({ v: 1, instance, number: 2, answer: { kind: "ping", now: 1 } })
          yield* transport.publish(
            routeTo.queue(QueueName.control(core.instance)),
            foreign(body, { type: answerType }),
          )
        }
        assert.deepEqual((yield* Fiber.join(asking)).map(({ instance }) => instance), busy)
      }),
  },
  {
    name: "a stranger's enquiries and answers do no harm",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        const { core, bus } = yield* start({ [app]: { again: handle(contracts.again, ({ n }) => ({ n })) } })
        const route = routeTo.queue(QueueName.control(core.instance))
        const send = (type: string, body: unknown) => transport.publish(route, foreign(JSON.stringify(body), { type }))
        for (const type of [enquiryType, answerType]) {
          for (
            const body of [
              null,
              [],
              { v: 1 },
              { v: 1, asker: 7, number: 1, question: { kind: "stats" } },
              { v: 1, asker: "x".repeat(300), number: 1, question: { kind: "stats" } },
              { v: 1, asker: "nobody", number: 1, question: { kind: "find", id: "x".repeat(3_000) } },
              { v: 1, asker: "nobody", number: 1, question: { kind: "what" } },
              { v: 1, instance: "stranger", number: 1, answer: { kind: "ping", now: 1 } },
            ]
          ) yield* send(type, body)
        }
        assert.deepEqual(yield* bus.call(contracts.again({ n: 3 })), { n: 3 })
        const asking = yield* Effect.forkChild(core.enquiries.enquire("all", { kind: "ping" }))
        assert.ok((yield* Fiber.join(asking)).every(({ instance }) => instance !== "stranger"))
      }),
  },
]
