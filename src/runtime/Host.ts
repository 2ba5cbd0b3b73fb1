/**
 * Runs apps: declares what they need, starts a consumer for each handler, makes ticks, and drains.
 *
 * One host a process (or a test), over one core. A layer that cannot be built, and a handler that may take longer than the
 * broker waits, stop the start with a clear error. What becomes of a delivery is decided in `Serve` and `Listen`.
 */
import { Cause, Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import { merge, type Topology, type TransportError } from "../transport/mod.ts"
import { deadTopology, retryTopology } from "../wire/mod.ts"
import { Bus, type BusShape } from "./Bus.ts"
import type { CoreShape } from "./Core.ts"
import type { ScheduledHandler, WorkerSpec } from "./Handler.ts"
import { Inbox, type InboxShape } from "./Inbox.ts"
import { keepConsuming } from "./consume.ts"
import { type Bound, describeError } from "./invoke.ts"
import { type AppModule, checkPatience, checkTogether, type InvalidModule } from "./Module.ts"
import { makePost, type Post, type Station } from "./Post.ts"
import { startSchedule } from "./Schedules.ts"
import { comparing, workOf } from "./work.ts"

/** A worker's layer that could not be built. */
export class WorkerFailed extends Schema.TaggedError<WorkerFailed>()("WorkerFailed", {
  app: Schema.String,
  file: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot start app "${this.app}" ("${this.file}"): its layer failed, ${this.detail}`
  }
}

/** What keeps a host from starting. */
export type HostError = InvalidModule | WorkerFailed | TransportError

/** A running host. */
export interface Host {
  readonly apps: ReadonlyArray<AppModule>
  readonly stations: ReadonlyArray<Station>
  readonly topology: Topology
  /** Whether the broker is connected, every consumer is held and neither pause nor drain has begun. */
  readonly isReady: () => boolean
  /** Takes no more events and ticks, for good; calls are still answered, and what is in hand goes on. */
  readonly pause: Effect.Effect<void>
  /**
   * Takes nothing new, first of events and then of calls (those in hand may call each other), lets the handlers in hand finish for at most `grace` ms, then interrupts and gives back the rest.
   * Succeeds with how many were given back. A second time it waits for the first.
   */
  readonly drain: (grace: number) => Effect.Effect<number>
}

/** Consumers that are started at a time. */
const startedAtATime = 32

/** Starts the apps; the scope's end drains them with the settings' grace. */
export const makeHost = Effect.fnUntraced(function* (
  core: CoreShape,
  bus: BusShape,
  apps: ReadonlyArray<AppModule>,
): Effect.fn.Return<Host, HostError, Scope.Scope> {
  yield* Effect.fromResult(checkTogether(apps))
  // a broker in this process waits as long as it takes
  if (core.transport.traits.shared) yield* Effect.fromResult(checkPatience(apps, core.settings.consumerTimeout))
  const base = Context.add(yield* Effect.context<never>(), Bus, bus)
  const memo = yield* Layer.makeMemoMap
  const bounds = yield* Effect.forEach(apps, (app) => bind(core, bus, base, memo, app))
  const posts = bounds.flatMap((ofApp, i) => ofApp.map((bound) => makePost(bound, apps[i]!.file, inboxOf(bound))))
  const topology = merge(retryTopology, ...apps.map(({ app }) => deadTopology(app)), ...posts.map((p) => p.topology))
  yield* core.transport.declare(topology)

  /** Why handlers do not consume; it is empty when all do. */
  const troubles = new Map(posts.map((post) => [post, "it has not begun to consume"]))
  let draining: Effect.Effect<number> | undefined
  let paused = false
  const newScope = Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const calling = yield* newScope
  const listening = yield* newScope
  const callPosts = posts.filter(({ bound }) => bound.handler.kind === "call")
  const otherPosts = posts.filter(({ bound }) => bound.handler.kind !== "call")
  const consume = (post: Post): Effect.Effect<void, TransportError> =>
    keepConsuming(core, {
      queue: post.station.queue,
      topology: merge(post.topology, deadTopology(post.station.app)),
      prefetch: post.prefetch,
      deliver: comparing(core, post),
      onChange: (isHeld, why = "") => void (isHeld ? troubles.delete(post) : troubles.set(post, why)),
    }).pipe(Scope.provide(post.bound.handler.kind === "call" ? calling : listening))

  const calls = callPosts.map(({ station }) => station.subject)
  if (posts.length > 0) yield* core.presence.prepare(calls)
  // each takes a few round trips to the broker
  yield* Effect.forEach(posts, consume, { concurrency: startedAtATime, discard: true })
  for (const { bound: { handler } } of posts) {
    if (handler.kind === "call") countServed(core, handler.contract.type, 1)
  }
  const straight = callPosts.flatMap((post) => takeStraight(core, post))
  for (const { bound: { handler } } of posts) {
    if (handler.kind !== "schedule") core.spoken.set(handler.contract.type, handler.contract)
  }
  if (posts.length > 0) core.presence.host(workOf(posts, troubles, () => paused || draining !== undefined))
  for (const bound of bounds.flat()) {
    if (isScheduled(bound)) yield* Scope.provide(startSchedule(bound), listening)
  }

  const pause = Effect.suspend(() => {
    paused = true
    return Effect.andThen(
      Scope.close(listening, Exit.void),
      Effect.sync(() => {
        for (const { dispatcher } of otherPosts) dispatcher.drain()
      }),
    )
  })

  const inHand = (some: ReadonlyArray<Post>) => some.reduce((sum, { dispatcher }) => sum + dispatcher.size(), 0)

  const settled = Effect.fnUntraced(function* (isInHand: () => boolean, until: number) {
    while (isInHand() && core.now() < until) yield* Effect.sleep(Math.min(10, Math.max(1, until - core.now())))
  })

  const drainOnce = Effect.fnUntraced(function* (grace: number) {
    const until = core.now() + grace
    core.presence.drain()
    yield* pause
    // what is in hand may call handlers of this process; a slow one must not take all the time of the others. Calls that
    // come from now on are answered, but not waited for: under load there would be no end
    const marked = callPosts.map(({ dispatcher }) => dispatcher.mark())
    const mayCall = () => inHand(otherPosts) > 0 || marked.some((isInHand) => isInHand())
    yield* settled(mayCall, until - Math.min(1_000, grace / 4))
    for (const end of straight) end()
    yield* Scope.close(calling, Exit.void)
    for (const { bound: { handler } } of callPosts) {
      if (handler.kind === "call") countServed(core, handler.contract.type, -1)
    }
    for (const { dispatcher } of callPosts) dispatcher.drain()
    yield* settled(() => inHand(posts) > 0, until)
    const left = inHand(posts)
    if (left > 0) {
      for (const { dispatcher } of posts) dispatcher.force()
      for (let i = 0; i < 100 && inHand(posts) > 0; i++) yield* Effect.yieldNow
    }
    return left
  })

  const drain = (grace: number): Effect.Effect<number> =>
    Effect.suspend(() => draining ??= Effect.runSync(Effect.cached(drainOnce(grace))))

  yield* Effect.addFinalizer(() => drain(core.settings.grace))

  return {
    apps,
    stations: posts.map(({ station }) => station),
    topology,
    isReady: () => core.isConnected() && troubles.size === 0 && !paused && draining === undefined,
    pause,
    drain,
  }
})

/** Lets calls come straight to a post, past the broker, as long as it has not too much in hand. */
const takeStraight = (core: CoreShape, post: Post): ReadonlyArray<() => void> => {
  const { bound: { handler }, dispatcher, station: { concurrency } } = post
  if (core.lanes === undefined || handler.kind !== "call") return []
  const deliver = comparing(core, post)
  // those at work, and as many that wait for them: beyond that others answer sooner
  return [core.lanes.server.serve(handler.contract.type, (delivery) => {
    if (dispatcher.size() >= concurrency * 2) return false
    deliver(delivery)
    return true
  })]
}

const countServed = ({ served }: CoreShape, type: string, change: 1 | -1): void => {
  const count = (served.get(type) ?? 0) + change
  if (count > 0) served.set(type, count)
  else served.delete(type)
}

/** An app's own inbox comes from its worker's layer; else there is the process's. */
const inboxOf = (bound: Bound): InboxShape => Context.get(bound.services, Inbox)

const isScheduled = (bound: Bound): bound is Bound<ScheduledHandler> => bound.handler.kind === "schedule"

/** Builds an app's layers and gives each handler its name and services. */
const bind = Effect.fnUntraced(function* (
  core: CoreShape,
  bus: BusShape,
  base: Context.Context<Bus>,
  memo: Layer.MemoMap,
  app: AppModule,
): Effect.fn.Return<ReadonlyArray<Bound>, WorkerFailed, Scope.Scope> {
  const scope = yield* Effect.scope
  const services = new Map<WorkerSpec | undefined, Context.Context<never>>([[undefined, base]])
  for (const worker of app.workers) {
    const built = yield* Layer.buildWithMemoMap(worker.layer, memo, scope).pipe(
      Effect.provideContext(base),
      Effect.catchCause((cause) =>
        Effect.fail(new WorkerFailed({ app: app.app, file: app.file, detail: describeError(Cause.squash(cause)) }))
      ),
    )
    services.set(worker, Context.merge(base, built))
  }
  return app.handlers.map(({ name, handler }) => ({
    app: app.app,
    name,
    label: `${app.app}.${name}`,
    handler,
    core,
    bus,
    services: services.get(handler.worker)!,
  }))
})
