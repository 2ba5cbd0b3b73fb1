/**
 * One connection to a broker and its channels, as Effects: the only file that imports amqplib.
 *
 * Above it: `declare.ts`, `Publisher.ts` and `Consumer.ts`, which see the narrow `Channel` below and never the library.
 * It opens, closes and reports; it does not reconnect, and decides nothing about messages. A channel's error ends that
 * channel, a connection's error ends all of them.
 */
import amqp, { type ChannelModel, type ConfirmChannel, type ConsumeMessage, type Message } from "amqplib"
import { Deferred, Effect, Redacted, type Scope } from "effect"
import type { Identity, Verdict } from "../../src/transport/mod.ts"
import type { Address } from "./Address.ts"
import { type BrokerFailure, failure } from "./Failure.ts"
import { writePublish, writeVerdict } from "./frames.ts"
import { clientProperties } from "./clientProperties.ts"
import { type ChannelInside, channelInsideOf, forgive, type Inside, insideOf, onClosing, unblock } from "./inside.ts"
import { Outgoing } from "./Outgoing.ts"
import type { Properties } from "./properties.ts"
import type { QueueDeclaration } from "./queueArguments.ts"
import { secure } from "./secure.ts"

/** What became of a publish: taken, refused, or unknown because the channel ended. */
export type Outcome = "ack" | "nack" | "lost"

/** One message as it arrived. */
export interface Arrival {
  /** Names the delivery on its channel. */
  readonly tag: number
  /** The routing key it was published with. */
  readonly key: string
  readonly redelivered: boolean
  readonly properties: Properties
  readonly body: Uint8Array
}

/** How many messages are ready in a queue, and who waits for them. */
export interface QueueCounts {
  readonly ready: number
  readonly consumers: number
}

/** A message that no queue took, given back before its confirm. */
export interface Returned {
  readonly exchange: string
  readonly key: string
  readonly id: string
}

/** What a channel's owner is told. */
export interface ChannelEvents {
  /** The channel ended without having been asked to; `undefined`: its connection did. */
  readonly onClosed?: (why: BrokerFailure | undefined) => void
  readonly onReturn?: (message: Returned) => void
}

/** One channel. The effects fail with the broker's refusal, which also closes the channel. */
export interface Channel {
  readonly isOpen: () => boolean
  /** Why the channel ended, when the broker closed it. */
  readonly closedBy: () => BrokerFailure | undefined
  readonly declareExchange: (name: string, type: string) => Effect.Effect<void, BrokerFailure>
  readonly checkExchange: (name: string) => Effect.Effect<void, BrokerFailure>
  readonly declareQueue: (name: string, declaration: QueueDeclaration) => Effect.Effect<void, BrokerFailure>
  readonly bind: (queue: string, exchange: string, key: string) => Effect.Effect<void, BrokerFailure>
  readonly unbind: (queue: string, exchange: string, key: string) => Effect.Effect<void, BrokerFailure>
  readonly checkQueue: (name: string) => Effect.Effect<QueueCounts, BrokerFailure>
  /** Deletes it, whatever it holds and whoever consumes it; says how many messages went with it. */
  readonly deleteQueue: (name: string) => Effect.Effect<number, BrokerFailure>
  /** Takes one message; `undefined`: there is none. Refused (405) by a queue of one consumer at a time. */
  readonly take: (queue: string) => Effect.Effect<Arrival | undefined, BrokerFailure>
  /** Sends (mandatory); throws when the packet cannot be written down. `done` is called once, later. */
  readonly publish: (
    exchange: string,
    key: string,
    body: Uint8Array,
    properties: Properties,
    done: (outcome: Outcome) => void,
  ) => void
  /** Starts a consumer; `undefined` is delivered when the broker ends it. Returns its name. */
  readonly consume: (
    queue: string,
    prefetch: number,
    deliver: (arrival: Arrival | undefined) => void,
  ) => Effect.Effect<string, BrokerFailure>
  readonly cancel: (consumer: string) => Effect.Effect<void>
  /** Does nothing on a channel that has ended. `upTo`: the same for every earlier delivery that is not settled yet. */
  readonly settle: (tag: number, verdict: Verdict, upTo?: boolean) => void
  /** Never fails and never waits for long. */
  readonly close: Effect.Effect<void>
}

/** What a connection's owner is told. */
export interface ConnectionEvents {
  readonly onBlocked: (reason: string) => void
  readonly onUnblocked: () => void
}

/** One live connection. */
export interface Connection {
  /** The broker's name and version, for people. */
  readonly server: string
  /** The name of its cluster, which its management API says too; `undefined`: it has none. */
  readonly cluster: string | undefined
  /** This side's address of it; `undefined`: unknown. */
  readonly local: string | undefined
  /** Succeeds, with the reason, once the connection is lost; closing its scope is no loss. */
  readonly lost: Effect.Effect<BrokerFailure>
  readonly isLost: () => boolean
  /** Fails at once when the connection is lost. */
  readonly openChannel: (kind: "plain" | "confirm", events: ChannelEvents) => Effect.Effect<Channel, BrokerFailure>
}

/** How long a cancel or close may take; a frozen broker never answers. */
const courtesy = "2 seconds"

/** Connects; the connection ends with the scope. */
export const connect = Effect.fnUntraced(function* (
  address: Address,
  who: Identity & { readonly role: string },
  events: ConnectionEvents,
): Effect.fn.Return<Connection, BrokerFailure, Scope.Scope> {
  const life: Life = { lost: undefined, silent: false }
  const lost = Deferred.makeUnsafe<BrokerFailure>()
  const lose = (cause: unknown) => {
    life.lost = cause === undefined ? life.lost ?? closedByBroker : failure(cause)
    Deferred.doneUnsafe(lost, Effect.succeed(life.lost))
  }
  const socket = yield* secure(address.tls)
  const model = yield* Effect.acquireRelease(
    attempt(async () => {
      const model = await dial(address, clientProperties(who, who.role), socket)
      // at once: an error of a connection that nobody listens to, since it is no longer wanted, would end the process
      model.on("error", lose)
      model.on("close", lose)
      return model
    }),
    (model) => hangUp(model, life, Effect.asVoid(Deferred.await(lost))),
  )
  const inside = yield* Effect.try({ try: () => insideOf(model.connection), catch: failure })
  forgive(inside)
  unblock(inside)
  const line: Line = { model, life, inside, outgoing: new Outgoing(inside.stream) }
  // it may have ended before anybody listened, in the same breath in which it was opened
  if (inside.expectSocketClose) lose(undefined)
  model.on("blocked", events.onBlocked)
  model.on("unblocked", events.onUnblocked)
  const { product, version, platform, ...said } = model.connection.serverProperties as {
    readonly [name: string]: unknown
  }
  return {
    // the embedded broker answers to RabbitMQ's name, for clients that choose by it what they do
    server: typeof platform === "string" && platform.startsWith("Warren ") ? platform : `${product} ${version}`,
    cluster: typeof said["cluster_name"] === "string" ? said["cluster_name"] : undefined,
    local: inside.stream.localAddress,
    lost: Deferred.await(lost),
    isLost: () => life.lost !== undefined,
    openChannel: (kind, channelEvents) =>
      Effect.suspend(() => life.lost === undefined ? openChannel(line, kind, channelEvents) : Effect.fail(life.lost)),
  }
})

const dial = (
  address: Address,
  clientProperties: Readonly<Record<string, string>>,
  socket: object,
): Promise<ChannelModel> =>
  amqp.connect({
    protocol: address.tls === undefined ? "amqp" : "amqps",
    hostname: address.host,
    port: address.port,
    vhost: address.vhost,
    heartbeat: address.heartbeat,
    frameMax: address.frameMax,
  }, {
    ...socket,
    timeout: address.patience,
    noDelay: true,
    keepAlive: true,
    clientProperties,
    credentials: amqp.credentials.plain(address.user, Redacted.value(address.password)),
  })

/** What a connection and its channels know of its end, whichever hears of it first. */
interface Life {
  /** Why it has ended, if it has. */
  lost: BrokerFailure | undefined
  /** It did not answer a goodbye in time: no other one waits for an answer. */
  silent: boolean
}

const closedByBroker = failure(new Error("the broker closed the connection"))

const closing = failure(new Error("the connection is being closed"))

/** Takes leave of the broker; never fails and never waits for long. */
const takeLeave = (life: Life, goodbye: () => Promise<unknown>): Effect.Effect<void> =>
  Effect.suspend(() =>
    life.silent ? Effect.void : attempt(goodbye).pipe(
      Effect.timeoutOrElse({ duration: courtesy, orElse: () => Effect.sync(() => life.silent = true) }),
      Effect.ignore,
    )
  )

// A broker that does not answer is cut off, as by an error of the socket, which also ends the library's heartbeats.
const hangUp = (model: ChannelModel, life: Life, lost: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.suspend(() => {
    // from here on its channels take nothing: the library throws
    life.lost ??= closing
    // a socket that breaks under the goodbye leaves it without an answer
    return Effect.raceFirst(takeLeave(life, () => model.close()), lost)
  }).pipe(
    Effect.andThen(Effect.sync(() => {
      const { stream } = model.connection as { readonly stream?: { destroy?: (error?: Error) => void } }
      stream?.destroy?.(life.silent ? new Error("the broker did not answer the close") : undefined)
    })),
  )

/** A connection as its channels see it. */
interface Line {
  readonly model: ChannelModel
  readonly life: Life
  readonly inside: Inside
  readonly outgoing: Outgoing
}

const openChannel = (
  line: Line,
  kind: "plain" | "confirm",
  events: ChannelEvents,
): Effect.Effect<Channel, BrokerFailure> =>
  attempt(async () => {
    const raw = await (kind === "confirm" ? line.model.createConfirmChannel() : line.model.createChannel())
    return wrap(raw as ConfirmChannel, channelInsideOf(raw, kind), line, events)
  })

const wrap = (
  raw: ConfirmChannel,
  own: ChannelInside,
  { life, inside, outgoing }: Line,
  events: ChannelEvents,
): Channel => {
  const { ch } = own
  let open = true
  let asked = false
  let why: BrokerFailure | undefined
  raw.on("error", (error) => {
    open = false
    why = failure(error)
  })
  // before the library's own listener, which tells the pending publishes, whose fibers may run on within that call;
  // a channel that ends unasked and without an error ends with its connection
  raw.prependListener("close", () => {
    open = false
    if (!asked && why === undefined) life.lost ??= closedByBroker
  })
  raw.on("close", () => asked ? undefined : events.onClosed?.(why))
  onClosing(own, () => open = false)
  const isOpen = () => open && life.lost === undefined
  const { onReturn } = events
  if (onReturn !== undefined) raw.on("return", (message) => onReturn(returned(message)))
  return {
    isOpen,
    closedBy: () => why,
    declareExchange: (name, type) => attempt(() => raw.assertExchange(name, type, { durable: true })),
    checkExchange: (name) => attempt(() => raw.checkExchange(name)),
    declareQueue: (name, declaration) => attempt(() => raw.assertQueue(name, declaration)),
    bind: (queue, exchange, key) => attempt(() => raw.bindQueue(queue, exchange, key)),
    unbind: (queue, exchange, key) => attempt(() => raw.unbindQueue(queue, exchange, key)),
    checkQueue: (name) =>
      attempt(async () => {
        const { messageCount, consumerCount } = await raw.checkQueue(name)
        return { ready: messageCount, consumers: consumerCount }
      }),
    deleteQueue: (name) => attempt(async () => (await raw.deleteQueue(name)).messageCount),
    take: (queue) =>
      attempt(async () => {
        const message = await raw.get(queue, { noAck: false })
        return message === false ? undefined : arrival(message)
      }),
    publish: (exchange, key, body, properties, done) => {
      if (!isOpen()) return done("lost")
      outgoing.add((out) => writePublish(out, ch, inside.frameMax, exchange, key, properties, body))
      inside.sentSinceLastCheck = true
      // the library counts the confirms; it has one error for a nack and another for a channel that ended
      own.pushConfirmCallback((error) => done(error === null ? "ack" : isOpen() ? "nack" : "lost"))
    },
    consume: (queue, prefetch, deliver) =>
      attempt(async () => {
        await raw.prefetch(prefetch)
        const deliverRaw = (message: ConsumeMessage | null) => deliver(message === null ? undefined : arrival(message))
        return (await raw.consume(queue, deliverRaw, { noAck: false })).consumerTag
      }),
    cancel: (consumer) => takeLeave(life, () => raw.cancel(consumer)),
    settle: (tag, verdict, upTo = false) => {
      if (!isOpen()) return
      outgoing.add((out) => writeVerdict(out, ch, tag, verdict, upTo))
      inside.sentSinceLastCheck = true
    },
    close: Effect.suspend(() => {
      asked = true
      if (!isOpen()) return Effect.void
      return takeLeave(life, () => raw.close())
    }),
  }
}

const arrival = ({ fields, properties, content }: Message): Arrival => ({
  tag: fields.deliveryTag,
  key: fields.routingKey,
  redelivered: fields.redelivered,
  properties: properties as Properties,
  // plain bytes: a Buffer is one, yet does not equal one
  body: new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
})

const returned = ({ fields, properties }: Message): Returned => ({
  exchange: fields.exchange,
  key: fields.routingKey,
  id: typeof properties.messageId === "string" ? properties.messageId : "",
})

/** Runs a promise of the library; whatever it throws is a failure of the broker. */
const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, BrokerFailure> =>
  Effect.tryPromise({ try: run, catch: failure })
