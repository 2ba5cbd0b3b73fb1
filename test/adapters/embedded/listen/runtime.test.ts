/**
 * The runtime's behaviour suite on the embedded broker, over a wire that can be cut: all of it on Bun, calls elsewhere.
 */
import { describe, test } from "#test"
import { Effect } from "effect"
import { layer } from "../../../../adapters/amqp/mod.ts"
import { runtimeSuite } from "../../../../src/testing/runtimeSuite.ts"
import { type Proxy, startProxy } from "../../../support/proxy.ts"
import { serving } from "./serving.ts"

let proxy: Proxy | undefined
const broker = serving({}, {
  started: async ({ port }) => void (proxy = await startProxy(port)),
  stopping: async () => await proxy?.close(),
})

runtimeSuite({
  name: "the embedded broker",
  layer: () => layer({ url: proxy?.through(broker().url) ?? "" }),
  features: {
    givesBack: true,
    shared: true,
    queued: true,
    oddNumbers: "a connection that sends NaN is ended by RabbitMQ, so nobody sends it",
    expel: (queue) =>
      Effect.sync(() => {
        if (queue.startsWith("warren.calls.")) broker().server.engine()?.deleteQueue(queue)
      }),
    cut: Effect.sync(() => proxy?.cut()),
  },
  describe,
  test,
  ...("Bun" in globalThis ? {} : { only: ["calls"] }),
})
