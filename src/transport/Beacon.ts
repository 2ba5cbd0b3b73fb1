/**
 * What a process says of itself to other programs of its user on its machine: which broker it is on, above all.
 *
 * Presence reaches only those on the same broker; a beacon reaches whoever looks for a process that is missing there.
 * Plain data: written and read by `adapters/beacons`, compared by the inspect room. Holds no secret.
 */
import { Schema } from "effect"
import { brokerUrls } from "./BrokerUrl.ts"

const text = Schema.String.check(Schema.isMaxLength(512))
const names = Schema.Array(text).check(Schema.isMaxLength(1_000))
const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Which broker a process is on, comparable and without a password. */
export const BrokerAt = Schema.Struct({
  kind: Schema.Literals(["rabbitmq", "in-process"]),
  /** As people write it: `amqp://localhost:5673/`, or `in-process`. */
  label: Schema.String.check(Schema.isMaxLength(4_096)),
  /** Host and port of each node that was named: `localhost:5673`. */
  addresses: names,
  vhost: text,
  /** The broker's name and version, and the name of its cluster, where it said so. */
  server: Schema.optionalKey(text),
  cluster: Schema.optionalKey(text),
})

/** Which broker a process is on, comparable and without a password. */
export type BrokerAt = typeof BrokerAt.Type

/** One process of Warren on this machine. */
export const Beacon = Schema.Struct({
  instance: text,
  apps: names,
  /** Types of the events it has emitted, as far as it said so. */
  emits: names,
  pid: count,
  host: text,
  /** `bun 1.4.5`. */
  runtime: text,
  /** The program's own version; `""`: it does not say. */
  version: text,
  /** ms since the epoch. */
  startedAt: count,
  broker: BrokerAt,
  /** Where its gateway is: `http://127.0.0.1:8080`. */
  gateway: Schema.optionalKey(text),
})

/** One process of Warren on this machine. */
export type Beacon = typeof Beacon.Type

const usual: Readonly<Record<string, number>> = { "amqp:": 5672, "amqps:": 5671 }

/** The broker that a URL names (several URLs, or hosts, with commas); `undefined`: the one inside the process. */
export const brokerAt = (url: string | undefined): BrokerAt => {
  const urls = url === undefined ? [] : brokerUrls(url) ?? []
  if (urls.length === 0) return { kind: "in-process", label: "in-process", addresses: [], vhost: "/" }
  const each = urls.map((one) => {
    const { protocol, hostname, port, pathname } = new URL(one)
    return { scheme: protocol, address: `${hostname}:${port || usual[protocol]}`, path: pathname || "/" }
  })
  return {
    kind: "rabbitmq",
    label: each.map(({ scheme, address, path }) => `${scheme}//${address}${path}`).join(","),
    addresses: each.map(({ address }) => address),
    vhost: vhostOf(each[0]!.path),
  }
}

const vhostOf = (path: string): string => {
  const name = path.slice(1)
  if (name === "") return "/"
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
