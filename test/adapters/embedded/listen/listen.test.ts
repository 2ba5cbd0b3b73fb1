/**
 * The embedded broker on real sockets: amqplib, peers that misbehave, and how it begins and ends.
 */
import assert from "node:assert/strict"
import { connect as dial, type Socket } from "node:net"
import { connect } from "amqplib"
import { Effect, Exit, Scope } from "effect"
import { describe, test } from "#test"
import { listen, ListenError } from "../../../../adapters/embedded/mod.ts"
import { startProxy } from "../../../support/proxy.ts"
import { serve, serving } from "./serving.ts"

const broker = serving()

const KiB = 1024

/** A connection and a channel of amqplib, until `use` is done. */
const onChannel = async <A>(
  url: string,
  use: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>["createConfirmChannel"]>>) => Promise<A>,
): Promise<A> => {
  const connection = await connect(url)
  connection.on("error", () => {})
  try {
    const channel = await connection.createConfirmChannel()
    channel.on("error", () => {})
    return await use(channel)
  } finally {
    await connection.close().catch(() => {})
  }
}

/** Waits for something that comes by itself. */
const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let i = 0; !isSo(); i++) {
    assert.ok(i < 1_000, what)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe("amqplib", () => {
  test("publishes with confirms, consumes, acks and gets, whatever the size", () =>
    onChannel(broker().url, async (channel) => {
      await channel.assertExchange("sizes", "topic", { durable: false, autoDelete: true })
      const { queue } = await channel.assertQueue("", { exclusive: true })
      await channel.bindQueue(queue, "sizes", "size.#")
      const sizes = [0, 1, 4_088, 131_064, 131_065, 3_000_000]
      for (const size of sizes) {
        channel.publish("sizes", `size.${size}`, Buffer.alloc(size, size % 251), { headers: { size } })
      }
      await channel.waitForConfirms()
      const got: Array<number> = []
      await new Promise<void>((resolve) => {
        void channel.consume(queue, (message) => {
          assert.ok(message !== null)
          assert.equal(message.content.length, message.properties.headers?.["size"])
          assert.ok(message.content.every((byte) => byte === message.content.length % 251))
          channel.ack(message)
          if (got.push(message.content.length) === sizes.length) resolve()
        })
      })
      assert.deepEqual(got, sizes)
      assert.equal(await channel.get(queue), false)
    }))

  test("calls over amq.rabbitmq.reply-to", () =>
    onChannel(broker().url, (server) =>
      onChannel(broker().url, async (client) => {
        const { queue } = await server.assertQueue("", { exclusive: true })
        await server.consume(queue, (call) => {
          assert.ok(call !== null)
          const { replyTo, correlationId } = call.properties
          server.sendToQueue(String(replyTo), Buffer.from(`re: ${call.content}`), { correlationId })
          server.ack(call)
        })
        const replies = new Map<string, (reply: string) => void>()
        await client.consume("amq.rabbitmq.reply-to", (reply) => {
          replies.get(String(reply?.properties.correlationId))?.(String(reply?.content))
        }, { noAck: true })
        const answers = await Promise.all(Array.from({ length: 100 }, (_, i) =>
          new Promise<string>((resolve) => {
            replies.set(String(i), resolve)
            const replyTo = "amq.rabbitmq.reply-to"
            client.sendToQueue(queue, Buffer.from(String(i)), { replyTo, correlationId: String(i) })
          })))
        assert.deepEqual(answers, Array.from({ length: 100 }, (_, i) => `re: ${i}`))
      })))

  test("is told why it may not come in", async () => {
    const { port } = broker()
    await assert.rejects(connect(`amqp://guest:wrong@127.0.0.1:${port}`), /403 \(ACCESS-REFUSED\)/)
    await assert.rejects(connect(`amqp://guest:guest@127.0.0.1:${port}/none`), /ConnectionClose/)
  })

  test("is told of its consumer's end, and of the broker's", async () => {
    const own = await serve()
    const connection = await connect(own.url)
    const ended = new Promise<Error>((resolve) => connection.once("close", resolve))
    const channel = await connection.createChannel()
    await channel.assertQueue("short", { durable: false })
    const cancelled = new Promise<void>((resolve) => {
      void channel.consume("short", (message) => message === null && resolve())
    })
    await channel.checkQueue("short")
    own.server.engine()?.deleteQueue("short")
    await cancelled
    await own.stop()
    assert.match((await ended).message, /320 \(CONNECTION-FORCED\).*shutdown/)
    await assert.rejects(connect(own.url), /ECONNREFUSED|connect/i)
  })
})

/** A socket, and all that came over it. */
const raw = async (port: number): Promise<{ readonly socket: Socket; readonly came: () => Uint8Array }> => {
  const socket = dial(port, "127.0.0.1")
  const pieces: Array<Uint8Array> = []
  socket.on("data", (bytes) => void pieces.push(bytes))
  socket.on("error", () => {})
  await new Promise((resolve) => socket.once("connect", resolve))
  return { socket, came: () => Buffer.concat(pieces) }
}

describe("a peer that misbehaves", () => {
  test("and speaks another language is told which one is spoken, and closed", async () => {
    const { socket, came } = await raw(broker().port)
    socket.write("SSH-2.0-OpenSSH_9.2\r\n")
    await new Promise((resolve) => socket.once("close", resolve))
    assert.deepEqual([...came()], [0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
  })

  test("and sends noise after its greeting is closed, and nobody else is", () =>
    onChannel(broker().url, async (channel) => {
      const { socket } = await raw(broker().port)
      const closed = new Promise((resolve) => socket.once("close", resolve))
      socket.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1, ...Array.from({ length: 500 }, (_, i) => i % 256)]))
      await closed
      await channel.assertQueue("", { exclusive: true })
    }))

  test("and goes without a word leaves nothing behind", async () => {
    const { sessions } = broker().server
    await until("those of the tests before are gone", () => sessions.size === 0)
    const sockets = await Promise.all(Array.from({ length: 20 }, () => raw(broker().port)))
    await until("they are accepted", () => sessions.size === 20)
    for (const { socket } of sockets) socket.destroy()
    await until("they are gone", () => sessions.size === 0)
  })

  test("and reads nothing holds up nobody, and its messages wait in the queue", () =>
    onChannel(broker().url, async (publisher) => {
      const proxy = await startProxy(broker().port)
      const connection = await connect(proxy.through(broker().url))
      connection.on("error", () => {})
      const channel = await connection.createChannel()
      await channel.assertQueue("unread", { durable: false })
      await channel.consume("unread", () => {}, { noAck: true })
      proxy.stall(true)
      const message = Buffer.alloc(100 * KiB)
      for (let i = 0; i < 300; i++) publisher.sendToQueue("unread", message)
      await publisher.waitForConfirms()
      const { connections } = broker().server.figures()
      const waiting = Math.max(...connections.map((one) => one.waiting))
      assert.ok(waiting > 500 * KiB && waiting < 1_500 * KiB, `${waiting} bytes wait`)
      const { messageCount } = await publisher.checkQueue("unread")
      assert.ok(messageCount > 100, `${messageCount} messages wait`)
      proxy.stall(false)
      await until("all are read", () => (broker().server.engine()?.queue("unread")?.ready ?? 1) === 0)
      await connection.close()
      await proxy.close()
      await publisher.deleteQueue("unread")
    }))

  test("and publishes too much is stopped, told so, and goes on when there is room", async () => {
    const own = await serve({ limits: { memoryHigh: 4_000 * KiB, memoryLow: 2_000 * KiB } })
    const connection = await connect(own.url)
    const told: Array<string> = []
    connection.on("blocked", (reason) => told.push(reason))
    connection.on("unblocked", () => told.push("unblocked"))
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue("much", { durable: false })
    for (let i = 0; i < 200; i++) channel.sendToQueue("much", Buffer.alloc(100 * KiB))
    await until("it is told", () => told.length === 1)
    assert.ok(own.server.memory < 8_000 * KiB, `${own.server.memory} bytes are held`)
    assert.deepEqual(told, ["low on memory"])
    await onChannel(own.url, async (consumer) => {
      let count = 0
      await new Promise<void>((resolve) => {
        void consumer.consume("much", () => {
          if (++count === 200) resolve()
        }, { noAck: true })
      })
      await channel.waitForConfirms()
    })
    assert.equal(told.at(-1), "unblocked")
    await connection.close()
    await own.stop()
  })
})

describe("listen()", () => {
  const attempt = (options: Partial<Parameters<typeof listen>[0]>) => {
    const scope = Scope.makeUnsafe()
    return Effect.runPromise(
      Scope.provide(listen({ users: [], ...options }), scope).pipe(
        Effect.flip,
        Effect.ensuring(Scope.close(scope, Exit.void)),
      ),
    )
  }

  test("fails where the port is taken", async () => {
    const error = await attempt({ port: broker().port })
    assert.ok(error instanceof ListenError)
    assert.equal(error.reason, "taken")
    assert.match(error.message, /^Cannot listen on 127\.0\.0\.1:\d+ for AMQP: .+; choose another port/)
  })

  test("fails where others would reach it, unless it is told to", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1"]) {
      assert.equal((await attempt({ host })).reason, "not-loopback")
    }
    // Deno has another word for it
    const { reason } = await attempt({ host: "192.0.2.1", isPublic: true })
    assert.ok(reason === "unknown-host" || reason === "other", reason)
  })

  test("ends at once where clients do not answer", async () => {
    const own = await serve()
    const { socket } = await raw(own.port)
    const connection = await connect(own.url)
    connection.on("error", () => {})
    const { stream } = (connection as unknown as { connection: { stream: Socket } }).connection
    stream.pause()
    await own.stop()
    await until("it is closed", () => socket.destroyed)
    stream.destroy()
  })
})
