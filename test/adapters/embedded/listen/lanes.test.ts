/**
 * Calls on the embedded broker with each lane past it: what is true of calls is true there, too. On Bun; lanes themselves are
 * tried on every runtime over RabbitMQ.
 */
import { describe, test } from "#test"
import { Effect, Redacted } from "effect"
import { layer } from "../../../../adapters/amqp/mod.ts"
import { runtimeSuite } from "../../../../src/testing/runtimeSuite.ts"
import { linksWith } from "../../../support/links.ts"
import { type Proxy, startProxy } from "../../../support/proxy.ts"
import { serving } from "./serving.ts"

let proxy: Proxy | undefined
const broker = serving({}, {
  started: async ({ port }) => void (proxy = await startProxy(port)),
  stopping: async () => await proxy?.close(),
})

const runs = [
  { lane: "auto", of: "NULL", links: linksWith() },
  { lane: "reply", of: "CURVE", links: linksWith(Redacted.make("a secret of these tests alone")) },
  { lane: "direct", of: "NULL", links: linksWith() },
] as const

for (const { lane, of, links } of runs) {
  runtimeSuite({
    name: `the embedded broker, lane ${lane}, ${of}`,
    layer: () => layer({ url: proxy?.through(broker().url) ?? "" }),
    features: {
      givesBack: true,
      shared: true,
      queued: lane === "direct" ? "calls go straight to the server that is known" : true,
      oddNumbers: "a connection that sends NaN is ended by RabbitMQ, so nobody sends it",
      expel: "the broker's consumers are the same on every lane",
      cut: Effect.sync(() => proxy?.cut()),
      lanes: { lane, links },
    },
    describe,
    test,
    only: ["calls"],
    skip: "Bun" in globalThis ? undefined : "tested on Bun; the lanes themselves are tried everywhere over RabbitMQ",
  })
}
