/**
 * One connection to an engine in the same process: the transport port, spoken to the engine.
 *
 * Above `Engine`; below whoever needs a Transport. Translates the engine's plain refusals into the port's errors,
 * owns its consumers and exclusive queues, and can be cut and mended on demand, as a network would do: a mended
 * connection declares again what was declared through it and brings its consumers back. No fibers, no timers: every
 * member is one synchronous step.
 */
import { Clock, Effect, type Scope, SubscriptionRef } from "effect"
import {
  Clash,
  type Confirm,
  type ConsumeOptions,
  CurrentIdentity,
  type Delivery,
  Disconnected,
  Forbidden,
  type Identity,
  merge,
  NotFound,
  type Reason,
  Rejected,
  type Status,
  TooLarge,
  type Topology,
  type Traits,
  type Transport,
  TransportError,
} from "../transport/mod.ts"
import type { Consumer, Hand } from "./Consumer.ts"
import type { Refusal } from "./declare.ts"
import type { Engine } from "./Engine.ts"

/** What the in-process transport promises. */
export const traits: Traits = { name: "in-process", durable: false, shared: false, maxBytes: 16 * 1024 * 1024 }

/** Who is connected: the owner of what is consumed and declared over one connection. */
export class Client {
  readonly identity: Identity
  /** ms since the epoch. */
  readonly since: number

  constructor(identity: Identity, since: number) {
    this.identity = identity
    this.since = since
  }
}

/** A transport that can be cut. */
export interface Connection {
  readonly transport: Transport["Service"]
  /** Who is connected; `undefined`: it is cut. */
  readonly client: () => Client | undefined
  /** Cuts it: what is in hand goes back to its queues, exclusive queues are deleted, every member fails `Disconnected`. */
  readonly cut: (reason: string) => Effect.Effect<void>
  /** Mends it: declares again what was declared, then consumes again what was consumed. Nothing to do if not cut. */
  readonly mend: Effect.Effect<void>
  /** The broker ends its consumers of a queue, and tells them; says how many. */
  readonly cancelConsumer: (queue: string) => Effect.Effect<number>
}

/** A consumer as its user sees it, over all engine consumers that stand for it in turn. */
interface Subscription {
  readonly queue: string
  readonly options: ConsumeOptions
  readonly deliver: (delivery: Delivery) => void
  consumer: Consumer | undefined
}

const routed = Effect.succeed<Confirm>("routed")
const unroutable = Effect.succeed<Confirm>("unroutable")
const ready: Status = { _tag: "Ready", server: "in-process" }
const nothing: Topology = { exchanges: [], queues: [], bindings: [] }

/** Connects to an engine until the scope closes. */
export const connect = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Connection, never, Scope.Scope> {
  const identity = yield* CurrentIdentity
  const clock = yield* Clock.Clock
  const arrive = () => new Client(identity, clock.currentTimeMillisUnsafe())
  const status = yield* SubscriptionRef.make<Status>(ready)
  const subscriptions = new Set<Subscription>()
  let owner = arrive()
  let declared = nothing
  /** Why nothing works; `undefined`: it does. */
  let broken: string | undefined

  const apply = (topology: Topology): Failure | undefined => {
    for (const exchange of topology.exchanges) {
      const refusal = engine.declareExchange(exchange)
      if (refusal !== undefined) return [exchange.name, reasonOf(refusal)]
    }
    for (const queue of topology.queues) {
      if (queue.durable === false && queue.exclusive !== true) return [queue.name, transient(queue.name)]
      const refusal = engine.declareQueue(queue, owner)
      if (refusal !== undefined) return [queue.name, reasonOf(refusal)]
    }
    for (const binding of topology.bindings) {
      const refusal = engine.bind(binding, owner)
      if (refusal !== undefined) return [binding.queue, reasonOf(refusal)]
    }
    return undefined
  }

  const start = (subscription: Subscription): Refusal | undefined => {
    const { queue, options, deliver } = subscription
    const started = engine.consume(queue, {
      owner,
      prefetch: options.prefetch,
      deliver: (hand) => deliver(delivery(engine, hand)),
      cancelled: () => {
        subscriptions.delete(subscription)
        options.onCancelled?.()
      },
    })
    if (started._tag !== "Consumer") return started
    subscription.consumer = started
    return undefined
  }

  const stop = (subscription: Subscription): void => {
    subscriptions.delete(subscription)
    if (subscription.consumer !== undefined) engine.cancel(subscription.consumer)
  }

  const cut = (reason: string, next: Status) =>
    Effect.suspend(() => {
      broken = reason
      engine.loseOwner(owner)
      return SubscriptionRef.set(status, next)
    })

  const mend = Effect.suspend(() => {
    if (broken === undefined || broken === closed) return Effect.void
    broken = undefined
    owner = arrive()
    apply(declared)
    for (const subscription of [...subscriptions]) {
      if (start(subscription) === undefined) continue
      subscriptions.delete(subscription)
      subscription.options.onCancelled?.()
    }
    return SubscriptionRef.set(status, ready)
  })

  yield* Effect.addFinalizer(() => {
    subscriptions.clear()
    return cut(closed, { _tag: "Closed" })
  })

  const transport: Transport["Service"] = {
    traits,
    status: SubscriptionRef.changes(status),

    declare: (topology) =>
      Effect.suspend(() => {
        if (broken !== undefined) return fail("declare", firstName(topology), disconnected(broken))
        const failure = apply(topology)
        if (failure !== undefined) return fail("declare", ...failure)
        declared = merge(declared, topology)
        return Effect.void
      }),

    publish: (route, packet) =>
      Effect.suspend(() => {
        const target = route.exchange === "" ? route.key : route.exchange
        if (broken !== undefined) return fail("publish", target, disconnected(broken))
        const size = packet.body.length
        if (size > traits.maxBytes) {
          return fail("publish", target, new TooLarge({ size, limit: traits.maxBytes }))
        }
        const published = engine.publish(route.exchange, route.key, packet, owner)
        switch (published._tag) {
          case "Routed":
            return routed
          case "Unroutable":
            return unroutable
          case "NotFound":
          case "Forbidden":
            return fail("publish", target, reasonOf(published))
          case "Rejected":
            return fail("publish", target, new Rejected({ detail: `full: ${published.queues.join(", ")}` }))
        }
      }),

    consume: (queue, options, deliver) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          if (broken !== undefined) return fail("consume", queue, disconnected(broken))
          const subscription: Subscription = { queue, options, deliver, consumer: undefined }
          subscriptions.add(subscription)
          const refusal = start(subscription)
          if (refusal === undefined) return Effect.succeed(subscription)
          subscriptions.delete(subscription)
          return fail("consume", queue, reasonOf(refusal))
        }),
        (subscription) => Effect.sync(() => stop(subscription)),
      ).pipe(Effect.asVoid),
  }

  return {
    transport,
    client: () => broken === undefined ? owner : undefined,
    cut: (reason) =>
      Effect.suspend(() => broken === undefined ? cut(reason, { _tag: "Disconnected", reason }) : Effect.void),
    mend,
    cancelConsumer: (queue) =>
      Effect.sync(() => {
        const theirs = [...subscriptions].filter((subscription) => subscription.queue === queue)
        for (const { consumer } of theirs) if (consumer !== undefined) engine.expel(consumer)
        return theirs.length
      }),
  }
})

type Failure = readonly [target: string, reason: Reason]

const closed = "the transport is closed"

const fail = (operation: TransportError["operation"], target: string, reason: Reason) =>
  Effect.fail(new TransportError({ operation, target, reason }))

const disconnected = (detail: string): Reason => new Disconnected({ detail })

const transient = (name: string): Reason => new Clash({ name, detail: "only an exclusive queue may be non-durable" })

/** A refusal in the words of the port. */
export const reasonOf = (refusal: Refusal): Reason => {
  switch (refusal._tag) {
    case "NotFound":
      return new NotFound({ name: refusal.name })
    case "Clash":
      return new Clash({ name: refusal.name, detail: refusal.detail })
    case "Forbidden":
    case "Locked":
    case "InUse":
    case "NotEmpty":
    case "Unsupported":
      return new Forbidden({ detail: refusal.detail })
  }
}

const firstName = (topology: Topology): string =>
  topology.queues[0]?.name ?? topology.exchanges[0]?.name ?? topology.bindings[0]?.queue ?? ""

const delivery = (engine: Engine, hand: Hand): Delivery => ({
  packet: hand.packet,
  queue: hand.queue,
  redelivered: hand.redelivered,
  deliveryCount: hand.deliveryCount,
  isGone: () => hand.state === "lost",
  settle: (verdict) =>
    Effect.suspend(() =>
      engine.settle(hand, verdict) === "lost"
        ? fail("settle", hand.queue, disconnected("the delivery went back to its queue with its consumer"))
        : Effect.void
    ),
})
