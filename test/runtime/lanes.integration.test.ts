/**
 * The runtime's behaviour suite on RabbitMQ with the lanes past it: what is true of calls is true on each of them.
 */
import { describe, test } from "#test"
import { Effect, Redacted } from "effect"
import { layer } from "../../adapters/amqp/mod.ts"
import { runtimeSuite } from "../../src/testing/runtimeSuite.ts"
import { linksWith } from "../support/links.ts"
import { skip } from "../support/rabbit.ts"
import { wiredBroker } from "../support/wiredBroker.ts"

const { url, cut } = wiredBroker()

const secret = Redacted.make("a secret of these tests alone")

// events are the same on every lane, and deaths only differ past the broker
const usual = ["calls", "deadlines and interruption", "handlers that misbehave", "hosts"] as const
const runs = [
  { lane: "reply", of: "NULL", links: linksWith(), only: usual },
  { lane: "direct", of: "NULL", links: linksWith(), only: [...usual, "presence", "following", "tapping"] },
  { lane: "auto", of: "NULL", links: linksWith(), only: usual },
  { lane: "reply", of: "CURVE", links: linksWith(secret), only: ["calls"] },
  { lane: "direct", of: "CURVE", links: linksWith(secret), only: ["calls"] },
] as const

for (const { lane, of, links, only } of runs) {
  runtimeSuite({
    name: `RabbitMQ, lane ${lane}, ${of}`,
    layer: () => layer({ url: url() }),
    features: {
      givesBack: true,
      shared: true,
      queued: lane === "direct" ? "calls go straight to the server that is known" : true,
      oddNumbers: "RabbitMQ ends a connection that sends NaN",
      expel: "the broker's consumers are the same on every lane",
      cut: Effect.sync(cut),
      lanes: { lane, links },
    },
    describe,
    test,
    only,
    skip,
  })
}
