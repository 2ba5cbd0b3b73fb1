/**
 * The runtime's behaviour suite on RabbitMQ with the lanes past it: what is true of calls is true on each of them.
 */
import { afterAll, beforeAll, describe, test } from "#test"
import process from "node:process"
import { Effect } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import { layerStreams, openLinks } from "../../adapters/zeromq/mod.ts"
import { testBroker } from "../../scripts/rabbitmq.ts"
import { runtimeSuite } from "../../src/testing/runtimeSuite.ts"
import { type Proxy, startProxy } from "../support/proxy.ts"

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

const links = Effect.provide(openLinks({ local: "127.0.0.1", maxMessageBytes: 17 * 1024 * 1024 }), layerStreams)

for (const lane of ["reply", "direct", "auto"] as const) {
  runtimeSuite({
    name: `RabbitMQ, lane ${lane}`,
    layer: () => layer({ url: proxy?.through(broker?.url ?? "") ?? "" }),
    features: {
      givesBack: true,
      shared: true,
      queued: lane === "direct" ? "calls go straight to the server that is known" : true,
      oddNumbers: "RabbitMQ ends a connection that sends NaN",
      expel: "the broker's consumers are the same on every lane",
      cut: Effect.sync(() => proxy?.cut()),
      lanes: { lane, links },
    },
    describe,
    test,
    // events are the same on every lane, and deaths only differ past the broker
    only: [
      "calls",
      "deadlines and interruption",
      "handlers that misbehave",
      "hosts",
      ...(lane === "direct" ? ["presence"] as const : []),
    ],
    skip: process.env["WARREN_TEST_BROKER"] === "none" ? "WARREN_TEST_BROKER is none" : undefined,
  })
}
