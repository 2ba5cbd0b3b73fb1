/**
 * Cases of the runtime suite: following a message as it goes, through whatever processes and by whatever it causes.
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { handle, type HeardHop, on } from "../runtime/mod.ts"
import { formatFollow, Header, hopPacket, hopType, QueueName, routeTo } from "../wire/mod.ts"
import { failure, foreign, type Process, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

/** What a process is told of something that it follows. */
const asking = ({ core }: Process) => {
  const heard: Array<HeardHop> = []
  let missed = 0
  const { follow, end } = core.follows.ask({
    onHop: (hop) => heard.push(hop),
    onMissed: (count) => missed += count,
  })
  /** The facts of one message at one hand: a handler's, or its sender's. */
  const factsOf = (type: string, handler: string | undefined) =>
    heard.filter(({ hop }) => hop.type === type && hop.handler === handler).map(({ hop }) => hop.fact)
  return { follow, end, heard, factsOf, missed: () => missed }
}

/** Following. */
export const following: ReadonlyArray<RuntimeCase> = [
  {
    name: "an event is told hop by hop, with all that its handlers cause, in whatever process",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const [near, far] = [name("near"), name("far")]
        const server = yield* start({
          [far]: {
            ask: handle(contracts.ask, ({ n }) => ({ n: n + 1 })),
            last: on(contracts.followed, () => {}),
          },
        })
        const listener = yield* start({
          [near]: {
            note: on(contracts.happened, async ({ n }, { call, emit }) => {
              await call(contracts.ask({ n }))
              await emit(contracts.followed({ n }))
            }),
          },
        })
        const asker = yield* start()
        const { follow, end, heard, factsOf, missed } = asking(asker)
        const { id } = yield* asker.bus.emit(contracts.happened({ n: 1 }), { follow })
        const { happened, followed, ask } = contracts
        const [note, last, asked] = [`${near}.note`, `${far}.last`, `${far}.ask`]
        yield* until(
          "everything has ended",
          () =>
            [factsOf(happened.type, note), factsOf(followed.type, last)].every((facts) => facts.includes("acked")) &&
            factsOf(ask.type, asked).some((fact) => fact === "acked" || fact === "done"),
        )
        assert.deepEqual(factsOf(happened.type, undefined), ["sent", "emitted"])
        assert.deepEqual(factsOf(happened.type, note), ["delivered", "started", "handled", "acked"])
        assert.deepEqual(factsOf(followed.type, note), ["sent", "emitted"])
        assert.deepEqual(factsOf(followed.type, last), ["delivered", "started", "handled", "acked"])
        assert.deepEqual(factsOf(ask.type, asked).slice(0, 3), ["delivered", "started", "handled"])
        const called = factsOf(ask.type, note)
        assert.deepEqual([called[0], called.at(-1)], ["called", "answered"])
        assert.ok(called.includes("replied") && (called.includes("published") || called.includes("sent straight")))
        for (const { hop, instance, isReckoned, at } of heard) {
          const own = hop.type === happened.type && hop.handler === undefined
          assert.equal(
            instance,
            own ? asker.core.instance : hop.app === near ? listener.core.instance : server.core.instance,
          )
          assert.equal(isReckoned, !own)
          assert.ok(at >= 0)
          const isFirst = ["sent", "called", "delivered"].includes(hop.fact)
          if (isFirst) assert.equal(hop.cause, hop.type === happened.type ? undefined : id)
        }
        assert.equal(
          heard.find(({ hop }) => hop.fact === "delivered" && hop.handler === note)?.hop.queue,
          QueueName.listener(near, "note"),
        )
        assert.equal(missed(), 0)
        // what is asked no more is told no more
        end()
        const before = heard.length
        yield* asker.bus.emit(contracts.happened({ n: 2 }), { follow })
        yield* until("it is handled", () => listener.facts("handled").length === 2)
        assert.equal(heard.length, before)
      }),
  },
  {
    name: "a call is told by its caller and its server, and so is a retry and the dead letter after it",
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const app = name("app")
        yield* start({
          [app]: {
            ask: handle(contracts.ask, () => Effect.die("no")),
            note: on(contracts.happened, () => Effect.fail("never"), {
              retry: { attempts: 2, delays: ["10 millis"] },
            }),
          },
        })
        const asker = yield* start()
        const call = asking(asker)
        yield* failure(asker.bus.call(contracts.ask({ n: 1 }), { follow: call.follow }))
        const served = () => call.factsOf(contracts.ask.type, `${app}.ask`)
        yield* until("the server has told", () => served().some((fact) => fact === "acked" || fact === "done"))
        assert.deepEqual(served().slice(0, 3), ["delivered", "started", "failed"])
        const event = asking(asker)
        yield* asker.bus.emit(contracts.happened({ n: 1 }), { follow: event.follow })
        const noted = () => event.factsOf(contracts.happened.type, `${app}.note`)
        yield* until("it is dead", () => noted().filter((fact) => fact === "acked").length === 2)
        assert.deepEqual(noted(), [
          ...["delivered", "started", "failed", "retry", "acked"],
          ...["delivered", "started", "failed", "dead", "acked"],
        ])
        const retry = event.heard.find(({ hop }) => hop.fact === "retry")!
        assert.deepEqual([retry.hop.attempt, retry.hop.delay, retry.hop.error], [2, 1_000, "never"])
      }),
  },
  {
    name: "whatever the header says, a message is handled as any other; only who is there is told",
    run: ({ contracts, name, start, transport, dead, replies }) =>
      Effect.gen(function* () {
        const app = name("app")
        const server = yield* start({ [app]: { note: on(contracts.happened, () => {}) } })
        const letters = yield* dead(app)
        const foreigner = yield* replies
        const odd = [
          "",
          "x",
          "/",
          "a/",
          "/b",
          "nobody/k",
          `${foreigner.queue}/k`,
          foreigner.queue,
          7,
          "a/b/c",
          "\u0000/k",
          "x".repeat(5_000),
        ]
        for (const [i, follow] of odd.entries()) {
          const packet = foreign('{"n":1}', {
            id: `${name("odd")}-${i}`,
            type: contracts.happened.type,
            headers: { [Header.follow]: follow },
          })
          yield* transport.publish(routeTo.event(contracts.happened.type), packet)
        }
        yield* until("all are handled", () => server.facts("handled").length === odd.length)
        assert.equal(foreigner.inbox.size(), 0)
        // a body that is none is told too, where it is buried
        const asker = yield* start()
        const { follow, factsOf } = asking(asker)
        const packet = foreign("{", {
          id: name("bad"),
          type: contracts.happened.type,
          headers: { [Header.follow]: follow },
        })
        yield* transport.publish(routeTo.event(contracts.happened.type), packet)
        yield* until("it is told", () => factsOf(contracts.happened.type, `${app}.note`).includes("acked"))
        assert.deepEqual(factsOf(contracts.happened.type, `${app}.note`), ["delivered", "dead", "acked"])
        // its copy keeps the header, as all others
        assert.equal((yield* letters.take).headers[Header.follow], follow)
      }),
  },
  {
    name: "notices that nobody asked for, or that cannot be read, do nothing",
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const app = name("app")
        yield* start({ [app]: { note: on(contracts.happened, () => {}) } })
        const asker = yield* start()
        const { follow, heard, factsOf, missed } = asking(asker)
        const key = follow.split("/")[1]!
        const good = {
          v: 1,
          key,
          instance: "i",
          host: "h",
          pid: 1,
          sent: 1,
          missed: 0,
          hops: [{ at: 1, fact: "f", id: "i", type: "t", app: "a" }],
        }
        const bad: ReadonlyArray<unknown> = [
          null,
          [],
          {},
          { ...good, v: 2 },
          { ...good, key: "another" },
          { ...good, hops: [{}] },
          { ...good, hops: null },
          { ...good, missed: -1 },
          { ...good, hops: [{ ...good.hops[0], at: "1" }] },
        ]
        const control = routeTo.queue(QueueName.control(asker.core.instance))
        const bodies = [...bad.map((one) => new TextEncoder().encode(JSON.stringify(one))), new Uint8Array([255, 1])]
        for (const [i, body] of bodies.entries()) {
          yield* transport.publish(control, hopPacket(`${i}`, "x", 0, body))
        }
        yield* asker.bus.emit(contracts.happened({ n: 1 }), { follow })
        yield* until("the real one is told", () => factsOf(contracts.happened.type, `${app}.note`).includes("acked"))
        assert.ok(heard.every(({ hop }) => hop.type === contracts.happened.type))
        assert.equal(missed(), 0)
        // one that fits is believed, since only who saw the key can write it
        yield* transport.publish(
          control,
          foreign(JSON.stringify(good), { id: "good", type: hopType }),
        )
        yield* until("it is heard", () => factsOf("t", undefined).length === 1)
        assert.equal(formatFollow({ instance: asker.core.instance, key }), follow)
      }),
  },
]
