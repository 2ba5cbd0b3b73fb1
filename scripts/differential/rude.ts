/**
 * The bytes of what no client does, by its name.
 *
 * Below `Side.ts`. Each is sent on a connection that is well up to then; what follows is the server's.
 */
import { type Method, methods, writeBody, writeHeader, writeMethod } from "../../src/broker/amqp/mod.ts"
import type { Rudeness } from "./Operation.ts"

const qos: Method = { name: "basic.qos", prefetchSize: 0, prefetchCount: 1, global: false }
const publish: Method = {
  name: "basic.publish",
  exchange: "",
  routingKey: "nowhere",
  mandatory: false,
  immediate: false,
}
const { classId } = methods["basic.publish"]
const body = (length: number) => new Uint8Array(length).fill(0x62)

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const changed = (bytes: Uint8Array, at: number, to: number): Uint8Array =>
  bytes.with(at < 0 ? bytes.length + at : at, to)

/** A channel that no sequence opens. */
const closed = 77

const bytesOf: Readonly<Record<Rudeness, (channel: number, frameMax: number) => Uint8Array>> = {
  "channel-not-open": () => writeMethod(closed, qos),
  "channel-opened-twice": (channel) => writeMethod(channel, { name: "channel.open" }),
  "server-method": (channel) => writeMethod(channel, { name: "queue.bind-ok" }),
  "method-on-channel-0": () => writeMethod(0, qos),
  "open-again": () => writeMethod(0, { name: "connection.open", virtualHost: "/" }),
  "body-without-method": (channel) => writeBody(channel, body(3)),
  "header-without-method": (channel) => writeHeader({ channel, classId, size: 3, properties: {} }),
  "method-for-header": (channel) => joined(writeMethod(channel, publish), writeMethod(channel, qos)),
  "header-of-other-class": (channel) =>
    joined(writeMethod(channel, publish), writeHeader({ channel, classId: 50, size: 3, properties: {} })),
  "body-on-channel-0": () => writeBody(0, body(3)),
  "bad-end": (channel) => changed(writeMethod(channel, qos), -1, 0),
  "unknown-frame-type": (channel) => changed(writeMethod(channel, qos), 0, 5),
  "too-large": (channel, frameMax) => writeBody(channel, body(frameMax + 1)),
  "unknown-method": (channel) => changed(writeMethod(channel, qos), 10, 99),
  "heartbeat-on-channel": (channel) => changed(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0xce), 2, channel),
  "too-much-body": (channel) =>
    joined(
      writeMethod(channel, publish),
      writeHeader({ channel, classId, size: 3, properties: {} }),
      writeBody(channel, body(4)),
    ),
  "update-secret": () => writeMethod(0, { name: "connection.update-secret", newSecret: body(3), reason: "a test" }),
  "channel-beyond-max": () => writeMethod(60_000, { name: "channel.open" }),
}

/** See the top of the file. */
export const rudeBytes = (what: Rudeness, channel: number, frameMax: number): Uint8Array =>
  bytesOf[what](channel, frameMax)
