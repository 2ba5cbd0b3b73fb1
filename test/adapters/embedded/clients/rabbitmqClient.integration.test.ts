/**
 * `rabbitmq-client`, on both brokers: another client in JavaScript, with a codec of its own, that reconnects by itself.
 */
import { test } from "#test"
import assert from "node:assert/strict"
import { Connection, ConsumerStatus } from "rabbitmq-client"
import { startProxy } from "../../../support/proxy.ts"
import { fresh, onEachBroker } from "./brokers.ts"

/** Values as they come. */
const inbox = <A>() => {
  const values: Array<A> = []
  let wake = () => {}
  return {
    put: (value: A) => {
      values.push(value)
      wake()
    },
    next: async (): Promise<A> => {
      while (values.length === 0) await new Promise<void>((resolve) => wake = resolve)
      return values.shift()!
    },
  }
}

onEachBroker("rabbitmq-client", ({ url, options }) => {
  test("publishes with confirms and consumes", options, async () => {
    const rabbit = new Connection(url())
    const queue = fresh("rabbitmq-client")
    const exchange = fresh("rabbitmq-client")
    const heard = inbox<readonly [unknown, boolean]>()
    const sub = rabbit.createConsumer({
      queue,
      queueOptions: { durable: true, autoDelete: true },
      qos: { prefetchCount: 2 },
      exchanges: [{ exchange, type: "topic", autoDelete: true }],
      queueBindings: [{ exchange, routingKey: "users.*" }],
    }, ({ body, redelivered }) => {
      heard.put([body, redelivered])
      return (body as { readonly n: number }).n === 2 && !redelivered ? ConsumerStatus.REQUEUE : ConsumerStatus.ACK
    })
    await new Promise<void>((resolve) => sub.on("ready", () => resolve()))
    const pub = rabbit.createPublisher({ confirm: true, maxAttempts: 2 })
    await pub.send({ exchange, routingKey: "users.visit" }, { n: 1 })
    await pub.send({ exchange, routingKey: "users.visit" }, { n: 2 })
    assert.deepEqual(await heard.next(), [{ n: 1 }, false])
    assert.deepEqual(await heard.next(), [{ n: 2 }, false])
    assert.deepEqual(await heard.next(), [{ n: 2 }, true])
    await pub.close()
    await sub.close()
    await rabbit.close()
  })

  test("gets, and rejects into a queue of the dead", options, async () => {
    const rabbit = new Connection(url())
    const channel = await rabbit.acquire()
    const [queue, dead] = [fresh("rabbitmq-client"), fresh("rabbitmq-client")]
    await channel.confirmSelect()
    await channel.queueDeclare({ queue: dead, exclusive: true })
    const letters = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead }
    await channel.queueDeclare({ queue, exclusive: true, arguments: letters })
    await channel.basicPublish({ routingKey: queue, headers: { kept: true } }, "hello")
    const got = await channel.basicGet({ queue })
    assert.equal(got?.body, "hello")
    assert.equal(got.messageCount, 0)
    channel.basicNack({ deliveryTag: got.deliveryTag, requeue: false })
    let letter = await channel.basicGet({ queue: dead, noAck: true })
    while (letter === undefined) letter = await channel.basicGet({ queue: dead, noAck: true })
    assert.equal(letter.body, "hello")
    const { kept, "x-death": [death] } = letter.headers as { readonly kept: boolean; "x-death": Array<object> }
    assert.deepEqual({ kept, ...death, time: undefined }, {
      kept: true,
      count: 1,
      exchange: "",
      queue,
      reason: "rejected",
      "routing-keys": [queue],
      time: undefined,
    })
    assert.equal(await channel.basicGet({ queue }), undefined)
    await channel.close()
    await rabbit.close()
  })

  test("keeps headers of every type it writes", options, async () => {
    const rabbit = new Connection(url())
    const channel = await rabbit.acquire()
    const { queue } = await channel.queueDeclare({ exclusive: true })
    const headers = {
      text: "é€𝄞",
      yes: true,
      int: -70_000,
      long: 5_000_000_000,
      double: 1.25,
      nothing: null,
      list: [1, "two", [true], { three: 3 }],
      table: { inner: { deep: "yes" } },
    }
    await channel.basicPublish({ routingKey: queue, headers, type: "t", messageId: "m", priority: 3 }, "x")
    const got = await channel.basicGet({ queue, noAck: true })
    assert.deepEqual(got?.headers, headers)
    assert.deepEqual([got?.type, got?.messageId, got?.priority], ["t", "m", 3])
    await channel.close()
    await rabbit.close()
  })

  test("calls and answers", options, async () => {
    const rabbit = new Connection(url())
    const queue = fresh("rabbitmq-client")
    const server = rabbit.createConsumer(
      { queue, queueOptions: { exclusive: true } },
      async ({ body }, reply) => await reply(Number(body) * 2),
    )
    await new Promise<void>((resolve) => server.on("ready", () => resolve()))
    const client = rabbit.createRPCClient({ confirm: true })
    const reply = await client.send(queue, 21)
    assert.equal(reply.body, 42)
    await client.close()
    await server.close()
    await rabbit.close()
  })

  test("comes back by itself when its connection is lost", options, async () => {
    const proxy = await startProxy(Number(new URL(url()).port))
    const rabbit = new Connection({ url: proxy.through(url()), retryLow: 20 })
    rabbit.on("error", () => {})
    const queue = fresh("rabbitmq-client")
    const heard = inbox<readonly [unknown, boolean]>()
    const ready = inbox<void>()
    let isHolding = true
    const sub = rabbit.createConsumer({
      queue,
      queueOptions: { durable: true, arguments: { "x-expires": 60_000 } },
      qos: { prefetchCount: 1 },
    }, async ({ body, redelivered }) => {
      heard.put([body, redelivered])
      // held until the connection is gone
      while (isHolding) await new Promise((resolve) => setTimeout(resolve, 5))
    })
    sub.on("error", () => {})
    sub.on("ready", ready.put)
    await ready.next()
    const pub = rabbit.createPublisher({ confirm: true, maxAttempts: 5 })
    await pub.send(queue, "1")
    assert.deepEqual(await heard.next(), ["1", false])
    proxy.cut()
    isHolding = false
    await ready.next()
    assert.deepEqual(await heard.next(), ["1", true])
    await pub.send(queue, "2")
    assert.deepEqual(await heard.next(), ["2", false])
    await pub.close()
    await sub.close()
    await rabbit.close()
    await proxy.close()
  })
})
