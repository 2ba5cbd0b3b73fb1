/**
 * One process of the AMQP bench that uses amqplib alone: `worker` or `client`, as a careful program would write them.
 *
 * Started and told what to do by `amqp.ts`; the broker's URL is the second argument. Declares what Warren would (a quorum
 * queue for events, classic ones for calls and replies), publishes mandatory and with confirms, and acks a request after
 * its reply is confirmed. It has no schemas, deadlines, retries, ids or traces: that is what is compared.
 */
import amqp, { type ConfirmChannel, type ConsumeMessage, type Options } from "amqplib"
import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { Count, obey, order, prefetch, repeat } from "./amqpCase.ts"

const [part, broker = ""] = process.argv.slice(2)
const events = { exchange: "plain.events", key: "orders.placed", queue: "plain.on.orders.take" }
const calls = { exchange: "plain.calls", key: "orders.echo", queue: "plain.calls.orders.echo" }
/** The same without confirms, answered through RabbitMQ's direct reply-to. */
const direct = { key: "orders.echo.direct", queue: "plain.calls.orders.echo.direct" }

const connection = await amqp.connect(broker, { noDelay: true })
const publishing = await connection.createConfirmChannel()
const consuming = await connection.createChannel()
await consuming.assertExchange(events.exchange, "topic", { durable: true })
await consuming.assertExchange(calls.exchange, "direct", { durable: true })

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const fromBytes = (bytes: Buffer): unknown => JSON.parse(bytes.toString("utf8"))

/** Publishes and waits for the confirm. */
const publish = (exchange: string, key: string, body: Buffer, options: Options.Publish): Promise<void> =>
  new Promise((resolve, reject) => {
    publishing.publish(exchange, key, body, options, (error: unknown) => error === null ? resolve() : reject(error))
  })

const json = "application/json"

switch (part) {
  case "worker":
    await work()
    break
  case "client":
    await use()
    break
  default:
    throw new Error(`There is no part "${part}"`)
}
await connection.close()
process.exit(0)

async function work(): Promise<void> {
  const count = new Count()
  await consuming.prefetch(prefetch)
  await consuming.assertQueue(events.queue, { durable: true, arguments: { "x-queue-type": "quorum" } })
  await consuming.bindQueue(events.queue, events.exchange, events.key)
  await consume(consuming, events.queue, (message) => {
    fromBytes(message.content)
    consuming.ack(message)
    count.add()
  })
  for (const { key, queue } of [calls, direct]) {
    await consuming.assertQueue(queue, {
      durable: true,
      autoDelete: true,
      arguments: { "x-queue-type": "classic", "x-max-length": 10_000, "x-overflow": "reject-publish" },
    })
    await consuming.bindQueue(queue, calls.exchange, key)
  }
  await consume(consuming, calls.queue, (message) => {
    const { replyTo, correlationId } = message.properties as { replyTo: string; correlationId: string }
    const reply = toBytes(fromBytes(message.content))
    publish("", replyTo, reply, { correlationId, contentType: json, mandatory: true, persistent: false })
      .then(() => consuming.ack(message), fail)
  })
  await consume(consuming, direct.queue, (message) => {
    const { replyTo, correlationId } = message.properties as { replyTo: string; correlationId: string }
    consuming.publish("", replyTo, toBytes(fromBytes(message.content)), { correlationId, contentType: json })
    consuming.ack(message)
  })
  await obey((job) => job.job === "receive" ? count.reach(job.count).then((at) => ({ at })) : undefined)
}

async function use(): Promise<void> {
  const pending = new Map<string, (value: unknown) => void>()
  const take = (message: ConsumeMessage) => {
    const id = message.properties.correlationId as string
    pending.get(id)?.(fromBytes(message.content))
    pending.delete(id)
  }
  const replies = `plain.replies.${randomUUID()}`
  await consuming.prefetch(1_000)
  await consuming.assertQueue(replies, {
    durable: true,
    arguments: { "x-queue-type": "classic", "x-expires": 60_000 },
  })
  await consume(consuming, replies, (message) => {
    take(message)
    consuming.ack(message)
  })
  const replyTo = "amq.rabbitmq.reply-to"
  await consume(consuming, replyTo, take, { noAck: true })

  const emit = () =>
    publish(events.exchange, events.key, toBytes(order()), {
      messageId: randomUUID(),
      type: events.key,
      contentType: json,
      mandatory: true,
      persistent: true,
    })
  const call = () =>
    new Promise((resolve, reject) => {
      const correlationId = randomUUID()
      pending.set(correlationId, resolve)
      publish(calls.exchange, calls.key, toBytes(order()), {
        correlationId,
        replyTo: replies,
        contentType: json,
        expiration: 5_000,
        mandatory: true,
        persistent: false,
      }).catch(reject)
    })
  const callDirect = () =>
    new Promise((resolve) => {
      const correlationId = randomUUID()
      pending.set(correlationId, resolve)
      consuming.publish(calls.exchange, direct.key, toBytes(order()), {
        correlationId,
        replyTo,
        contentType: json,
        expiration: 5_000,
      })
    })
  await obey((job) => {
    if (job.job === "emit") return repeat(job.count, job.flight, emit)
    if (job.job === "call") return repeat(job.count, job.flight, call)
    if (job.job === "callDirect") return repeat(job.count, job.flight, callDirect)
    return undefined
  })
}

async function consume(
  channel: Pick<ConfirmChannel, "consume">,
  queue: string,
  take: (message: ConsumeMessage) => void,
  options: Options.Consume = {},
): Promise<void> {
  await channel.consume(
    queue,
    (message) => message === null ? fail(new Error(`"${queue}" ended`)) : take(message),
    options,
  )
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
