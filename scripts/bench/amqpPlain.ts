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
import { Count, obey, order, type Pile, prefetch, repeat, type Sent } from "./amqpCase.ts"

const [part, broker = ""] = process.argv.slice(2)
const exchange = "plain.events"
/** Events: confirmed, on either type of queue. */
const events = {
  emit: { key: "orders.placed", queue: "plain.on.orders.take", type: "quorum" },
  emitClassic: { key: "orders.stored", queue: "plain.on.orders.store", type: "classic" },
} as const
/** Messages of which nothing is asked: transient, not confirmed, not acked. */
const passing = { key: "orders.passed", queue: "plain.on.orders.pass" }
const calls = { exchange: "plain.calls", key: "orders.echo", queue: "plain.calls.orders.echo" }
/** The same without confirms, answered through RabbitMQ's direct reply-to. */
const direct = { key: "orders.echo.direct", queue: "plain.calls.orders.echo.direct" }

const connection = await amqp.connect(broker, { noDelay: true })
const publishing = await connection.createConfirmChannel()
const consuming = await connection.createChannel()
await consuming.assertExchange(exchange, "topic", { durable: true })
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
  for (const { key, queue, type } of Object.values(events)) {
    await consuming.assertQueue(queue, { durable: true, arguments: { "x-queue-type": type } })
    await consuming.bindQueue(queue, exchange, key)
    await consume(consuming, queue, (message) => {
      fromBytes(message.content)
      consuming.ack(message)
      count.add()
    })
  }
  await consuming.assertQueue(passing.queue, { durable: true, autoDelete: true })
  await consuming.bindQueue(passing.queue, exchange, passing.key)
  await consume(consuming, passing.queue, (message) => {
    fromBytes(message.content)
    count.add()
  }, { noAck: true })
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

  const emit = (which: keyof typeof events) => () =>
    publish(exchange, events[which].key, toBytes(order()), {
      messageId: randomUUID(),
      type: events[which].key,
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
    if (job.job === "emit" || job.job === "emitClassic") return repeat(job.count, job.flight, emit(job.job))
    if (job.job === "pass") return pass(job.count)
    if (job.job === "fill") return fill(job.count, job.into ?? "quorum")
    if (job.job === "drop") return drop(job.into)
    if (job.job === "call") return repeat(job.count, job.flight, call)
    if (job.job === "callDirect") return repeat(job.count, job.flight, callDirect)
    return undefined
  })
}

/** Publishes as fast as the connection takes it. */
async function pass(count: number): Promise<Sent> {
  const from = Date.now()
  for (let i = 0; i < count; i++) {
    const options = { messageId: randomUUID(), contentType: json, persistent: false }
    if (consuming.publish(exchange, passing.key, toBytes(order()), options)) continue
    await new Promise((resolve) => consuming.once("drain", resolve))
  }
  return { from, to: Date.now(), p50: 0, p99: 0 }
}

function pileOf(into: Pile): string {
  return `plain.pile.${into}`
}

/** Fills a queue that nobody consumes. */
async function fill(count: number, into: Pile): Promise<Sent> {
  const type = into === "quorum" ? "quorum" : "classic"
  await consuming.assertQueue(pileOf(into), { durable: true, arguments: { "x-queue-type": type } })
  const options = { contentType: json, persistent: into !== "transient" }
  return repeat(
    count,
    1_000,
    () => publish("", pileOf(into), toBytes(order()), { messageId: randomUUID(), ...options }),
  )
}

/** Deletes it, with all that is in it. */
async function drop(into: Pile): Promise<unknown> {
  return await consuming.deleteQueue(pileOf(into))
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
