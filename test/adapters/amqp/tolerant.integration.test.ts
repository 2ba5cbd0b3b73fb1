/**
 * A dead-letter queue that an older version made keeps nobody from starting: it is used as it is, and the log says so once.
 */
import assert from "node:assert/strict"
import { Effect, Layer, Logger, Schema } from "effect"
import { layer } from "../../../adapters/amqp/mod.ts"
import { api, event } from "../../../src/contract/mod.ts"
import { on } from "../../../src/runtime/mod.ts"
import { openProcess } from "../../../src/testing/openProcess.ts"
import { deadTopology, QueueName } from "../../../src/wire/mod.ts"
import { describe, test } from "#test"
import { onChannel } from "../../support/onChannel.ts"
import { rabbit, skip } from "../../support/rabbit.ts"

const url = rabbit()

const Shop = api("shop", { sold: event({ sku: Schema.String }) })

/** Starts an app whose dead-letter queue was made with these arguments; gives what the log said of it. */
const start = async (more: Readonly<Record<string, unknown>>): Promise<ReadonlyArray<string>> => {
  const app = `old-${crypto.randomUUID().slice(0, 8)}`
  const queue = QueueName.dead(app)
  await onChannel(url(), async (channel) => {
    await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum", ...more } })
  })
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const transport = Layer.fresh(layer({ url: url(), name: "tolerant" }))
  await Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const { core } = yield* openProcess({ [app]: { sold: on(Shop.sold, () => {}) } }, {})
      yield* core.transport.declare(deadTopology(app))
    })).pipe(Effect.provide(transport), Effect.provide(Logger.layer([logger]))),
  )
  await onChannel(url(), async (channel) => {
    await channel.deleteQueue(queue)
    await channel.deleteQueue(QueueName.listener(app, "sold"))
  })
  return lines.filter((line) => line.includes(queue))
}

describe("a dead-letter queue that is there already", () => {
  test("without a delivery limit is used, and a policy is named that gives it one", { skip }, async () => {
    const lines = await start({})
    assert.equal(lines.length, 1, lines.join("\n"))
    assert.match(lines[0]!, /exists without the "x-delivery-limit" 1000000000 of today.*from version 4 on/)
    assert.match(
      lines[0]!,
      /rabbitmqctl set_policy --apply-to queues "warren\.dead\.old-\w+" "\^warren\\\.dead\\\.old-\w+\$" '\{"delivery-limit":1000000000\}'/,
    )
  })

  test("with a lower one is used, and it is said what that costs", { skip }, async () => {
    const lines = await start({ "x-delivery-limit": 7 })
    assert.equal(lines.length, 1, lines.join("\n"))
    assert.match(
      lines[0]!,
      /exists with "x-delivery-limit" 7 in place of.*after 7 looks at it.*empty, and it is made anew$/,
    )
  })

  test("as it is made today is no news", { skip }, async () => {
    assert.deepEqual(await start({ "x-delivery-limit": 1_000_000_000 }), [])
  })

  test("that differs in something else is refused", { skip }, async () => {
    await assert.rejects(start({ "x-message-ttl": 60_000 }), /exists with other properties, "x-message-ttl"/)
  })
})
