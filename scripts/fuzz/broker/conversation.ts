/**
 * What a client says to a broker, drawn by chance: it logs in, opens channels, declares, publishes, consumes, settles.
 *
 * Below `target.ts`, which spoils it. A conversation that makes no mistake is one for which nothing is refused.
 */
import {
  type Field,
  heartbeat,
  type Method,
  type Properties,
  protocolHeader,
  type Table,
  writeContent,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import type { Random } from "../../chaos/random.ts"
import { noise, type Parts, pick } from "../mutate.ts"

const encoder = new TextEncoder()

const frameMax = 4096

const table = (values: Readonly<Record<string, Field>> = {}): Table => new Map(Object.entries(values))

const whole = (value: number): Field => ({ type: "signedint", value })

/** From the header to the first channel. */
export const login: Parts = [
  protocolHeader as Uint8Array,
  writeMethod(0, {
    name: "connection.start-ok",
    clientProperties: table(),
    mechanism: "PLAIN",
    response: encoder.encode("\0guest\0guest"),
    locale: "en_US",
  }),
  writeMethod(0, { name: "connection.tune-ok", channelMax: 100, frameMax, heartbeat: 0 }),
  writeMethod(0, { name: "connection.open", virtualHost: "/" }),
  writeMethod(1, { name: "channel.open" }),
]

const queues = ["q", "r", "s"] as const
const exchanges = ["amq.topic", "amq.fanout", "amq.direct", "amq.headers"] as const
const keys = ["a", "a.b", "#", ""] as const

/** A queue that refuses what it has no room for: on a commit that is the channel's end, so none is in a transaction. */
const refusing = table({ "x-overflow": { type: "longstr", value: "reject-publish" }, "x-max-length-bytes": whole(100) })

const args: ReadonlyArray<Table> = [
  table(),
  table({ "x-max-length": whole(2) }),
  table({ "x-message-ttl": whole(0), "x-dead-letter-exchange": { type: "longstr", value: "amq.fanout" } }),
  table({ "x-max-priority": whole(3) }),
  table({ "x-single-active-consumer": { type: "bool", value: true } }),
  refusing,
]

/** The queues that a conversation declares first, each its connection's own. */
const declare = (random: Random, isTransaction: boolean): Parts =>
  queues.map((queue) =>
    writeMethod(1, {
      name: "queue.declare",
      queue,
      passive: false,
      durable: false,
      exclusive: true,
      autoDelete: false,
      noWait: random.next() < 0.3,
      arguments: pick(random, isTransaction ? args.filter((one) => one !== refusing) : args),
    })
  )

const properties = (random: Random): Properties => ({
  deliveryMode: pick(random, [undefined, 1, 2]),
  priority: pick(random, [undefined, 1, 200]),
  expiration: pick(random, [undefined, undefined, "0", "1000"]),
  headers: random.next() < 0.3
    ? table({ CC: { type: "array", value: [{ type: "longstr", value: "r" }] }, n: whole(1) })
    : undefined,
})

const publish = (random: Random): Uint8Array => {
  const isDirect = random.next() < 0.5
  return writeContent(
    1,
    {
      name: "basic.publish",
      exchange: isDirect ? "" : pick(random, exchanges),
      routingKey: isDirect ? pick(random, queues) : pick(random, keys),
      mandatory: random.next() < 0.3,
      immediate: false,
    },
    properties(random),
    noise(random, pick(random, [0, 1, 50, 5_000])),
    frameMax,
  )
}

/** One thing that is allowed at any time. */
const plain = (random: Random, tag: number): Method => {
  switch (random.between(0, 11)) {
    case 0:
      return {
        name: "queue.bind",
        queue: pick(random, queues),
        exchange: pick(random, exchanges),
        routingKey: pick(random, keys),
        noWait: false,
        arguments: table(),
      }
    case 1:
      return {
        name: "queue.unbind",
        queue: pick(random, queues),
        exchange: pick(random, exchanges),
        routingKey: pick(random, keys),
        arguments: table(),
      }
    case 2:
      return { name: "basic.qos", prefetchSize: 0, prefetchCount: random.between(0, 3), global: random.next() < 0.5 }
    case 3:
    case 4:
      return {
        name: "basic.consume",
        queue: pick(random, queues),
        consumerTag: `c${tag}`,
        noLocal: false,
        noAck: random.next() < 0.3,
        exclusive: false,
        noWait: random.next() < 0.3,
        arguments: table({ "x-priority": whole(random.between(0, 2)) }),
      }
    case 5:
      return { name: "basic.cancel", consumerTag: `c${random.between(0, tag)}`, noWait: false }
    case 6:
      return { name: "basic.get", queue: pick(random, queues), noAck: random.next() < 0.5 }
    case 7:
      return { name: "basic.ack", deliveryTag: 0, multiple: true }
    case 8:
      return { name: "basic.nack", deliveryTag: 0, multiple: true, requeue: random.next() < 0.1 }
    case 9:
      return { name: "queue.purge", queue: pick(random, queues), noWait: false }
    case 10:
      return { name: "basic.recover", requeue: true }
    default:
      return {
        name: "exchange.bind",
        source: pick(random, exchanges),
        destination: pick(random, exchanges),
        routingKey: pick(random, keys),
        noWait: false,
        arguments: table(),
      }
  }
}

/** What is said once the first channel is open, one part a method or a message. */
export const drawTalk = (random: Random): Parts => {
  const mode = pick(random, ["confirm", "tx", "plain"] as const)
  const parts: Array<Uint8Array> = [...declare(random, mode === "tx")]
  if (mode === "confirm") parts.push(writeMethod(1, { name: "confirm.select", noWait: false }))
  if (mode === "tx") parts.push(writeMethod(1, { name: "tx.select" }))
  for (let i = random.between(1, 12); i > 0; i--) {
    const chance = random.next()
    if (chance < 0.4) parts.push(publish(random))
    else if (chance < 0.45) parts.push(heartbeat as Uint8Array)
    else parts.push(writeMethod(1, plain(random, i)))
  }
  if (mode === "tx") parts.push(writeMethod(1, { name: random.next() < 0.7 ? "tx.commit" : "tx.rollback" }))
  return parts
}
