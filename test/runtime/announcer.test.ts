/**
 * How a process speaks for itself, on a clock moved by hand: heartbeats, answers that are put together, its last word.
 */
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { setImmediate as turn } from "node:timers/promises"
import { Clock, Deferred, Effect, Exit, Logger, Scope } from "effect"
import { type Announcer, makeAnnouncer, type Work } from "../../src/runtime/Announcer.ts"
import { defaultSettings, type Settings } from "../../src/runtime/Settings.ts"
import { Tally } from "../../src/runtime/stats/Tally.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import type { Transport } from "../../src/transport/mod.ts"
import { type Announcement, decodeNotice, makeIds, type PresentHandler } from "../../src/wire/mod.ts"

interface World {
  readonly announcer: Announcer
  readonly tally: Tally
  readonly host: (work: Pick<Work, "apps" | "inHand">) => void
  readonly sent: Array<{
    readonly at: number
    /** The routing key. */
    readonly to: string
    readonly said: Announcement
    readonly expiration: number | undefined
  }>
  /** How many processes handle something. */
  readonly others: { servers: number }
  /** Routing keys that lead to nobody. */
  readonly absent: Set<string>
  readonly warnings: Array<string>
  readonly advance: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
  /** From now on the broker confirms nothing; the result lets it go on. */
  readonly block: () => () => Promise<void>
}

const start = 1_000_000

const inWorld = async (body: (world: World) => Promise<void>, settings: Partial<Settings> = {}): Promise<void> => {
  const clock = new FakeClock(start)
  const now = clock.currentTimeMillisUnsafe
  const sent: Array<World["sent"][number]> = []
  const warnings: Array<string> = []
  let gate: Deferred.Deferred<void> | undefined
  const settle = async () => {
    for (let i = 0; i < 5; i++) await turn()
  }
  const absent = new Set<string>()
  const others = { servers: 0 }
  const publish: Transport["Service"]["publish"] = ({ key: to }, packet) =>
    Effect.suspend(() => {
      const notice = decodeNotice(packet.body)
      assert.ok(notice?.kind === "announce")
      sent.push({ at: now() - start, to, said: notice.announcement, expiration: packet.expiration })
      const confirm = absent.has(to) ? "unroutable" as const : "routed" as const
      return Effect.as(gate === undefined ? Effect.void : Deferred.await(gate), confirm)
    })
  const program = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const tally = new Tally()
    const works: Array<Work> = []
    const announcer = yield* makeAnnouncer({
      core: {
        ids: makeIds((bytes) => void bytes.fill(7)),
        instance: "self",
        monotonic: now,
        now,
        runFork: Effect.runForkWith(yield* Effect.context<never>()),
        settings: { ...defaultSettings, ...settings },
        transport: { publish } as Transport["Service"],
      },
      machine: { host: "h", pid: 7, runtime: "bun 1" },
      tally,
      works,
      isConnected: () => true,
      servers: () => others.servers,
      onAnnounce: () => {},
    }).pipe(Scope.provide(scope))
    const advance = async (ms: number) => {
      // whoever was started first falls asleep on the clock
      await settle()
      const until = now() + ms
      for (let next = clock.next; next !== undefined && next <= until; next = clock.next) {
        clock.moveTo(next)
        await settle()
      }
      clock.moveTo(until)
      await settle()
    }
    const world: World = {
      announcer,
      host: (work) => {
        works.push({ ...work, isDraining: () => false, handlers: () => [] })
        announcer.announce()
      },
      others,
      absent,
      tally,
      sent,
      warnings,
      advance,
      close: async () => {
        const closing = Effect.runPromise(
          Effect.provideService(Scope.close(scope, Exit.void), Clock.Clock, clock),
        )
        await settle()
        await advance(1_000)
        await closing
      },
      block: () => {
        const closed = gate = Deferred.makeUnsafe<void>()
        return async () => {
          gate = undefined
          Deferred.doneUnsafe(closed, Effect.void)
          await settle()
        }
      },
    }
    yield* Effect.promise(() => body(world))
  })
  const logger = Logger.make(({ message }) => void warnings.push(String(message)))
  await Effect.runPromise(
    program.pipe(Effect.scoped, Effect.provideService(Clock.Clock, clock), Effect.provide(Logger.layer([logger]))),
  )
}

const handler = (name: string): PresentHandler => ({
  name,
  kind: "call",
  subject: "a.b",
  queue: "q",
  schema: "s",
  version: "1",
  idempotent: false,
})

describe("makeAnnouncer()", () => {
  test("beats at about the distance it says, with figures as they are, and packets that do not outlive their use", () =>
    inWorld(async ({ host, tally, sent, advance }) => {
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 3 })
      await advance(0)
      tally.record({ fact: "handled", at: start + 9, id: "", type: "a.b", app: "a" })
      tally.record({ fact: "failed", at: start, id: "", type: "a.b", app: "a", handler: "a.h", error: "x".repeat(999) })
      tally.record({ fact: "called", at: start, id: "", type: "c.d", app: "a" })
      await advance(60_000)
      assert.ok(sent.length >= 11 && sent.length <= 14, `${sent.length} announcements`)
      const gaps = sent.slice(1).map(({ at }, i) => at - sent[i]!.at)
      assert.ok(gaps.every((gap) => gap >= 4_500 && gap <= 5_500), String(gaps))
      assert.ok(new Set(gaps).size > 1, "They are jittered")
      const { said, expiration } = sent.at(-1)!
      assert.equal(expiration, 15_000)
      assert.deepEqual(
        [said.every, said.inHand, said.handled, said.failed, said.lastHandled, said.calls, said.startedAt],
        [5_000, 3, 1, 1, start + 9, ["c.d"], start],
      )
      assert.ok(said.lastError?.startsWith("a.h: xxx"))
    }))

  test("announces soon once, however often it is asked to", () =>
    inWorld(async ({ announcer, sent, advance }) => {
      for (let i = 0; i < 100; i++) announcer.soon(50)
      await advance(50)
      assert.equal(sent.length, 1)
      announcer.soon(50)
      await advance(50)
      assert.equal(sent.length, 2)
    }))

  test("need not say soon what it has said meanwhile", () =>
    inWorld(async ({ announcer, host, sent, advance }) => {
      announcer.soon(500)
      await advance(0)
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 0 })
      await advance(500)
      assert.deepEqual(sent.map(({ to }) => to), ["presence.announce"])
      announcer.soon(50)
      await advance(50)
      assert.equal(sent.length, 2, "what is asked for later is said")
    }))

  test("answers each asker once and alone, on its control queue", () =>
    inWorld(async ({ announcer, sent, advance }) => {
      for (const asker of ["a", "b", "a"]) announcer.answer(asker, 50)
      await advance(50)
      assert.deepEqual(sent.map(({ to }) => to), ["warren.control.a", "warren.control.b"])
      announcer.answer("a", 50)
      await advance(50)
      assert.equal(sent.length, 3)
    }))

  test("tells everyone where very many ask at a time, and where an asker cannot be told alone", () =>
    inWorld(async ({ host, announcer, sent, advance, absent }) => {
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 0 })
      await advance(0)
      sent.length = 0
      for (let i = 0; i < 1_000; i++) announcer.answer(`a${i}`, 50)
      await advance(50)
      assert.equal(sent.filter(({ to }) => to === "presence.announce").length, 1)
      assert.equal(sent.length, 101)
      sent.length = 0
      absent.add("warren.control.x")
      for (const asker of ["x", "y"]) announcer.answer(asker, 50)
      await advance(1_050)
      assert.deepEqual(sent.map(({ to }) => to), ["warren.control.x", "warren.control.y", "presence.announce"])
    }))

  test("speaks seldom, and to few, while it handles nothing", () =>
    inWorld(async ({ host, announcer, sent, advance }) => {
      announcer.soon(50)
      await advance(60_000)
      assert.ok(sent.length >= 4 && sent.length <= 6, `${sent.length} announcements`)
      assert.deepEqual(
        new Set(sent.map(({ to, said }) => `${to} ${said.every}`)),
        new Set(["presence.caller.announce 15000"]),
      )
      sent.length = 0
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 0 })
      await advance(5_600)
      assert.ok(sent.length >= 2, `${sent.length} announcements`)
      assert.deepEqual(new Set(sent.map(({ to, said }) => `${to} ${said.every}`)), new Set(["presence.announce 5000"]))
    }))

  test("speaks the less often, the more processes handle something", () =>
    inWorld(async ({ host, sent, advance, others }) => {
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 0 })
      others.servers = 50
      await advance(60_000)
      assert.ok(sent.length >= 11, `${sent.length} announcements`)
      others.servers = 125
      await advance(20_000)
      sent.length = 0
      await advance(60_000)
      assert.ok(sent.length >= 3 && sent.length <= 5, `${sent.length} announcements`)
      assert.ok(sent.every(({ said, expiration }) => said.every === 15_000 && expiration === 45_000))
    }))

  test("where there are very many, all of them together are heard no more often", () =>
    inWorld(async ({ host, sent, advance, others }) => {
      host({ apps: [{ app: "a", handlers: [handler("h")] }], inHand: () => 0 })
      for (const [servers, every] of [[250, 25_000], [500, 100_000], [1_000, 400_000]] as const) {
        others.servers = servers
        // the first one comes when it was promised before
        await advance(sent.at(-1)!.said.every * 1.3)
        sent.length = 0
        await advance(every * 10)
        const said = `${servers}: ${sent.length} announcements`
        assert.ok(sent.length >= 8 && sent.length <= 12, said)
        assert.ok(sent.every(({ said }) => said.every === every), said)
        const gaps = sent.slice(1).map(({ at }, i) => at - sent[i]!.at)
        assert.ok(gaps.every((gap) => gap >= every * 0.8 && gap <= every * 1.2), String(gaps))
      }
    }))

  test("does not pile up while the broker takes nothing, and then says how it is", () =>
    inWorld(async ({ announcer, sent, advance, block }) => {
      const go = block()
      announcer.announce()
      await advance(60_000)
      announcer.become("draining")
      await advance(0)
      assert.equal(sent.length, 1)
      await go()
      assert.deepEqual(sent.map(({ said }) => said.state), ["running", "draining"])
    }))

  test("says it is gone, last of all and once, and does not wait for a broker that does not answer", () =>
    inWorld(async ({ announcer, sent, advance, close, block }) => {
      announcer.soon(50)
      block()
      await close()
      announcer.become("running")
      announcer.soon(50)
      await advance(60_000)
      assert.deepEqual(sent.map(({ said }) => said.state), ["gone"])
    }))

  test("tells once when it handles more than it can say, and says the rest", () =>
    inWorld(async ({ host, sent, warnings, advance }) => {
      const handlers = Array.from({ length: 1_001 }, (_, i) => handler(`h${i}`))
      host({ apps: [{ app: "a", handlers }], inHand: () => 0 })
      await advance(20_000)
      assert.ok(sent.length > 2)
      assert.deepEqual(sent[0]?.said.apps, [])
      assert.equal(warnings.length, 1)
      assert.match(warnings[0] ?? "", /^Cannot announce what this process handles/)
    }))

  test("takes a distance that nobody would believe for the nearest one", () =>
    inWorld(async ({ announcer, sent, advance }) => {
      announcer.announce()
      await advance(500)
      assert.equal(sent[0]?.said.every, 150)
      assert.ok(sent.length < 6)
    }, { heartbeat: 0 }))
})
