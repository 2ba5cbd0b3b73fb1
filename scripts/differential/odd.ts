/**
 * What is wrong on purpose: greetings, breaches of the protocol, arguments of queues. Below `draw.ts`.
 */
import type { Field } from "../../src/broker/amqp/mod.ts"
import type { Greeting, Rudeness } from "./Operation.ts"
import { longstr } from "./world.ts"

/** Every way to open a connection. */
export const greetings: ReadonlyArray<Greeting> = [
  "plain",
  "amqplain",
  "wrong-header",
  "wrong-password",
  "wrong-mechanism",
  "wrong-host",
  "wrong-frame-max",
  "wrong-channel-max",
]

/** Every breach of the protocol. */
export const rudenesses: ReadonlyArray<Rudeness> = [
  "channel-not-open",
  "channel-opened-twice",
  "server-method",
  "method-on-channel-0",
  "open-again",
  "body-without-method",
  "header-without-method",
  "method-for-header",
  "header-of-other-class",
  "body-on-channel-0",
  "bad-end",
  "unknown-frame-type",
  "too-large",
  "unknown-method",
  "heartbeat-on-channel",
  "too-much-body",
  "update-secret",
  "channel-beyond-max",
]

/** Arguments of queues that no server takes, or that few do. */
export const oddArguments: ReadonlyArray<readonly [string, Field]> = [
  ["x-message-ttl", { type: "signedint", value: -1 }],
  ["x-message-ttl", longstr("soon")],
  ["x-message-ttl", { type: "double", value: 1.5 }],
  ["x-message-ttl", { type: "long", value: 2 ** 40 }],
  ["x-expires", { type: "signedint", value: 0 }],
  ["x-expires", { type: "signedint", value: -5 }],
  ["x-expires", longstr("1000")],
  ["x-max-length", { type: "signedint", value: -1 }],
  ["x-max-length", longstr("3")],
  ["x-max-length-bytes", { type: "bool", value: true }],
  ["x-overflow", longstr("drop-tail")],
  ["x-overflow", { type: "signedint", value: 1 }],
  ["x-dead-letter-exchange", { type: "signedint", value: 1 }],
  ["x-dead-letter-exchange", { type: "bool", value: true }],
  ["x-dead-letter-routing-key", longstr("a")],
  ["x-dead-letter-routing-key", { type: "signedint", value: 1 }],
  ["x-single-active-consumer", longstr("true")],
  ["x-single-active-consumer", { type: "bool", value: false }],
  ["x-queue-type", longstr("other")],
  ["x-queue-type", { type: "signedint", value: 1 }],
  ["x-queue-mode", longstr("busy")],
  ["x-max-priority", { type: "signedint", value: 300 }],
  ["x-max-priority", { type: "signedint", value: -1 }],
  ["x-delivery-limit", { type: "signedint", value: 3 }],
  ["x-delivery-limit", { type: "signedint", value: -1 }],
  ["x-consumer-timeout", { type: "signedint", value: 100_000 }],
  ["x-unheard-of", { type: "signedint", value: 1 }],
]
