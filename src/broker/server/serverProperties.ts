/**
 * What the server says of itself when a client connects.
 *
 * The capabilities are RabbitMQ's that hold here; clients decide by them what they may use. By product and version they
 * decide what a method means: whether a prefetch that changes holds for consumers that are there, for one. It is as RabbitMQ
 * 3.10 has it, so that is what is said, as a browser says Mozilla; who it really is stands in the platform.
 */
import type { Field, Table } from "../amqp/mod.ts"

const capabilities = [
  "publisher_confirms",
  "exchange_exchange_bindings",
  "basic.nack",
  "consumer_cancel_notify",
  "connection.blocked",
  "consumer_priorities",
  "authentication_failure_close",
  "per_consumer_qos",
  "direct_reply_to",
]

/** See the top of the file. */
export const serverProperties = (version: string, name: string): Table => {
  const text = (value: string): Field => ({ type: "longstr", value })
  return new Map<string, Field>([
    ["capabilities", {
      type: "table",
      value: new Map(capabilities.map((capability) => [capability, { type: "bool", value: true }] as const)),
    }],
    ["cluster_name", text(name)],
    ["product", text("RabbitMQ")],
    ["version", text("3.10.8")],
    ["platform", text(`Warren ${version}`)],
    ["information", text("The broker embedded in Warren, which does as RabbitMQ 3.10 does")],
  ])
}
