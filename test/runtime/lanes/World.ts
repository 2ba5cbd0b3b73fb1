/**
 * Several processes in one, with lanes: a bus and hosts each, over one broker in memory and a {@link Network}, on a clock moved by
 * hand.
 *
 * Everything but the wires is real: core, presence, vigil, caller, dispatchers and lanes. Processes have clocks of their own that
 * may disagree. What happens in a second of theirs takes some ms here, and is the same on each run.
 */
import assert from "node:assert/strict"
import { setImmediate as turn } from "node:timers/promises"
import { Cause, Clock, Context, Effect, Exit, Layer, Logger, Random, Scope } from "effect"
import { Broker, layer as inProcess } from "../../../src/broker/mod.ts"
import type { CallError, CallSpec, Message } from "../../../src/contract/mod.ts"
import { makeDeadlines } from "../../../src/runtime/Deadlines.ts"
import type { CallOptions, Namespace, Settings } from "../../../src/runtime/mod.ts"
import { FakeClock } from "../../../src/testing/FakeClock.ts"
import { type OpenProcess, openProcess } from "../../../src/testing/openProcess.ts"
import { CurrentLinks, type Packet, type Route, Transport } from "../../../src/transport/mod.ts"
import { Network } from "./Network.ts"

/** How to start a process. */
export interface StartOptions {
  /** @default none: it only calls */
  readonly apps?: Readonly<Record<string, Namespace>>
  /** @default "auto" */
  readonly lane?: Settings["lane"]
  /** Where others reach it. @default one that nobody had before */
  readonly endpoint?: string
  /** What its clock of the day is off by, ms. @default 0 */
  readonly off?: number
  readonly settings?: Partial<Settings>
}

/** A call under way or through. */
export interface Asked {
  /** Its outcome; `undefined`: it is under way. */
  readonly exit: () => Exit.Exit<unknown, unknown> | undefined
  /** Its value; fails the test where there is none. */
  readonly value: () => unknown
  /** Its error; fails the test where there is none. */
  readonly error: () => CallError
  /** ms that it took. */
  readonly took: () => number
  readonly interrupt: () => void
}

const ofItself: ReadonlySet<string> = new Set(["warren.presence", "warren.tap.hello", "warren.ledger"])

/** One process. */
export interface Process extends OpenProcess {
  readonly endpoint: string
  readonly instance: string
  /** What it published, without what every process tells of itself. */
  readonly published: Array<{ readonly route: Route; readonly packet: Packet }>
  readonly call: (message: Message<CallSpec>, options?: CallOptions) => Asked
  /** Waits on the clock, ms. */
  readonly sleep: (ms: number) => Promise<void>
  /** Ends it in order; resolves when that is over, for which time must pass. */
  readonly stop: () => Promise<void>
  /** Its machine has slept: the clock that nobody sets stood still for so long, ms. */
  readonly hasSlept: (ms: number) => void
  /** Hears nothing of what others announce from now on. */
  readonly ignorePresence: () => void
  /** Its connection to the broker is gone for good. */
  readonly cutBroker: () => Promise<void>
  /** Ends it as SIGKILL does: connection and links are gone, and nothing is said. */
  readonly kill: () => Promise<void>
}

/** See the top of the file. */
export interface World {
  readonly broker: Broker["Service"]
  readonly network: Network
  /** ms since the world began. */
  readonly now: () => number
  readonly start: (options?: StartOptions) => Promise<Process>
  /** Publishes as a foreign program does. */
  readonly publish: (route: Route, packet: Packet) => Promise<unknown>
  /** Lets what happens now happen. */
  readonly settle: () => Promise<void>
  /** Lets so much time pass, ms. */
  readonly advance: (ms: number) => Promise<void>
  /** Lets time pass until something holds; fails the test after `most` ms. */
  readonly until: (what: string, holds: () => boolean, most?: number) => Promise<void>
  /** Lets time pass until these calls are through. */
  readonly answered: (...calls: ReadonlyArray<Asked>) => Promise<void>
}

/** Turns of the event loop after which nothing happens by itself any more; a fiber hops at most this far. */
const turns = 4

/** A clock of a process, over that of the world. */
const clockOf = (clock: FakeClock, off: number, origin: () => number): Clock.Clock => {
  const millis = () => clock.currentTimeMillisUnsafe() + off
  const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(off) * 1_000_000n
  // each process counts from a beginning of its own
  const monotonic = () => clock.monotonicTimeNanosUnsafe() + BigInt(origin()) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: clock.sleep,
  }
}

const begin = 1_800_000_000_000

/** Runs a test in a world of its own. */
export const inWorld = (body: (world: World) => Promise<void>) => (): Promise<void> => {
  const clock = new FakeClock(begin)
  const program = Effect.gen(function* () {
    const broker = Context.get(yield* Layer.build(inProcess), Broker)
    const foreign = yield* broker.connect
    const deadlines = yield* makeDeadlines
    const context = yield* Effect.context<never>()
    const now = clock.currentTimeMillisUnsafe
    const network = new Network({ now, after: (ms, then) => void deadlines.add(now() + ms, then) })
    const scope = yield* Effect.acquireRelease(Scope.make(), (one) => Scope.close(one, Exit.void))
    const run = Effect.runPromiseWith(context)
    const fork = Effect.runForkWith(context)
    let count = 0

    const settle = async () => {
      for (let i = 0; i < turns; i++) await turn()
    }
    const advance = async (ms: number) => {
      const until = now() + ms
      await settle()
      for (let next = clock.next; next !== undefined && next <= until; next = clock.next) {
        clock.moveTo(next)
        await settle()
      }
      clock.moveTo(until)
    }
    const world: World = {
      broker,
      network,
      now: () => now() - begin,
      settle,
      advance,
      start: (options = {}) => run(open(options)),
      publish: (route, packet) => run(foreign.publish(route, packet)),
      until: async (what, holds, most = 30_000) => {
        const late = now() + most
        await settle()
        while (!holds()) {
          const { next } = clock
          if (next === undefined || next > late) assert.fail(`It did not happen within ${most} ms that ${what}`)
          clock.moveTo(next)
          await settle()
        }
      },
      answered: (...calls) =>
        world.until("all calls are through", () => calls.every(({ exit }) => exit() !== undefined), 120_000),
    }

    const open = Effect.fnUntraced(function* (options: StartOptions) {
      const number = ++count
      const own = yield* Scope.fork(scope)
      const wire = yield* Scope.fork(own)
      const line = yield* Scope.fork(wire)
      const published: Array<Process["published"][number]> = []
      let isIgnorant = false
      let origin = number * 86_400_000
      const bare = yield* Scope.provide(broker.connect, line)
      const transport: Transport["Service"] = {
        ...bare,
        traits: { ...bare.traits, shared: true },
        publish: (route, packet) => {
          if (!ofItself.has(packet.type)) published.push({ route, packet })
          return bare.publish(route, packet)
        },
        consume: (queue, options, deliver) =>
          bare.consume(queue, options, (delivery) => {
            if (isIgnorant && delivery.packet.type === "warren.presence") fork(Effect.ignore(delivery.settle("ack")))
            else deliver(delivery)
          }),
      }
      const endpoint = options.endpoint ?? `zmq+tcp://10.0.0.${number}:4000`
      const links = network.join(endpoint, `peer-${number}`)
      let isKilled = false
      // sockets linger: what was sent last still leaves
      const farewell = Effect.promise(async () => isKilled ? undefined : await turn())
      yield* Scope.addFinalizer(wire, Effect.andThen(farewell, Effect.sync(links.vanish)))
      const process = yield* openProcess(options.apps ?? {}, {
        app: "world",
        lane: options.lane ?? "auto",
        ...options.settings,
      }).pipe(
        Effect.provideService(Transport, transport),
        Effect.provideService(CurrentLinks, links),
        Effect.provideService(Clock.Clock, clockOf(clock, options.off ?? 0, () => origin)),
        Scope.provide(own),
      )
      const { bus, core } = process
      return {
        ...process,
        endpoint,
        instance: core.instance,
        published,
        call: (message: Message<CallSpec>, callOptions?: CallOptions): Asked => {
          const began = now()
          let ended = 0
          let exit: Exit.Exit<unknown, unknown> | undefined
          // on the clock of the process, as its own code would
          const fiber = core.runFork(bus.call(message, callOptions) as Effect.Effect<unknown, unknown>)
          fiber.addObserver((found) => {
            exit = found
            ended = now()
          })
          return {
            exit: () => exit,
            value: () => {
              if (exit === undefined) assert.fail("The call is under way")
              if (Exit.isFailure(exit)) assert.fail(`The call failed: ${Cause.pretty(exit.cause)}`)
              return exit.value
            },
            error: () => {
              if (exit === undefined) assert.fail("The call is under way")
              if (Exit.isSuccess(exit)) assert.fail(`The call succeeded with ${JSON.stringify(exit.value)}`)
              return Cause.squash(exit.cause) as CallError
            },
            took: () => ended - began,
            interrupt: () => fiber.interruptUnsafe(),
          }
        },
        sleep: (ms) => run(Effect.sleep(ms)),
        hasSlept: (ms) => void (origin -= ms),
        ignorePresence: () => void (isIgnorant = true),
        stop: () => run(Scope.close(own, Exit.void)),
        cutBroker: () => run(Scope.close(line, Exit.void)),
        kill: async () => {
          isKilled = true
          await run(Scope.close(line, Exit.void))
          await run(Effect.andThen(Scope.close(wire, Exit.void), process.host.drain(0)))
          fork(Scope.close(own, Exit.void))
        },
      } satisfies Process
    })

    const exit = yield* Effect.exit(Effect.promise(() => body(world)))
    // whoever is left ends: drains sleep on the clock
    const closing = fork(Scope.close(scope, Exit.void))
    for (let i = 0; i < 10_000 && closing.pollUnsafe() === undefined; i++) yield* Effect.promise(() => advance(100))
    yield* exit
  })
  return Effect.runPromise(
    program.pipe(
      Effect.scoped,
      Effect.provideService(Clock.Clock, clock),
      Effect.provide(Logger.layer([])),
      Random.withSeed("lanes"),
    ),
  )
}

/** What a message of a link is, by its first byte. */
export const kindOf = ({ parts }: { readonly parts: ReadonlyArray<Uint8Array> }): string =>
  ["?", "call", "reply", "receipt", "cancel", "refusal", "hello", "welcome", "reply"][parts[0]?.[0] ?? 0] ?? "?"
