/**
 * Several processes with one schedule, on a clock moved by hand: each has a connection of its own to one engine, which calls
 * itself shared as a broker does, and whose publishes, declarations and consumers can be tampered with.
 */
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

/** When each lab begins, ms since the epoch. */
export const midnight = Date.UTC(2026, 0, 1)
/** The queue of the token of the one schedule there is. */
export const token = QueueName.token("shop", "nightly")

/** What a test sees: ticks as handled, ticks as made, tokens as published, log lines. */
export class Lab {
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

/** Runs a test in a lab of its own. */
export const lab = (body: (lab: Lab) => Promise<void>): () => Promise<void> => () => {
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
