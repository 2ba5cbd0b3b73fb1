/**
 * The same tree of spans over RabbitMQ.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import process from "node:process"
import { testBroker } from "../../scripts/rabbitmq.ts"
import { tracesCase } from "./tracesCase.ts"

const skip = process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined

let broker: Awaited<ReturnType<typeof testBroker>>
beforeAll(async () => {
  broker = await testBroker()
})
afterAll(() => broker?.stop())

describe("spans over RabbitMQ", () => {
  test("of a call, the calls it makes, an event and its retry are one tree", { skip }, () => tracesCase(broker?.url))
})
