/**
 * The runtime's behaviour suite on RabbitMQ.
 */
import { describe, test } from "#test"
import { connect } from "amqplib"
import { Effect } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import { skip } from "../support/rabbit.ts"
import { wiredBroker } from "../support/wiredBroker.ts"
import { runtimeSuite } from "../../src/testing/runtimeSuite.ts"

const { url, direct, cut } = wiredBroker()

/** A queue that is deleted ends its consumers. */
const deleteQueue = async (queue: string): Promise<void> => {
  if (!queue.startsWith("warren.calls.")) return
  const connection = await connect(direct())
  const channel = await connection.createChannel()
  await channel.deleteQueue(queue)
  await connection.close()
}

runtimeSuite({
  name: "RabbitMQ",
  layer: () => layer({ url: url() }),
  features: {
    givesBack: true,
    shared: true,
    queued: true,
    oddNumbers: "RabbitMQ ends a connection that sends NaN",
    expel: (queue) => Effect.promise(() => deleteQueue(queue)),
    cut: Effect.sync(cut),
  },
  describe,
  test,
  skip,
})
