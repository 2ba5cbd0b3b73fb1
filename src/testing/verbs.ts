/**
 * The verbs of a test over its parts: clock, recorder, faults and bus.
 *
 * Every verb that makes something happen waits until it has happened; only `advance` and `call` move the clock.
 */
import { Effect, Exit, Fiber, Result, Scope } from "effect"
import type { Broker } from "../broker/mod.ts"
import type { CallSpec, EventSpec, Message } from "../contract/mod.ts"
import {
  type AppModule,
  type BusShape,
  type CallOptions,
  type CoreShape,
  type EmitOptions,
  handle,
  InvalidModule,
  makeHost,
  millis,
  readModule,
} from "../runtime/mod.ts"
import { QueueName } from "../wire/mod.ts"
import { contractOf, fitting, isFitting, notMet, type Wanted } from "./expectation.ts"
import type { FakeClock } from "./FakeClock.ts"
import type { Fault, Faulty } from "./Faults.ts"
import type { Recorder } from "./Recorder.ts"
import { type RunStep, Step } from "./Step.ts"
import type { TestBus } from "./TestBusShape.ts"

/** What the verbs work with. */
export interface Tools {
  readonly core: CoreShape
  readonly bus: BusShape
  readonly clock: FakeClock
  readonly recorder: Recorder
  /** Waits until nothing more happens by itself. */
  readonly quiet: Effect.Effect<unknown>
  readonly arm: Faulty["arm"]
  readonly broker: Broker["Service"]
  readonly scope: Scope.Scope
  readonly run: RunStep
}

/** Makes the verbs. */
export const makeVerbs = (tools: Tools): TestBus => {
  const { bus, broker, clock, core, quiet, recorder, run, scope } = tools
  const step = <A, E>(effect: Effect.Effect<A, E>) => new Step(effect, run)
  const stands = new Map<string, Scope.Closeable>()

  const emit = (message: Message<EventSpec>, options?: EmitOptions) => step(quietly(tools, bus.emit(message, options)))

  const strike = (fault: Fault, wanted: Wanted | undefined): Step<void> =>
    step(
      Effect.sync(() => tools.arm(fault, (packet) => wanted === undefined || isFitting(wanted, packet))),
    )

  const verbs = {
    simulate: emit,
    emit,
    call: (message: Message<CallSpec>, options?: CallOptions) => step(quietly(tools, bus.call(message, options))),
    expect: (wanted: Wanted, { times }: { readonly times?: number } = {}) =>
      step(Effect.flatMap(quiet, () => {
        const found = fitting(wanted, recorder.messages)
        return found.length === times || (times === undefined && found.length > 0)
          ? Effect.succeed(found.map(({ body }) => payloadOf(wanted, body)))
          : Effect.fail(notMet(wanted, times, recorder.messages, recorder.since()))
      })),
    expectNone: (wanted: Wanted) =>
      step(
        Effect.flatMap(quiet, () =>
          fitting(wanted, recorder.messages).length === 0
            ? Effect.void
            : Effect.fail(notMet(wanted, 0, recorder.messages, recorder.since()))),
      ),
    reply: (contract: CallSpec, answer: Parameters<TestBus["reply"]>[1]) =>
      step(Effect.gen(function* () {
        const before = stands.get(contract.type)
        if (before === undefined && core.served.has(contract.type)) {
          const reason = `a module of this test handles "${contract.type}"; leave the module out, or call it as it is`
          return yield* Effect.die(new InvalidModule({ file: "bus.reply", export: contract.member, reason }))
        }
        if (before !== undefined) yield* Scope.close(before, Exit.void)
        const own = yield* Scope.fork(scope)
        stands.set(contract.type, own)
        yield* makeHost(core, bus, [standIn(contract, answer)]).pipe(Scope.provide(own), Effect.orDie)
        yield* quiet
      })),
    advance: (duration: Parameters<TestBus["advance"]>[0]) =>
      step(Effect.suspend(() => {
        const mark = recorder.mark()
        return Effect.map(moveTo(tools, clock.currentTimeMillisUnsafe() + millis("advance", duration)), () =>
          recorder.since(mark))
      })),
    settle: () => step(Effect.asVoid(quiet)),
    faults: {
      dropConfirm: (wanted?: Wanted) => strike({ _tag: "DropConfirm" }, wanted),
      duplicate: (wanted?: Wanted) => strike({ _tag: "Duplicate" }, wanted),
      delay: (duration: Parameters<TestBus["advance"]>[0], wanted?: Wanted) =>
        strike({ _tag: "Delay", ms: millis("delay", duration) }, wanted),
      loseConnection: (pause: Parameters<TestBus["advance"]>[0] = 0) =>
        step(Effect.gen(function* () {
          yield* broker.disconnect("the test cut the connection")
          yield* moveTo(tools, clock.currentTimeMillisUnsafe() + millis("loseConnection", pause))
          yield* broker.reconnect
          yield* quiet
        })),
      cancelConsumer: (handler: string) =>
        step(Effect.tap(
          Effect.map(
            Effect.forEach(queuesOf(handler), (queue) => broker.cancelConsumer(queue)),
            (counts) => counts.reduce((sum, count) => sum + count, 0),
          ),
          () => quiet,
        )),
    },
    timeline: () => recorder.since(),
    now: clock.currentTimeMillisUnsafe,
  }
  // the exact signatures are in TestBus.ts; inside, contracts are erased
  return verbs as TestBus
}

/** Runs an effect in the background and moves the clock until it is through; then waits for quiet. */
const quietly = <A, E>(tools: Tools, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* tools.quiet
    while (fiber.pollUnsafe() === undefined) {
      const next = tools.clock.next
      // its own deadline is a timer, so there is always a next one
      if (next === undefined) break
      tools.clock.moveTo(next)
      yield* tools.quiet
    }
    return yield* Fiber.join(fiber)
  })

/** From timer to timer; what a timer wakes comes to rest before the next one. */
const moveTo = (tools: Tools, target: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* tools.quiet
    for (let next = tools.clock.next; next !== undefined && next <= target; next = tools.clock.next) {
      tools.clock.moveTo(next)
      yield* tools.quiet
    }
    tools.clock.moveTo(target)
    yield* tools.quiet
  })

/** An app of its own for one call. */
const standIn = (contract: CallSpec, answer: Parameters<TestBus["reply"]>[1]): AppModule => {
  const handler = handle(contract, answer as Parameters<typeof handle>[1])
  const app = `stand-in-${contract.api}`
  return Result.getOrThrow(readModule({ [contract.member]: handler }, { file: "bus.reply", app }))
}

const payloadOf = (wanted: Wanted, body: unknown): unknown =>
  Result.getOrElse(contractOf(wanted).codec.decode(body), () => body)

/** A handler's queue, whichever kind it is; a label names at most one that exists. */
const queuesOf = (label: string): ReadonlyArray<string> => {
  const [app = "", name = ""] = label.split(".")
  return [QueueName.listener(app, name), QueueName.schedule(app, name), QueueName.call(label)]
}
