/**
 * Cases of the runtime suite: who hears whom, so that many processes are not told everything of each other.
 *
 * On transports that are shared; elsewhere there is nobody to hear of.
 */
import assert from "node:assert/strict"
import { Effect, Fiber } from "effect"
import { handle } from "../runtime/mod.ts"
import {
  type Announcement,
  decodeNotice,
  encodeNotice,
  Exchange,
  noticePacket,
  QueueName,
  routeTo,
} from "../wire/mod.ts"
import { type Process, type RuntimeCase, until } from "./runtimeSuiteRig.ts"

/** Whether a process knows another one to be alive. */
const knows = ({ core }: Process, other: string): boolean => core.presence.directory?.get(other)?.life === "running"

/** Long enough for what must not come, ms. */
const peace = 300

/** Who hears whom. */
export const hearings: ReadonlyArray<RuntimeCase> = [
  {
    name: "a process that handles nothing hears of those that handle something alone, until it wants to know all",
    needs: ["shared"],
    run: ({ contracts, name, start }) =>
      Effect.gen(function* () {
        const callers = [yield* start(), yield* start()] as const
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } })
        const late = yield* start()
        const [one, other] = callers
        for (const caller of [one, other, late]) {
          yield* until("it knows the server", () => knows(caller, server.core.instance))
          yield* until("the server knows it", () => knows(server, caller.core.instance))
        }
        yield* Effect.sleep(peace)
        assert.ok(!knows(one, other.core.instance) && !knows(late, one.core.instance))
        yield* one.core.presence.watch
        for (const caller of [other, late]) {
          yield* until("it is heard at once", () => knows(one, caller.core.instance))
        }
        assert.ok(!knows(other, one.core.instance))
      }),
  },
  {
    name: "an older process on the wire hears everyone, is heard, and is answered",
    needs: ["shared"],
    run: ({ contracts, name, start, transport }) =>
      Effect.gen(function* () {
        const server = yield* start({ [name("app")]: { ask: handle(contracts.ask, ({ n }) => ({ n })) } })
        const caller = yield* start()
        const older: Announcement = {
          instance: name("older"),
          apps: [],
          emits: [],
          calls: [],
          host: "h",
          pid: 1,
          runtime: "bun 1",
          version: "",
          startedAt: 1,
          state: "running",
          every: 5_000,
          inHand: 0,
          handled: 0,
          failed: 0,
        }
        const queue = QueueName.control(older.instance)
        const heard: Array<string> = []
        yield* transport.declare({
          exchanges: [],
          queues: [{ name: queue, type: "classic", durable: false, exclusive: true, autoDelete: true }],
          bindings: ["cancel.#", "presence.#"].map((key) => ({ exchange: Exchange.control, queue, key })),
        })
        yield* transport.consume(queue, { prefetch: 100 }, ({ packet, settle }) => {
          const said = decodeNotice(packet.body)
          if (said?.kind === "announce") heard.push(said.announcement.instance)
          Effect.runFork(Effect.ignore(settle("ack")))
        })
        const now = server.core.now()
        const say = (kind: "ask" | "announce") =>
          transport.publish(
            routeTo.presence(kind),
            noticePacket(
              "",
              "older",
              now,
              5_000,
              encodeNotice(kind === "ask" ? { kind, instance: older.instance } : { kind, announcement: older })!,
            ),
          )
        yield* say("ask")
        yield* until("the server answers", () => heard.includes(server.core.instance))
        yield* say("announce")
        for (const one of [server, caller]) yield* until("it is heard", () => knows(one, older.instance))
        const later = yield* start()
        yield* until("it hears of a process that handles nothing", () => heard.includes(later.core.instance))
      }),
  },
  {
    name: "what a process has to hear it hears again after its connection came back",
    needs: ["shared", "cut"],
    run: ({ contracts, name, start, features }) =>
      Effect.gen(function* () {
        let asked = 0
        const server = yield* start({
          [name("app")]: {
            ask: handle(contracts.ask, () => Effect.andThen(Effect.sync(() => asked++), Effect.never)),
          },
        })
        const caller = yield* start()
        const watcher = yield* start()
        yield* watcher.core.presence.watch
        yield* until("they know each other", () =>
          knows(caller, server.core.instance) && knows(watcher, caller.core.instance))
        assert.ok(typeof features.cut === "object")
        const before = server.core.now()
        yield* features.cut
        const heardSince = ({ core }: Process, { core: { instance } }: Process) =>
          (core.presence.directory?.get(instance)?.lastHeard ?? 0) > before
        yield* until("they hear of each other again", () =>
          heardSince(caller, server) && heardSince(watcher, caller))
        const calling = yield* Effect.forkChild(caller.bus.call(contracts.ask({ n: 1 })), { startImmediately: true })
        yield* until("it is in hand", () => asked === 1)
        yield* Fiber.interrupt(calling)
        yield* until("its cancellation is heard", () => server.facts("cancelled").length === 1)
      }),
  },
]
