/**
 * When a death is believed, and when it is not: pings, lost connections and last words, on a clock moved by hand.
 */
import { Tally } from "../../src/runtime/stats/Tally.ts"
import { describe, test } from "#test"
import assert from "node:assert/strict"
import { setImmediate as turn } from "node:timers/promises"
import { Clock, Effect, type Exit, Logger, Queue, Stream } from "effect"
import { HandlerDied } from "../../src/contract/mod.ts"
import { Lateness } from "../../src/runtime/Lateness.ts"
import { makePresence, type PresenceCore } from "../../src/runtime/Presence.ts"
import { defaultSettings } from "../../src/runtime/Settings.ts"
import { keepVigil, type Waiting } from "../../src/runtime/Vigil.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import { NotFound, type Status, type Transport, TransportError } from "../../src/transport/mod.ts"
import {
  type Announcement,
  decodeNotice,
  encodeNotice,
  makeIds,
  noticePacket,
  type PresenceState,
  QueueName,
} from "../../src/wire/mod.ts"

const type = "sales.quote"

interface World {
  /** Control queues that do not exist. */
  readonly absent: Set<string>
  /** Whether the queue of the call exists. */
  queue: boolean
  /** Pings so far. */
  pings: number
  readonly become: (status: Status) => Promise<void>
  readonly advance: (ms: number) => Promise<void>
  readonly hear: (instance: string, state?: PresenceState) => void
  readonly presence: ReturnType<typeof makePresence>
  /** Makes a call that waits. */
  readonly call: (confirmed?: boolean) => { readonly error: () => HandlerDied | undefined }
}

const announcement = (instance: string, state: PresenceState): Announcement => ({
  instance,
  apps: [{
    app: "sales",
    handlers: [{
      name: "quote",
      kind: "call",
      subject: type,
      queue: "q",
      schema: "s",
      version: "1",
      idempotent: false,
    }],
  }],
  emits: [],
  calls: [],
  host: "h",
  pid: 7,
  runtime: "bun 1",
  version: "",
  startedAt: 0,
  state,
  every: 5_000,
  inHand: 0,
  handled: 0,
  failed: 0,
})

const inWorld = async (body: (world: World) => Promise<void>): Promise<void> => {
  const clock = new FakeClock(1_000_000)
  const now = clock.currentTimeMillisUnsafe
  const program = Effect.gen(function* () {
    const statuses = yield* Queue.unbounded<Status>()
    const services = yield* Effect.context<never>()
    const pending = new Set<Waiting>()
    const transport: Transport["Service"] = {
      traits: { name: "stub", durable: true, shared: true, maxBytes: 1_000_000 },
      status: Stream.fromQueue(statuses),
      declare: () =>
        world.queue ? Effect.void : Effect.fail(
          new TransportError({ operation: "declare", target: "q", reason: new NotFound({ name: "q" }) }),
        ),
      publish: ({ exchange, key }, packet) => {
        if (decodeNotice(packet.body)?.kind === "ping") world.pings++
        const isLost = exchange === "" && (world.absent.has(key) || key === QueueName.directory)
        return Effect.succeed(isLost ? "unroutable" as const : "routed" as const)
      },
      consume: () => Effect.void,
    }
    const presence = makePresence(
      {
        control: { start: () => Effect.void, hear: () => Effect.void },
        ids: makeIds((bytes) => void bytes.fill(7)),
        instance: "self",
        journal: { record: () => {} },
        lateness: new Lateness(now, now),
        monotonic: now,
        now,
        runFork: Effect.runForkWith(services),
        served: new Map(),
        settings: defaultSettings,
        tally: new Tally(),
        transport,
        works: [],
        isInspected: true,
      } satisfies PresenceCore,
    )
    const settle = async () => {
      for (let i = 0; i < 5; i++) await turn()
    }
    const world: World = {
      absent: new Set(),
      queue: false,
      pings: 0,
      presence,
      become: async (status) => {
        Queue.offerUnsafe(statuses, status)
        await settle()
      },
      advance: async (ms) => {
        const until = now() + ms
        for (let next = clock.next; next !== undefined && next <= until; next = clock.next) {
          clock.moveTo(next)
          await settle()
        }
        clock.moveTo(until)
        await settle()
      },
      hear: (instance, state = "running") => {
        const body = encodeNotice({ kind: "announce", announcement: announcement(instance, state) })
        assert.ok(presence.take(noticePacket("", "", 0, 0, body ?? new Uint8Array(0))))
      },
      call: (confirmed = true) => {
        let failure: HandlerDied | undefined
        const finish = (answer: Exit.Exit<never, HandlerDied>) => {
          pending.delete(one)
          const [reason] = answer._tag === "Failure" ? answer.cause.reasons : []
          if (reason?._tag === "Fail") failure = reason.error
        }
        const one: Waiting = { contract: { type }, sentAt: now(), confirmed, finish }
        pending.add(one)
        return { error: () => failure }
      },
    }
    yield* presence.start
    yield* keepVigil({ now, presence, transport }, pending)
    yield* Effect.promise(() => world.become({ _tag: "Ready", server: "stub" }))
    yield* Effect.promise(() => body(world))
  })
  await Effect.runPromise(
    program.pipe(Effect.scoped, Effect.provideService(Clock.Clock, clock), Effect.provide(Logger.layer([]))),
  )
}

const vanish = ({ absent }: World, instance: string) => absent.add(QueueName.control(instance))

describe("keepVigil()", () => {
  test("fails calls once two pings, a second apart, did not find their last server", () =>
    inWorld(async (world) => {
      world.hear("a")
      const [young, unconfirmed] = [world.call(), world.call(false)]
      await world.advance(900)
      assert.equal(world.pings, 0)
      await world.advance(600)
      assert.equal(world.pings, 1)
      vanish(world, "a")
      await world.advance(1_000)
      assert.deepEqual([world.pings, young.error()], [2, undefined])
      await world.advance(1_000)
      const error = young.error()
      assert.ok(error instanceof HandlerDied)
      assert.equal(
        error.detail,
        'app "sales" (instance a, host "h", pid 7) is gone, last heard of 3 s ago, and nobody else serves the call',
      )
      assert.deepEqual([error.servers, error.lastHeartbeat], [0, 1_000_000])
      assert.equal(unconfirmed.error(), undefined)
      // who is known to be gone is not asked again
      await world.advance(5_000)
      assert.equal(world.pings, 3)
    }))

  test("asks once a process and second, however many calls wait, and nobody when none does", () =>
    inWorld(async (world) => {
      for (const one of ["a", "b"]) world.hear(one)
      await world.advance(5_000)
      assert.equal(world.pings, 0)
      for (let i = 0; i < 50; i++) world.call()
      await world.advance(4_000)
      assert.equal<number>(world.pings, 8)
    }))

  test("believes no death of a process that was away for a moment, or that was heard since", () =>
    inWorld(async (world) => {
      world.hear("a")
      const call = world.call()
      await world.advance(1_500)
      for (let i = 0; i < 5; i++) {
        vanish(world, "a")
        await world.advance(1_000)
        world.absent.clear()
        await world.advance(1_000)
      }
      for (let i = 0; i < 5; i++) {
        vanish(world, "a")
        await world.advance(1_000)
        world.hear("a")
      }
      assert.equal(call.error(), undefined)
      assert.equal(world.presence.seen(type).servers, 1)
    }))

  test("waits for whoever else serves the call, and for a queue that somebody unknown keeps", () =>
    inWorld(async (world) => {
      for (const one of ["a", "b"]) world.hear(one)
      const call = world.call()
      vanish(world, "a")
      await world.advance(6_000)
      assert.deepEqual([world.presence.directory?.get("a")?.life, call.error()], ["gone", undefined])
      world.queue = true
      vanish(world, "b")
      await world.advance(6_000)
      assert.deepEqual([world.presence.directory?.get("b")?.life, call.error()], ["gone", undefined])
      world.queue = false
      await world.advance(1_000)
      assert.match(call.error()?.detail ?? "", /instance b,/)
    }))

  test("waits for a process that is too busy for heartbeats as long as its queue is there", () =>
    inWorld(async (world) => {
      for (const one of ["a", "busy"]) world.hear(one)
      await world.advance(17_000)
      world.hear("a")
      const call = world.call()
      vanish(world, "a")
      await world.advance(10_000)
      const lives = world.presence.list().map(({ instance, life }) => `${instance} ${life}`)
      assert.deepEqual(lives, ["self running", "a gone", "busy missing"])
      assert.equal(call.error(), undefined)
      vanish(world, "busy")
      await world.advance(3_000)
      assert.match(call.error()?.detail ?? "", /instance busy,/)
    }))

  test("missed heartbeats prove nothing, last words do, and calls made after a death do not follow it", () =>
    inWorld(async (world) => {
      world.hear("a")
      const call = world.call()
      await world.advance(60_500)
      assert.deepEqual([world.presence.directory?.get("a")?.life, call.error()], ["missing", undefined])
      world.hear("a", "gone")
      // its last replies may still be on their way
      await world.advance(600)
      assert.equal(call.error(), undefined)
      const later = world.call()
      await world.advance(3_000)
      assert.match(call.error()?.detail ?? "", /^app "sales" \(instance a, host "h", pid 7\) ended, /)
      await world.advance(3_000)
      assert.equal(later.error(), undefined)
    }))

  test("asks for no proof while its own connection is away, just back, or the process was not heard since", () =>
    inWorld(async (world) => {
      world.hear("a")
      const call = world.call()
      vanish(world, "a")
      await world.become({ _tag: "Disconnected", reason: "cut" })
      await world.advance(10_000)
      assert.equal(world.pings, 0)
      await world.become({ _tag: "Ready", server: "stub" })
      // the broker may be a new one: nobody's queue is there yet
      await world.advance(20_000)
      assert.deepEqual([world.pings, call.error()], [0, undefined])
      await world.become({ _tag: "Disconnected", reason: "cut" })
      await world.become({ _tag: "Ready", server: "stub" })
      world.hear("a")
      await world.advance(2_900)
      assert.deepEqual([world.pings, call.error()], [0, undefined])
      await world.advance(3_000)
      assert.ok(call.error() instanceof HandlerDied)
      // a broker that took nothing for a while lost no queue
      world.absent.clear()
      world.hear("b")
      const [pings] = [world.pings]
      world.call()
      await world.become({ _tag: "Blocked", reason: "memory" })
      await world.become({ _tag: "Ready", server: "stub" })
      await world.advance(2_500)
      assert.ok(world.pings > pings)
    }))
})

describe("seen()", () => {
  test("never calls unknown none: right after connecting, nobody may have answered yet", () =>
    inWorld(async ({ presence, advance, hear, become }) => {
      assert.deepEqual(presence.seen(type), { servers: null, lane: "broker", lastHeartbeat: null })
      await advance(1_000)
      assert.equal(presence.seen(type).servers, 0)
      hear("a")
      assert.deepEqual(presence.seen(type), { servers: 1, lane: "broker", lastHeartbeat: 1_001_000 })
      await become({ _tag: "Disconnected", reason: "cut" })
      await advance(60_000)
      assert.deepEqual(presence.seen(type), { servers: null, lane: "broker", lastHeartbeat: 1_001_000 })
    }))
})
