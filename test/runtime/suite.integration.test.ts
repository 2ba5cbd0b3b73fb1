/**
 * The runtime's behaviour suite on RabbitMQ.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import process from "node:process"
import { connect } from "amqplib"
import { Effect } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import { testBroker } from "../../scripts/rabbitmq.ts"
import { type Proxy, startProxy } from "../support/proxy.ts"
import { runtimeSuite } from "../../src/testing/runtimeSuite.ts"

let broker: Awaited<ReturnType<typeof testBroker>>
let proxy: Proxy | undefined
beforeAll(async () => {
  broker = await testBroker()
  if (broker !== undefined) proxy = await startProxy(Number(new URL(broker.url).port))
})
afterAll(async () => {
  await proxy?.close()
  await broker?.stop()
})

/** A queue that is deleted ends its consumers. */
const deleteQueue = async (queue: string): Promise<void> => {
  if (!queue.startsWith("warren.calls.")) return
  const connection = await connect(broker?.url ?? "")
  const channel = await connection.createChannel()
  await channel.deleteQueue(queue)
  await connection.close()
}

runtimeSuite({
  name: "RabbitMQ",
  layer: () => layer({ url: proxy?.through(broker?.url ?? "") ?? "" }),
  features: {
    givesBack: true,
    shared: true,
    queued: true,
    oddNumbers: "RabbitMQ ends a connection that sends NaN",
    expel: (queue) => Effect.promise(() => deleteQueue(queue)),
    cut: Effect.sync(() => proxy?.cut()),
  },
  describe,
  test,
  skip: process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined,
})
