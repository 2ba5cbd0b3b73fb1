/**
 * What the cases of the runtime suite are written with: processes that can be killed, contracts nobody else has, a bare
 * connection that plays the foreign program, and waits that end with a message.
 *
 * Below the `runtimeSuite*.ts` cases, above the runtime's door and the transport port. A "process" is a bus and a host on a
 * transport of their own, as another program would have. Knows no broker and no test runner.
 */
import assert from "node:assert/strict"
import { Context, Effect, Exit, Layer, Logger, Queue, Schema, Scope } from "effect"
import { api, call, type CallError, event, isCallError } from "../contract/mod.ts"
import type { Namespace, Settings } from "../runtime/mod.ts"
import { CurrentLinks, type Delivery, type Packet, Transport } from "../transport/mod.ts"
import { Header, QueueName } from "../wire/mod.ts"
import { type OpenProcess, openProcess } from "./openProcess.ts"
import type { RuntimeFeatures, RuntimeLanes } from "./runtimeSuite.ts"

/** One test of the runtime. */
export interface RuntimeCase {
  readonly name: string
  /** Features without which it makes no sense. */
  readonly needs?: ReadonlyArray<keyof RuntimeFeatures>
  readonly run: (rig: RuntimeRig) => Effect.Effect<void, unknown, Scope.Scope>
}

/** A declared error of the suite's calls. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}

/** Another one, without any field of its own. */
export class Missing extends Schema.TaggedError<Missing>()("Missing", {}) {}

const number = Schema.Struct({ n: Schema.Int })

/** The api of one test: its name is unique, its members are always these. */
export const makeContracts = (name: string) =>
  api(name, {
    happened: event({ n: Schema.Int, key: Schema.optionalKey(Schema.String) }),
    followed: event({ n: Schema.Int }),
    ask: call({ n: Schema.Int }, { returns: number, fails: [Refused, Missing] }),
    relay: call({ n: Schema.Int }, { returns: number, fails: Refused }),
    far: call({ n: Schema.Int }, { returns: number }),
    again: call({ n: Schema.Int }, { returns: number, idempotent: true }),
    loose: call({ text: Schema.String }, { returns: Schema.Unknown }),
  })

/** The contracts of one test. */
export type Contracts = ReturnType<typeof makeContracts>

/** One process: a bus, and the apps it hosts. */
export interface Process extends OpenProcess {
  readonly transport: Transport["Service"]
  /** Its connection ends with everything in hand, as when the process is killed. */
  readonly kill: Effect.Effect<void>
}

/** What a case works with. */
export interface RuntimeRig {
  readonly features: RuntimeFeatures
  /** What errors say of the lane of a call. */
  readonly lane: RegExp
  readonly contracts: Contracts
  /** A name that no other test uses, and that an app may have. */
  readonly name: (what: string) => string
  /** A bare connection: the foreign program. */
  readonly transport: Transport["Service"]
  /** Starts a process with these apps (by name). */
  readonly start: (
    apps?: Readonly<Record<string, Namespace>>,
    settings?: Partial<Settings>,
  ) => Effect.Effect<Process, unknown, Scope.Scope>
  /** What lands in an app's dead-letter queue; the app must have been started. */
  readonly dead: (app: string) => Effect.Effect<Inbox, unknown, Scope.Scope>
  /** The bare connection awaits replies here. */
  readonly replies: Effect.Effect<{ readonly queue: string; readonly inbox: Inbox }, unknown, Scope.Scope>
}

/** What a bare consumer has been given; everything is acked. */
export interface Inbox {
  /** The next packet; dies with a message when none comes in five seconds. */
  readonly take: Effect.Effect<Packet>
  readonly size: () => number
}

/** Puts the rig of one test together. */
export const makeRig = Effect.fnUntraced(function* (
  layer: () => Layer.Layer<Transport, unknown>,
  features: RuntimeFeatures,
): Effect.fn.Return<RuntimeRig, unknown, Scope.Scope> {
  const own = `s${crypto.randomUUID().slice(0, 8)}`
  const transport = Context.get(yield* Layer.build(Layer.fresh(layer())), Transport)
  const inbox = Effect.fnUntraced(function* (queue: string) {
    const waiting = yield* Queue.unbounded<Packet>()
    let size = 0
    yield* transport.consume(queue, { prefetch: 100 }, (delivery: Delivery) => {
      size++
      Queue.offerUnsafe(waiting, delivery.packet)
      Effect.runFork(Effect.ignore(delivery.settle("ack")))
    })
    const take = Queue.take(waiting).pipe(
      Effect.tap(() => Effect.sync(() => size--)),
      within(`Nothing came to "${queue}"`),
    )
    return { take, size: () => size }
  })
  const name = (what: string) => `${own}-${what}`
  return {
    features,
    lane: features.lanes === undefined ? /^broker$/ : /^(broker|reply|direct)$/,
    contracts: makeContracts(own),
    name,
    transport,
    start: (apps = {}, settings = {}) => start(layer(), apps, settings, features.lanes),
    dead: (app) => inbox(QueueName.dead(app)),
    replies: Effect.gen(function* () {
      const queue = `${own}.replies`
      yield* transport.declare({
        exchanges: [],
        queues: [{ name: queue, type: "classic", expires: 60_000 }],
        bindings: [],
      })
      return { queue, inbox: yield* inbox(queue) }
    }),
  }
})

const start = Effect.fnUntraced(function* (
  layer: Layer.Layer<Transport, unknown>,
  apps: Readonly<Record<string, Namespace>>,
  settings: Partial<Settings>,
  lanes: RuntimeLanes | undefined,
): Effect.fn.Return<Process, unknown, Scope.Scope> {
  // its own scope, which can end before everything that stands on it
  const wire = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const transport = Context.get(yield* Layer.buildWithScope(Layer.fresh(layer), wire), Transport)
  const links = lanes === undefined ? undefined : yield* Scope.provide(lanes.links, wire)
  // a test that leaves handlers at work does not wait for them
  const all = { grace: 0, app: "suite", lane: lanes?.lane ?? "broker", ...settings }
  const process = yield* openProcess(apps, all).pipe(
    Effect.provideService(Transport, transport),
    Effect.provideService(CurrentLinks, links),
    Effect.provide(Logger.layer([])),
  )
  return { ...process, transport, kill: Scope.close(wire, Exit.void) }
})

/** Dies with that message when nothing has come of it in five seconds. */
export const within = (message: string, ms = 5_000) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, {
    duration: ms,
    orElse: () => Effect.die(new assert.AssertionError({ message: `${message} in ${ms} ms` })),
  })

/** Waits until a condition holds; dies after five seconds. */
export const until = (what: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => holds() ? Effect.void : Effect.andThen(Effect.sleep(5), until(what, holds))).pipe(
    within(`It did not happen that ${what}`),
  )

/** The failure that must come; a success or a defect fails the test. */
export const failure = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<E> =>
  Effect.flip(effect).pipe(
    Effect.catch((value) =>
      Effect.die(new assert.AssertionError({ message: `It succeeded with ${JSON.stringify(value)}` }))
    ),
    within("No failure came"),
  )

/** The call error of that tag that must come. */
export const callError = <T extends CallError["_tag"], A, E>(
  tag: T,
  effect: Effect.Effect<A, E>,
): Effect.Effect<Extract<CallError, { _tag: T }>> =>
  Effect.map(failure(effect), (error) => {
    assert.ok(isCallError(error) && error._tag === tag, `It failed with ${String(error)}, not ${tag}`)
    return error as Extract<CallError, { _tag: T }>
  })

/** A packet as a foreign program would write it. */
export const foreign = (body: string | Uint8Array, part: Partial<Packet> = {}): Packet => ({
  id: "",
  type: "",
  app: "",
  timestamp: 0,
  contentType: "",
  persistent: false,
  headers: {},
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  ...part,
})

/** The story that a dead letter tells. */
export const story = ({ headers }: Packet) => ({
  reason: headers[Header.deadReason],
  error: String(headers[Header.deadError]),
  handler: headers[Header.deadHandler],
  attempt: headers[Header.attempt],
})

/** A promise, and who settles it. */
export const gate = <A = void>() => {
  let open!: (value: A) => void
  const promise = new Promise<A>((resolve) => open = resolve)
  return { promise, open }
}
