/**
 * The port's behaviour suite on RabbitMQ.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import process from "node:process"
import { layer } from "../../../adapters/amqp/mod.ts"
import { testBroker } from "../../../scripts/rabbitmq.ts"
import { transportSuite } from "../../../src/testing/transportSuite.ts"

let broker: Awaited<ReturnType<typeof testBroker>>
beforeAll(async () => {
  broker = await testBroker()
})
afterAll(() => broker?.stop())

transportSuite({
  name: "RabbitMQ",
  layer: () => layer({ url: broker?.url ?? "" }),
  features: { shared: true, givesBack: true, expires: true },
  describe,
  test,
  skip: process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined,
})
