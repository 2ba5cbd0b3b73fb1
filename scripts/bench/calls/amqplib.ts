/**
 * amqplib alone, answered through RabbitMQ's direct reply-to: no confirms, no deadlines, no types. JSON.
 */
import amqp, { type Channel } from "amqplib"
import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import { type Order, prefetch } from "../amqpCase.ts"
import { checkOrder, ordersOf, type System } from "./System.ts"

const queue = "bench.amqplib.echo"
const directReplies = "amq.rabbitmq.reply-to"
const contentType = "application/json"

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const fromBytes = (bytes: Buffer): Order => JSON.parse(bytes.toString("utf8")) as Order

const open = async (broker: string): Promise<Channel> => {
  const connection = await amqp.connect(broker, { noDelay: true })
  return await connection.createChannel()
}

/** amqplib. */
export const system: System = {
  serve: async ({ broker }) => {
    const channel = await open(broker)
    await channel.prefetch(prefetch)
    await channel.assertQueue(queue, { durable: true, autoDelete: true, arguments: { "x-queue-type": "classic" } })
    await channel.consume(queue, (message) => {
      if (message === null) throw new Error(`"${queue}" ended`)
      const { replyTo, correlationId } = message.properties as { replyTo: string; correlationId: string }
      channel.publish("", replyTo, toBytes(fromBytes(message.content)), { correlationId, contentType })
      channel.ack(message)
    })
    return queue
  },
  connect: async ([address = queue], { broker, bytes }) => {
    const channel = await open(broker)
    const pending = new Map<string, (answer: Order) => void>()
    await channel.consume(directReplies, (message) => {
      const id = message?.properties.correlationId as string
      pending.get(id)?.(fromBytes(message!.content))
      pending.delete(id)
    }, { noAck: true })
    const orders = ordersOf(bytes)
    return async () => {
      const correlationId = randomUUID()
      const asked = orders()
      const answer = new Promise<Order>((resolve) => pending.set(correlationId, resolve))
      channel.publish("", address, toBytes(asked), {
        correlationId,
        replyTo: directReplies,
        contentType,
        expiration: 5_000,
      })
      checkOrder(await answer, asked)
    }
  },
}
