/**
 * The steward's port over an engine in the same process: everything is seen, and every change is one step.
 *
 * Above `Engine`; beside `Connection.ts`, which carries the messages. Figures are those of the moment. A look disturbs
 * nothing and is counted nowhere, which no other broker offers; nobody's permission is asked.
 */
import { Effect, type Scope } from "effect"
import {
  type ConnectionFacts,
  type ConsumerFacts,
  type HeaderValue,
  type Insight,
  InUse,
  NotEmpty,
  type Packet,
  type QueueFacts,
  type QueueLimits,
  type Receiving,
  Rejected,
  type Steward,
  StewardError,
  type StewardReason,
} from "../transport/mod.ts"
import { Client, reasonOf } from "./Connection.ts"
import type { Consumer, Owner } from "./Consumer.ts"
import type { FullSpec, Refusal } from "./declare.ts"
import type { Engine } from "./Engine.ts"
import { browse, isRecord, sift } from "./sifting.ts"
import type { QueueView } from "./View.ts"

/** What it looks into. */
export interface Insides {
  readonly engine: Engine
  /** Who is connected now. */
  readonly clients: () => ReadonlyArray<Client>
}

/** For people, instead of an address. */
const place = "the broker inside the process"

/** A steward of a broker in this process. */
export const makeSteward = (insides: Insides): Steward => stewardOf(insides, {})

/** `owner`: who has its own queues. */
const stewardOf = ({ engine, clients }: Insides, owner: Owner): Steward => ({
  source: place,
  survey: ({ prefix, exchange }) =>
    Effect.sync(() => {
      const { queues, bindings } = engine.view()
      return {
        complete: true,
        queues: queues.filter(({ name }) => name.startsWith(prefix)).map(factsOf),
        bindings: bindings.filter((binding) => binding.exchange === exchange),
      }
    }),
  insight: insightInto(engine, clients),
  look: (name) =>
    Effect.sync(() => {
      const queue = engine.queue(name)
      return queue === undefined ? undefined : factsOf(queue)
    }),
  peek: (name, most) =>
    Effect.suspend(() => {
      const found = engine.peek(name, most)
      return isRefusal(found) ? refuse("peek", name, found) : Effect.succeed(found)
    }),
  browse: (name, limits, visit) => Effect.mapError(browse(engine, name, limits, visit), failed("browse", name)),
  sift: (name, sifting) => Effect.mapError(sift(engine, name, sifting), failed("sift", name)),
  move: (from, to, headers) =>
    Effect.suspend(() => {
      const done = engine.move(from, to, (packet) => copyOf(packet, headers))
      if (done._tag !== "Moved") return refuse("move", from, done)
      if (!done.isFull) return Effect.succeed(done.moved)
      return fail("move", from, new Rejected({ detail: `"${to}" takes nothing more` }))
    }),
  receive: (name, receiving) => receive(engine, owner, name, receiving),
  bind: (binding) =>
    Effect.suspend(() => {
      const refusal = engine.bind(binding, owner)
      return refusal === undefined ? Effect.void : refuse("bind", binding.queue, refusal)
    }),
  unbind: (binding) =>
    Effect.suspend(() => {
      const refusal = engine.unbind(binding)
      // what is not there is not bound
      const isDone = refusal === undefined || refusal._tag === "NotFound"
      return isDone ? Effect.void : refuse("unbind", binding.queue, refusal)
    }),
  remove: (name, most) =>
    Effect.suspend(() => {
      const queue = engine.queue(name)
      if (queue !== undefined && queue.consumers > 0) {
        return fail("remove", name, new InUse({ consumers: queue.consumers }))
      }
      if (queue !== undefined && queue.ready > most) return fail("remove", name, new NotEmpty({ ready: queue.ready }))
      const removed = engine.deleteQueue(name)
      return typeof removed === "number" ? Effect.succeed(removed) : refuse("remove", name, removed)
    }),
})

/** Unsettled messages of a queue of its own: each is settled at once. */
const prefetch = 100

const receive = (
  engine: Engine,
  owner: Owner,
  name: string,
  { most, take, onLost }: Receiving,
): Effect.Effect<void, StewardError, Scope.Scope> => {
  let isOver = false
  const open = Effect.suspend(() => {
    const spec = {
      name,
      type: "classic",
      durable: false,
      exclusive: true,
      maxLength: most,
      overflow: "drop-head",
    } as const
    const refusal = engine.declareQueue(spec, owner)
    if (refusal !== undefined) return refuse("receive", name, refusal)
    const consumer = engine.consume(name, {
      owner,
      prefetch,
      deliver: (hand) => {
        take(hand.packet)
        engine.settle(hand, "ack")
      },
      cancelled: () => {
        if (!isOver) onLost(`"${name}" was deleted`)
      },
    })
    return consumer._tag === "Consumer" ? Effect.void : refuse("receive", name, consumer)
  })
  return Effect.acquireRelease(open, () =>
    Effect.sync(() => {
      isOver = true
      engine.deleteQueue(name, owner)
    }))
}

const insightInto = (engine: Engine, clients: Insides["clients"]): Insight => ({
  queue: (name) =>
    Effect.sync(() => {
      const queue = engine.queue(name)
      if (queue === undefined) return undefined
      const isSingle = queue.spec.singleActiveConsumer
      return {
        ...factsOf(queue),
        state: "running",
        policy: null,
        limits: limitsOf(queue.spec),
        bytes: null,
        holders: engine.consumers(name).map((consumer, i) => holderOf(consumer, i, !isSingle || i === 0)),
        rates: { published: null, delivered: null, acked: null, redelivered: null },
      }
    }),
  exchange: (name) =>
    Effect.sync(() => {
      const found = name === "" ? { type: "direct" } : engine.exchange(name)
      return found === undefined ? undefined : { name, type: found.type, alternate: null }
    }),
  bindings: (exchange) =>
    Effect.sync(() =>
      engine.view().bindings.flatMap((one) => one.exchange === exchange ? [{ queue: one.queue, key: one.key }] : [])
    ),
  connections: Effect.sync(() => clients().map(connectionOf)),
  nodes: Effect.succeed([{
    name: "in-process",
    running: true,
    memoryAlarm: false,
    diskAlarm: false,
    memoryUsed: null,
    memoryLimit: null,
    diskFree: null,
    diskLimit: null,
  }]),
  permissions: (user) => Effect.succeed({ user, configure: ".*", write: ".*", read: ".*" }),
  elsewhere: () => Effect.succeed([]),
})

const factsOf = ({ name, spec, ready, unacked, consumers }: QueueView): QueueFacts => ({
  name,
  type: spec.type,
  ready,
  unacked,
  consumers,
})

const limitsOf = (spec: FullSpec): QueueLimits => ({
  messageTtl: spec.messageTtl ?? null,
  maxLength: spec.maxLength ?? null,
  maxBytes: spec.maxBytes ?? null,
  overflow: spec.overflow === "drop-head" ? "drop-head" : "reject-publish",
  expires: spec.expires ?? null,
  deliveryLimit: spec.deliveryLimit ?? null,
  deadLetterExchange: spec.deadLetterExchange ?? null,
  singleActiveConsumer: spec.singleActiveConsumer,
})

/** Consumers have no names here; their place in the queue's line stands for one. */
const holderOf = ({ owner, prefetch }: Consumer, index: number, active: boolean): ConsumerFacts => {
  const { name, instance } = owner instanceof Client ? owner.identity : { name: "", instance: undefined }
  return {
    tag: String(index + 1),
    connection: name,
    instance,
    peer: "",
    user: "",
    prefetch: Number.isFinite(prefetch) ? prefetch : 0,
    active,
  }
}

const connectionOf = ({ identity: { name, instance, apps }, since }: Client): ConnectionFacts => ({
  name,
  vhost: "",
  user: "",
  peer: "",
  state: "running",
  instance,
  apps,
  connectedAt: since,
})

/** A message for publishing it once more as it is: without a time to live and without the record of its deaths. */
const copyOf = (
  { expiration: _, headers, ...packet }: Packet,
  more: Readonly<Record<string, HeaderValue>>,
): Packet => ({
  ...packet,
  headers: { ...Object.fromEntries(Object.entries(headers).filter(([name]) => !isRecord(name))), ...more },
})

const isRefusal = (found: object): found is Refusal => "_tag" in found

const refuse = (operation: StewardError["operation"], target: string, refusal: Refusal) =>
  fail(operation, target, reasonOf(refusal))

const fail = (operation: StewardError["operation"], target: string, reason: StewardReason) =>
  Effect.fail(failed(operation, target)(reason))

const failed = (operation: StewardError["operation"], target: string) => (reason: StewardReason): StewardError =>
  new StewardError({ operation, target, reason })
