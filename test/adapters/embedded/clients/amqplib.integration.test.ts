/**
 * `amqplib`, on both brokers: what its users do.
 */
import { test } from "#test"
import assert from "node:assert/strict"
import { type Channel, connect, type ConsumeMessage } from "amqplib"
import { startProxy } from "../../../support/proxy.ts"
import { fresh, onEachBroker } from "./brokers.ts"

/** The next messages of a queue, as they come. */
const consume = async (channel: Channel, queue: string, options = {}) => {
  const messages: Array<ConsumeMessage | null> = []
  let wake = () => {}
  const { consumerTag } = await channel.consume(queue, (message) => {
    messages.push(message)
    wake()
  }, options)
  const next = async () => {
    while (messages.length === 0) await new Promise<void>((resolve) => wake = resolve)
    return messages.shift() ?? assert.fail("it was cancelled")
  }
  const cancelled = async () => {
    while (messages.length === 0) await new Promise<void>((resolve) => wake = resolve)
    return messages.shift() === null
  }
  return { consumerTag, next, cancelled }
}

onEachBroker("amqplib", ({ url, options }) => {
  test("publishes with confirms, gets, and is told what came back", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createConfirmChannel()
    const queue = fresh("amqplib")
    const { messageCount } = await channel.assertQueue(queue, { durable: true, arguments: { "x-max-length": 2 } })
    assert.equal(messageCount, 0)
    for (const text of ["1", "2"]) channel.sendToQueue(queue, Buffer.from(text), { persistent: true })
    await channel.waitForConfirms()
    const returned = new Promise<string>((resolve) => channel.once("return", ({ content }) => resolve(`${content}`)))
    channel.publish("", fresh("nowhere"), Buffer.from("3"), { mandatory: true })
    await channel.waitForConfirms()
    assert.equal(await returned, "3")
    const got = await channel.get(queue)
    assert.ok(got !== false)
    assert.deepEqual([`${got.content}`, got.fields.messageCount, got.fields.redelivered], ["1", 1, false])
    channel.nack(got)
    const again = await channel.get(queue, { noAck: true })
    assert.ok(again !== false)
    assert.deepEqual([`${again.content}`, again.fields.redelivered], ["1", true])
    assert.deepEqual(await channel.purgeQueue(queue), { messageCount: 1 })
    assert.equal(await channel.get(queue), false)
    await channel.deleteQueue(queue)
    await connection.close()
  })

  test("learns of a queue that takes no more", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createConfirmChannel()
    const limits = { "x-max-length": 1, "x-overflow": "reject-publish" }
    const { queue } = await channel.assertQueue("", { exclusive: true, arguments: limits })
    const outcome = (text: string) =>
      new Promise<boolean>((resolve) =>
        channel.sendToQueue(queue, Buffer.from(text), {}, (error) => resolve(error === null))
      )
    assert.deepEqual([await outcome("1"), await outcome("2")], [true, false])
    await connection.close()
  })

  test("keeps headers of every type", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createChannel()
    const { queue } = await channel.assertQueue("", { exclusive: true })
    const typed = (type: string, value: unknown) => ({ "!": type, value })
    const headers = {
      text: "é€𝄞",
      bytes: Buffer.from([0, 1, 255]),
      yes: true,
      no: false,
      small: 7,
      byte: typed("int8", -3),
      short: typed("int16", -300),
      int: typed("int32", -70_000),
      long: typed("int64", 5_000_000_000),
      float: typed("float", 0.5),
      double: 1.25,
      decimal: typed("decimal", { places: 2, digits: 314 }),
      time: typed("timestamp", 1_700_000_000),
      nothing: null,
      list: [1, "two", [true], { three: 3 }],
      table: { inner: { deep: "yes" } },
    }
    const properties = {
      contentType: "application/json",
      contentEncoding: "utf-8",
      deliveryMode: 2,
      priority: 3,
      correlationId: "c",
      replyTo: "r",
      expiration: "60000",
      messageId: "m",
      timestamp: 1_700_000_000,
      type: "t",
      appId: "a",
      userId: "guest",
    }
    channel.sendToQueue(queue, Buffer.from("{}"), { headers, ...properties })
    const { next } = await consume(channel, queue, { noAck: true })
    const message = await next()
    const { headers: heard, ...rest } = message.properties
    assert.deepEqual(heard, {
      ...headers,
      byte: -3,
      short: -300,
      int: -70_000,
      long: 5_000_000_000,
      float: 0.5,
    })
    assert.deepEqual(rest, { ...properties, clusterId: undefined })
    await connection.close()
  })

  test("gives messages back, rejects them, and finds them among the dead", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createChannel()
    const { queue: dead } = await channel.assertQueue("", { exclusive: true })
    const { queue } = await channel.assertQueue("", {
      exclusive: true,
      deadLetterExchange: "",
      deadLetterRoutingKey: dead,
      messageTtl: 2_500,
    })
    await channel.prefetch(1)
    for (const text of ["1", "2", "3"]) channel.sendToQueue(queue, Buffer.from(text))
    const { next, consumerTag } = await consume(channel, queue)
    const first = await next()
    channel.nack(first, false, true)
    const again = await next()
    assert.deepEqual([`${again.content}`, again.fields.redelivered], ["1", true])
    channel.nack(again, false, false)
    channel.ack(await next())
    const third = await next()
    await channel.cancel(consumerTag)
    channel.nack(third, false, true)
    const { next: nextDead } = await consume(channel, dead, { noAck: true })
    const deaths = async () => {
      const { content, properties: { headers } } = await nextDead()
      const [death] = headers?.["x-death"] ?? []
      const { queue: where, reason, count } = death ?? assert.fail("it did not die")
      return [`${content}`, where, reason, count, headers?.["x-first-death-reason"]]
    }
    assert.deepEqual(await deaths(), ["1", queue, "rejected", 1, "rejected"])
    assert.deepEqual(await deaths(), ["3", queue, "expired", 1, "expired"])
    await connection.close()
  })

  test("routes through exchanges of each type, and from one to another", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createConfirmChannel()
    const { queue } = await channel.assertQueue("", { exclusive: true })
    const name = fresh("amqplib")
    const kinds = ["direct", "topic", "fanout", "headers"] as const
    for (const kind of kinds) await channel.assertExchange(`${name}.${kind}`, kind, { autoDelete: true })
    await channel.bindExchange(`${name}.topic`, `${name}.fanout`, "")
    await channel.bindQueue(queue, `${name}.direct`, "k")
    await channel.bindQueue(queue, `${name}.topic`, "sales.*")
    await channel.bindQueue(queue, `${name}.headers`, "", { "x-match": "all", region: "eu" })
    channel.publish(`${name}.direct`, "k", Buffer.from("direct"))
    channel.publish(`${name}.direct`, "other", Buffer.from("nobody"))
    channel.publish(`${name}.fanout`, "sales.placed", Buffer.from("fanout, then topic"))
    channel.publish(`${name}.headers`, "", Buffer.from("headers"), { headers: { region: "eu" } })
    channel.publish(`${name}.headers`, "", Buffer.from("nobody"), { headers: { region: "us" } })
    await channel.waitForConfirms()
    const heard: Array<string> = []
    for (let got = await channel.get(queue, { noAck: true }); got !== false;) {
      heard.push(`${got.content}`)
      got = await channel.get(queue, { noAck: true })
    }
    assert.deepEqual(heard, ["direct", "fanout, then topic", "headers"])
    await connection.close()
  })

  test("calls over direct reply-to", options, async () => {
    const connection = await connect(url())
    const [asking, answering] = [await connection.createChannel(), await connection.createChannel()]
    const { queue } = await answering.assertQueue("", { exclusive: true })
    const { next: nextReply } = await consume(asking, "amq.rabbitmq.reply-to", { noAck: true })
    const { next: nextRequest } = await consume(answering, queue, { noAck: true })
    asking.sendToQueue(queue, Buffer.from("2+2"), { replyTo: "amq.rabbitmq.reply-to", correlationId: "1" })
    const { properties: { replyTo, correlationId } } = await nextRequest()
    answering.publish("", String(replyTo), Buffer.from("4"), { correlationId: String(correlationId) })
    const reply = await nextReply()
    assert.deepEqual([`${reply.content}`, reply.properties.correlationId], ["4", "1"])
    await connection.close()
  })

  test("is told why a channel ends, and goes on with another", options, async () => {
    const connection = await connect(url())
    const channel = await connection.createChannel()
    const ended = new Promise<number>((resolve) => channel.once("error", ({ code }) => resolve(code)))
    await assert.rejects(channel.checkQueue(fresh("nothing")), /404/)
    assert.equal(await ended, 404)
    const other = await connection.createChannel()
    const { queue } = await other.assertQueue("", { exclusive: true })
    const { cancelled } = await consume(other, queue)
    await other.deleteQueue(queue)
    assert.ok(await cancelled())
    await connection.close()
  })

  test("gets again what it had in hand when its connection was lost", options, async () => {
    const proxy = await startProxy(Number(new URL(url()).port))
    const queue = fresh("amqplib")
    const lost = await connect(proxy.through(url()))
    lost.on("error", () => {})
    const channel = await lost.createConfirmChannel()
    await channel.assertQueue(queue, { durable: true })
    channel.sendToQueue(queue, Buffer.from("1"), { persistent: true })
    await channel.waitForConfirms()
    await (await consume(channel, queue)).next()
    const ended = new Promise<void>((resolve) => lost.once("close", () => resolve()))
    proxy.cut()
    await ended
    const connection = await connect(proxy.through(url()))
    const again = await connection.createChannel()
    const message = await (await consume(again, queue)).next()
    assert.deepEqual([`${message.content}`, message.fields.redelivered], ["1", true])
    again.ack(message)
    await again.deleteQueue(queue)
    await connection.close()
    await proxy.close()
  })
})
