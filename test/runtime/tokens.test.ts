/**
 * One schedule over several processes, on the fake clock: renewals, crashes between the steps, outages, deploys, and any order
 * of starts and deaths. Each process has a connection of its own to one engine, which calls itself shared as a broker does.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import fc from "fast-check"
import { Clock, Context, Effect, Exit, Layer, Logger, Result, Scope } from "effect"
import { Broker, layer as inProcess } from "../../src/broker/mod.ts"
import {
  Bus,
  busLayer,
  Core,
  CurrentJournal,
  CurrentSettings,
  defaultSettings,
  type Entry,
  every,
  makeHost,
  type Namespace,
  readModule,
} from "../../src/runtime/mod.ts"
import { FakeClock } from "../../src/testing/FakeClock.ts"
import { type Packet, Transport } from "../../src/transport/mod.ts"
import { fromBytes, QueueName } from "../../src/wire/mod.ts"

const minute = 60_000
const hour = 60 * minute
const midnight = Date.UTC(2026, 0, 1)
const token = QueueName.token("shop", "nightly")

/** What a test sees: ticks as handled, ticks as made, tokens as published, log lines. */
class Lab {
  readonly clock: FakeClock
  readonly handled: Array<{ readonly due: number; readonly missed: number; readonly id: string; readonly at: number }> =
    []
  readonly made: Array<{ readonly by: string; readonly id: string; readonly at: number }> = []
  readonly tokens: Array<{ readonly by: string; readonly at: number; readonly body: unknown }> = []
  lines: Array<string> = []
  readonly broker: Broker["Service"]
  /** Whether consumers that are started are never told of their end. */
  silent = false
  /** Whether the broker takes no messages. */
  blocked = false
  /** Before each declaration is answered. */
  stall: Effect.Effect<void> = Effect.void
  /** Called before each publish. */
  intercept: (by: string, packet: Packet) => Effect.Effect<void> = () => Effect.void
  readonly #services: Context.Context<never>

  constructor(broker: Broker["Service"], services: Context.Context<never>, clock: FakeClock) {
    this.broker = broker
    this.clock = clock
    this.#services = services
  }

  /** A schedule that notes its ticks. */
  nightly(timing = "0 3 * * *", options?: Parameters<typeof every>[2]): Namespace {
    const note = (tick: { readonly due: number; readonly missed: number }, id: string) =>
      void this.handled.push({ ...tick, id, at: this.clock.currentTimeMillisUnsafe() - midnight })
    return { nightly: every(timing, (tick, { id }) => note(tick, id), options) }
  }

  /** Starts a process; the result kills it, as when its connection is cut. */
  async start(by: string, app: Namespace, settings: { readonly consumerTimeout?: number } = {}) {
    const wire = Scope.makeUnsafe()
    const scope = Scope.makeUnsafe()
    const program = Effect.gen({ self: this }, function* () {
      const inner = yield* Scope.provide(this.broker.connect, wire)
      const transport: Transport["Service"] = {
        ...inner,
        traits: { ...inner.traits, shared: true },
        declare: (topology) => Effect.andThen(Effect.suspend(() => this.stall), inner.declare(topology)),
        consume: (queue, options, deliver) =>
          inner.consume(queue, this.silent ? { prefetch: options.prefetch } : options, deliver),
        publish: (route, packet) =>
          Effect.suspend(() => {
            if (route.key === token) {
              this.tokens.push({ by, at: this.#at(), body: Result.getOrThrow(fromBytes(packet.body)) })
            }
            return Effect.andThen(this.intercept(by, packet), inner.publish(route, packet))
          }),
      }
      const record = ({ fact, id }: Entry) =>
        fact === "tick" ? void this.made.push({ by, id, at: this.#at() }) : undefined
      const services = yield* Layer.build(Layer.fresh(busLayer)).pipe(
        Effect.provideService(Transport, inner),
        Effect.provideService(CurrentJournal, { record }),
        Effect.provideService(CurrentSettings, { ...defaultSettings, grace: 0, ...settings }),
      )
      const apps = [Result.getOrThrow(readModule(app, { file: "shop.ts", app: "shop" }))]
      // heartbeats are another test's business: only the schedules are told that others can be reached
      const core = Context.get(services, Core)
      const obstacle = () => this.blocked ? "the broker is short of memory" : core.outbox.obstacle()
      const outbox = { ...core.outbox, obstacle }
      return yield* makeHost({ ...core, transport, outbox }, Context.get(services, Bus), apps)
    })
    const host = await Effect.runPromiseWith(this.#services)(Scope.provide(program, scope))
    await this.#quiet()
    return {
      host,
      kill: async () => {
        await Effect.runPromiseWith(this.#services)(Scope.close(wire, Exit.void))
        await this.#quiet()
        await Effect.runPromiseWith(this.#services)(Scope.close(scope, Exit.void))
        await this.#quiet()
      },
    }
  }

  /** From timer to timer. */
  async advance(ms: number): Promise<void> {
    const target = this.clock.currentTimeMillisUnsafe() + ms
    await this.#quiet()
    for (let next = this.clock.next; next !== undefined && next <= target; next = this.clock.next) {
      this.clock.moveTo(next)
      await this.#quiet()
    }
    this.clock.moveTo(target)
    await this.#quiet()
  }

  /** All processes stand still, and the time goes on. */
  async sleep(ms: number): Promise<void> {
    this.clock.moveTo(this.clock.currentTimeMillisUnsafe() + ms)
    await this.#quiet()
  }

  #at(): number {
    return this.clock.currentTimeMillisUnsafe() - midnight
  }

  // everything here hops through a few turns of the event loop
  async #quiet(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => void setImmediate(resolve))
  }
}

const lab = (body: (lab: Lab) => Promise<void>): () => Promise<void> => () => {
  const clock = new FakeClock(midnight)
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  return Effect.gen(function* () {
    const broker = Context.get(yield* Layer.build(Layer.fresh(inProcess)), Broker)
    const bench = new Lab(broker, yield* Effect.context<never>(), clock)
    bench.lines = lines
    yield* Effect.promise(() => body(bench))
  }).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(Clock.Clock, clock),
    Effect.runPromise,
  )
}

/** Days from midnight to 03:00, as ms. */
const nights = (...days: ReadonlyArray<number>): ReadonlyArray<number> =>
  days.map((day) => midnight + (day * 24 + 3) * hour)

describe("a schedule over several processes", () => {
  test(
    "makes one tick a night for 30 days, over three",
    lab(async (lab) => {
      for (const by of ["a", "b", "c"]) await lab.start(by, lab.nightly(), { consumerTimeout: 24 * hour })
      await lab.advance(30 * 24 * hour)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(...Array.from({ length: 30 }, (_, day) => day)))
      assert.equal(lab.made.length, 30)
      assert.ok(lab.handled.every(({ due, missed, at }) => at === due - midnight && missed === 0))
    }),
  )

  test(
    "puts its token back every 10 minutes, sooner where the broker waits less, and offers one as often",
    lab(async (lab) => {
      const a = await lab.start("a", lab.nightly())
      await lab.start("b", lab.nightly())
      const from = lab.tokens.length
      await lab.advance(hour)
      const of = (by: string) => lab.tokens.slice(from).filter((token) => token.by === by)
      const times = [10, 20, 30, 40, 50, 60].map((at) => at * minute)
      assert.deepEqual(of("a").map(({ at }) => at), times)
      assert.deepEqual(of("b").map(({ at }) => at), times)
      // the holder's says from where it counts, the other's since when there was a token for certain
      assert.ok(of("a").every(({ body }) => JSON.stringify(body) === JSON.stringify({ since: midnight })))
      assert.deepEqual(of("b").at(-1)?.body, { since: midnight + 50 * minute })
      assert.deepEqual(lab.broker.engine.queue(token)?.unacked, 1)
      assert.deepEqual(lab.broker.engine.queue(token)?.ready, 0)
      await a.kill()
      const c = lab.tokens.length
      await lab.start("c", lab.nightly(), { consumerTimeout: 2 * minute })
      await lab.advance(3 * minute)
      assert.equal(lab.tokens.slice(c).filter(({ by }) => by === "c").length, 4)
    }),
  )

  test(
    "repeats a tick with its id when its maker dies before the token is out, and loses none",
    lab(async (lab) => {
      const a = await lab.start("a", lab.nightly())
      await lab.start("b", lab.nightly())
      let dying: Promise<void> | undefined
      lab.intercept = (by, { type }) =>
        Effect.suspend(() => {
          if (by !== "a" || !type.startsWith("token.") || lab.made.length === 0) return Effect.void
          dying ??= a.kill()
          return Effect.never
        })
      await lab.advance(48 * hour)
      await dying
      assert.deepEqual(lab.made.map(({ by }) => by), ["a", "b", "b"])
      assert.equal(lab.made[0]!.id, lab.made[1]!.id)
      assert.equal(lab.made[1]!.at, 3 * hour)
      assert.deepEqual(new Set(lab.handled.map(({ due }) => due)), new Set(nights(0, 1)))
    }),
  )

  test(
    "makes a tick that is at most a minute late, skips one that is later, and says so once",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      await lab.advance(2 * hour + 59 * minute)
      const outage = async (ms: number) => {
        await Effect.runPromise(lab.broker.disconnect())
        await lab.advance(ms)
        await Effect.runPromise(lab.broker.reconnect)
        await lab.advance(0)
      }
      await outage(2 * minute)
      assert.deepEqual(lab.handled.map(({ due, at }) => [due, at]), [[nights(0)[0], 3 * hour + minute]])
      await lab.advance(24 * hour - 2 * minute)
      await outage(2 * minute + 1)
      await lab.advance(23 * hour)
      assert.equal(lab.handled.length, 1)
      const skipped = lab.lines.filter((line) => line.includes("missed 1 of its runs"))
      assert.deepEqual(skipped, [
        'Schedule "shop.nightly" missed 1 of its runs, up to 2026-01-02T03:00:00.000Z: nobody ran; next at 2026-01-03T03:00:00.000Z',
      ])
      await lab.advance(hour)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(0, 2))
    }),
  )

  test(
    "sends nothing while the broker takes nothing, then each tick once",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("10 seconds"))
      await lab.advance(5_000)
      lab.blocked = true
      const tokens = lab.tokens.length
      await lab.advance(40_000)
      assert.deepEqual([lab.made.length, lab.tokens.length], [0, tokens])
      lab.blocked = false
      await lab.advance(5_000)
      assert.deepEqual(lab.handled.map(({ due }) => due - midnight), [10_000, 20_000, 30_000, 40_000, 50_000])
      assert.equal(lab.made.length, 5)
    }),
  )

  test(
    'makes one tick for all that were missed with `missed: "once"`',
    lab(async (lab) => {
      const app = lab.nightly("0 3 * * *", { missed: "once" })
      const a = await lab.start("a", app)
      await lab.advance(4 * hour)
      await a.kill()
      await lab.advance(72 * hour)
      await lab.start("b", app)
      assert.deepEqual(lab.handled.map(({ due, missed }) => ({ due, missed })), [
        { due: nights(0)[0], missed: 0 },
        { due: nights(3)[0], missed: 3 },
      ])
      await lab.advance(24 * hour)
      assert.deepEqual(lab.handled.slice(2).map(({ due, missed }) => ({ due, missed })), [{
        due: nights(4)[0],
        missed: 0,
      }])
    }),
  )

  test(
    "makes the tick that it was waiting for, though the machine was asleep",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      await lab.advance(hour)
      await lab.sleep(55 * hour)
      await lab.advance(minute)
      assert.deepEqual(lab.handled.map(({ due }) => due), nights(0))
    }),
  )

  test(
    "ticks once for a due time that two versions have in common, whoever holds the token",
    lab(async (lab) => {
      let old = await lab.start("old", lab.nightly("0 */6 * * *"))
      const recent = await lab.start("new", lab.nightly("0 */4 * * *", { timezone: "Europe/London" }))
      await lab.advance(12 * hour)
      assert.deepEqual(lab.handled.map(({ at }) => at / hour), [6, 12])
      await old.kill()
      await lab.advance(0)
      assert.equal(lab.handled.length, 2)
      old = await lab.start("old", lab.nightly("0 */6 * * *"))
      await lab.advance(12 * hour)
      assert.deepEqual(lab.handled.map(({ at }) => at / hour), [6, 12, 16, 20, 24])
      await recent.kill()
      await lab.advance(6 * hour)
      assert.deepEqual(lab.handled.slice(5).map(({ at }) => at / hour), [30])
      assert.equal(new Set(lab.made.map(({ id }) => id)).size, lab.made.length)
      await old.kill()
    }),
  )

  test(
    "declares its queues again when they were deleted, without a tick less",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("1 minute"))
      await lab.start("b", lab.nightly("1 minute"))
      await lab.advance(90_000)
      lab.broker.engine.deleteQueue(token)
      await lab.advance(2 * minute)
      assert.deepEqual(lab.handled.map(({ at }) => at / minute), [1, 2, 3])
      assert.equal(lab.made.length, 3)
    }),
  )

  test(
    "makes a tick once where the broker sleeps before it confirms it",
    lab(async (lab) => {
      await lab.start("a", lab.nightly("1 hour"))
      lab.intercept = (_, { type }) => type.startsWith("token.") ? Effect.void : Effect.sleep("28 seconds")
      lab.stall = Effect.sleep("23 seconds")
      await lab.advance(hour + minute)
      assert.equal(lab.made.length, 1)
      assert.deepEqual(lab.handled.map(({ due, at }) => [due - midnight, at]), [[hour, hour + 28_000]])
    }),
  )

  test(
    "notices by itself that its queue is gone",
    lab(async (lab) => {
      lab.silent = true
      await lab.start("a", lab.nightly("1 minute"))
      await lab.advance(90_000)
      lab.broker.engine.deleteQueue(token)
      await lab.advance(3 * minute)
      assert.deepEqual(lab.handled.map(({ at }) => at / minute), [1, 2, 3, 4])
    }),
  )

  test(
    "tells of a message that is no token, and goes on",
    lab(async (lab) => {
      await lab.start("a", lab.nightly())
      const packet = { id: "", type: "", app: "", timestamp: 0, contentType: "", persistent: false, headers: {} }
      lab.broker.engine.publish("", token, { ...packet, body: new TextEncoder().encode('{"last":"noon"}') })
      await lab.advance(0)
      assert.deepEqual(lab.lines, [
        'Dropped a message from "warren.token.shop.nightly" that is no token of schedule "shop.nightly": it has neither "last" nor "since" as a time in ms',
      ])
      await lab.advance(4 * hour)
      assert.equal(lab.handled.length, 1)
    }),
  )

  test("has one token and misses no due time, in any order of starts, deaths and drains", async () => {
    const step = fc.record({
      act: fc.constantFrom("start", "start", "kill", "drain", "cancel", "offer"),
      which: fc.nat(10),
      wait: fc.integer({ min: 1, max: 200_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), (steps) =>
        lab(async (lab) => {
          // one runs all the time, or nobody would be late
          await lab.start("first", lab.nightly("1 minute"))
          const others: Array<Awaited<ReturnType<Lab["start"]>>> = []
          for (const [i, { act, which, wait }] of steps.entries()) {
            const one = others[which % Math.max(1, others.length)]
            if (act === "start") others.unshift(await lab.start(`${i}`, lab.nightly("1 minute")))
            else if (act === "cancel") await Effect.runPromise(lab.broker.cancelConsumer(token))
            else if (act === "offer") {
              const body = new TextEncoder().encode(JSON.stringify({ since: midnight + which * minute }))
              const packet = { id: "", type: "", app: "", timestamp: 0, contentType: "", persistent: true, headers: {} }
              lab.broker.engine.publish("", token, { ...packet, body })
            } else if (one !== undefined) {
              others.splice(others.indexOf(one), 1)
              if (act === "drain") await Effect.runPromise(one.host.drain(0))
              await one.kill()
            }
            await lab.advance(wait)
          }
          await lab.advance(10 * minute)
          const last = Math.floor((lab.clock.currentTimeMillisUnsafe() - midnight) / minute)
          const dues = lab.handled.map(({ due }) => (due - midnight) / minute)
          assert.deepEqual([...new Set(dues)].toSorted((a, b) => a - b), Array.from({ length: last }, (_, i) => i + 1))
          assert.equal(lab.made.length, last)
          const { ready, unacked } = lab.broker.engine.queue(token)!
          assert.deepEqual({ ready, unacked }, { ready: 0, unacked: 1 })
        })()),
      { numRuns: 30 },
    )
  })
})
