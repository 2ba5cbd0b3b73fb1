/**
 * Three nodes on this machine: joined, cut and healed, seen from a quorum queue. On Bun alone, since it takes time.
 */
import assert from "node:assert/strict"
import { Buffer } from "node:buffer"
import process from "node:process"
import { afterAll, describe, test } from "#test"
import amqp from "amqplib"
import { installedServer } from "../../../scripts/rabbitmq/install.ts"
import { speaksAmqp } from "../../../scripts/rabbitmq/ports.ts"
import { type Cluster, startCluster } from "../../../scripts/rabbitmq.ts"
import { until } from "../../../scripts/rabbitmq/wait.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none"
  ? "WARREN_TEST_BROKER is none"
  : installedServer() === undefined
  ? "a cluster needs an installed server"
  : process.versions["bun"] === undefined
  ? "one runtime is enough: it only takes time"
  : undefined

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Uses a channel of its own; what becomes of its connection is told by what fails. */
const using = async <A>(url: string, use: (channel: amqp.ConfirmChannel) => Promise<A>): Promise<A> => {
  const connection = await amqp.connect(url)
  connection.on("error", () => {})
  try {
    const channel = await connection.createConfirmChannel()
    channel.on("error", () => {})
    return await use(channel)
  } finally {
    await connection.close().catch(() => {})
  }
}

/** Publishes until it is confirmed: a queue that chooses a leader refuses for a moment. */
const publish = (url: string, byte: number) =>
  until(`publish ${byte}`, () =>
    using(url, async (channel) => {
      const replicas = { "x-queue-type": "quorum", "x-quorum-initial-group-size": 3 }
      await channel.assertQueue("shared", { durable: true, arguments: replicas })
      channel.sendToQueue("shared", Buffer.from([byte]), { persistent: true })
      await channel.waitForConfirms()
      return true
    }).catch(() => false), { timeout: 20_000, pause: 100 })

/** What is in the queue, each once: publishing until it is confirmed may repeat. */
const drain = (url: string) =>
  using(url, async (channel) => {
    const bytes = new Set<number | undefined>()
    for (let message = await channel.get("shared"); message !== false; message = await channel.get("shared")) {
      bytes.add(message.content[0])
      channel.ack(message)
    }
    return [...bytes]
  })

describe("a private cluster", () => {
  let cluster: Cluster | undefined
  afterAll(() => cluster?.stop())

  test(
    "partition(): the majority goes on, the minority pauses; heal(): it is back with all data",
    { skip, timeout: 180_000 },
    async () => {
      cluster = await startCluster()
      const [first, second, third] = cluster.nodes
      assert.ok(first !== undefined && second !== undefined && third !== undefined)
      assert.equal(new Set(cluster.urls).size, 3)
      await publish(first.url, 1)
      await assert.rejects(cluster.partition(), /name some of its nodes, but not all/)
      await assert.rejects(cluster.partition(...cluster.nodes), /name some of its nodes, but not all/)

      // the queue's leader is on the first node, so that the others have to choose another
      await cluster.partition(first)
      // it keeps trying to come back every second
      await later(2_500)
      assert.equal(await first.evaluate("nodes()."), "[]")
      assert.equal(await speaksAmqp(first.port), false)
      await publish(second.url, 2)
      await publish(third.url, 3)

      await cluster.heal()
      await publish(first.url, 4)
      assert.deepEqual(await drain(first.url), [1, 2, 3, 4])

      // nodes of a cluster have the verbs of a single one
      await third.kill()
      await publish(first.url, 5)
      await third.start()
      assert.deepEqual(await drain(third.url), [5])
      await cluster.stop()
      assert.equal(second.running(), false)
    },
  )
})
