/**
 * What the cases of the transport suite are written with: names that nobody else has, short declarations,
 * packets with sensible properties, and an inbox per consumer that waits for deliveries.
 *
 * Below the `transportSuite*.ts` cases, above the port. Knows no broker and no test runner.
 */
import assert from "node:assert/strict"
import { Context, Effect, Exit, Layer, Queue, Scope } from "effect"
import {
  type Confirm,
  type Delivery,
  type ExchangeSpec,
  type Packet,
  type QueueSpec,
  type Reason,
  type Route,
  Transport,
  type TransportError,
} from "../transport/mod.ts"
import type { Features } from "./transportSuite.ts"

/** One test of the port. */
export interface Case {
  readonly name: string
  /** Features without which it makes no sense. */
  readonly needs?: ReadonlyArray<keyof Features>
  readonly run: (rig: Rig) => Effect.Effect<void, unknown, Scope.Scope>
}

/** A transport with everything a case needs around it. */
export interface Rig {
  readonly transport: Transport["Service"]
  /** A name that no other test uses. */
  readonly name: (what: string) => string
  /** Declares a queue (classic, unless told) and returns its name; it goes by itself after a minute without use. */
  readonly queue: (spec?: Partial<QueueSpec>) => Effect.Effect<string, TransportError>
  /** Declares an exchange bound to queues, given as pairs of key and queue; returns its name. */
  readonly exchange: (
    type: ExchangeSpec["type"],
    bindings?: ReadonlyArray<readonly [key: string, queue: string]>,
  ) => Effect.Effect<string, TransportError>
  /** Publishes a packet with that body; to a queue's name, or along a route. */
  readonly send: (to: string | Route, body: string, part?: Partial<Packet>) => Effect.Effect<Confirm, TransportError>
  /** Consumes a queue into an inbox. */
  readonly consume: (queue: string, prefetch?: number) => Effect.Effect<Inbox, TransportError, Scope.Scope>
  /** Another connection; see the feature `shared`. */
  readonly another: Effect.Effect<Rig, unknown, Scope.Scope>
}

/** What a consumer has been given. */
export interface Inbox {
  /** The next delivery; dies with a message when none comes in five seconds. */
  readonly take: Effect.Effect<Delivery>
  /** The bodies of the next deliveries, each acked. */
  readonly takeAll: (count: number) => Effect.Effect<ReadonlyArray<string>, TransportError>
  /** Waits and then says that nothing is there. */
  readonly none: (ms?: number) => Effect.Effect<void>
  /** How many wait to be taken. */
  readonly size: () => number
}

/** A packet with every mandatory property. */
export const packet = (body: string | Uint8Array, part: Partial<Packet> = {}): Packet => ({
  id: crypto.randomUUID(),
  type: "suite.message",
  app: "suite",
  timestamp: 1_700_000_000_123,
  contentType: "application/json",
  persistent: true,
  headers: {},
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  ...part,
})

/** The body of a delivery as text. */
export const body = (delivery: Delivery): string => new TextDecoder().decode(delivery.packet.body)

/** The reason of the failure that must come. */
export const reasonOf = (
  effect: Effect.Effect<unknown, TransportError, Scope.Scope>,
): Effect.Effect<Reason, never, Scope.Scope> =>
  Effect.flip(effect).pipe(
    Effect.map((error) => error.reason),
    Effect.catch((value) => Effect.die(new assert.AssertionError({ message: `It succeeded with ${String(value)}` }))),
  )

/** Runs an effect again and again until its value passes; dies after five seconds. */
export const eventually = <A, E>(effect: Effect.Effect<A, E>, passes: (value: A) => boolean): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    for (let attempt = 1;; attempt++) {
      const value = yield* effect
      if (passes(value) || attempt === 250) {
        assert.ok(passes(value), `It is still ${String(value)} after five seconds`)
        return value
      }
      yield* Effect.sleep(20)
    }
  })

/** Runs `use` in a scope that closes before the rest of the case goes on. */
export const briefly = <A, E>(use: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E> => Effect.scoped(use)

/** A scope that the case closes by hand. */
export const closable = Effect.gen(function* () {
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  return { scope, close: Scope.close(scope, Exit.void) }
})

/** Builds a layer in the current scope and puts the rig around it. */
export const makeRig = (layer: Layer.Layer<Transport, unknown>): Effect.Effect<Rig, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const transport = yield* Effect.map(Layer.build(layer), (context) => Context.get(context, Transport))
    return rigOf(transport, layer)
  })

const rigOf = (transport: Transport["Service"], layer: Layer.Layer<Transport, unknown>): Rig => {
  const own = `suite-${crypto.randomUUID().slice(0, 8)}`
  let names = 0
  const name = (what: string) => `${own}.${what}-${++names}`
  return {
    transport,
    name,
    queue: (spec) => {
      const queue: QueueSpec = { name: name("queue"), type: "classic", expires: 60_000, ...spec }
      return Effect.as(transport.declare({ exchanges: [], queues: [queue], bindings: [] }), queue.name)
    },
    exchange: (type, bindings = []) => {
      const exchange = name(type)
      return Effect.as(
        transport.declare({
          exchanges: [{ name: exchange, type }],
          queues: [],
          bindings: bindings.map(([key, queue]) => ({ exchange, queue, key })),
        }),
        exchange,
      )
    },
    send: (to, body, part) =>
      transport.publish(typeof to === "string" ? { exchange: "", key: to } : to, packet(body, part)),
    consume: (queue, prefetch = 100) => consume(transport, queue, prefetch),
    another: Effect.suspend(() => makeRig(layer)),
  }
}

const consume = Effect.fnUntraced(function* (transport: Transport["Service"], queue: string, prefetch: number) {
  const waiting = yield* Queue.unbounded<Delivery>()
  let size = 0
  yield* transport.consume(queue, { prefetch }, (delivery) => {
    size++
    Queue.offerUnsafe(waiting, delivery)
  })
  const take = Queue.take(waiting).pipe(
    Effect.tap(() => Effect.sync(() => size--)),
    Effect.timeoutOrElse({
      duration: 5_000,
      orElse: () => Effect.die(new assert.AssertionError({ message: `Nothing came from "${queue}" in five seconds` })),
    }),
  )
  const inbox: Inbox = {
    take,
    takeAll: (count) =>
      Effect.gen(function* () {
        const bodies: Array<string> = []
        while (bodies.length < count) {
          const delivery = yield* take
          bodies.push(body(delivery))
          yield* delivery.settle("ack")
        }
        return bodies
      }),
    none: (ms = 60) => Effect.andThen(Effect.sleep(ms), Effect.sync(() => assert.equal(size, 0, "Something came"))),
    size: () => size,
  }
  return inbox
})
