/**
 * A server's figures in the words of RabbitMQ's management API: queues, exchanges, bindings, consumers, connections, the node.
 *
 * Between `figures.ts` and `routes.ts`. Fields are RabbitMQ's, and only those that mean the same here: a tool that reads them need
 * not know which broker it asks. Pure; times are ms, sizes bytes.
 */
import type { Field } from "../amqp/mod.ts"
import type { Arguments, Value } from "../Arguments.ts"
import type { QueueCounters } from "../Counters.ts"
import type {
  ChannelFigures,
  ConnectionFigures,
  ConsumerFigures,
  ServerFigures,
  VirtualHostFigures,
} from "../server/figures.ts"
import type { ExchangeSpec } from "../specs.ts"
import { audienceOf, type QueueView } from "../View.ts"

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** One queue, without its consumers. */
export const queueForm = (vhost: string, node: string, queue: QueueView): Json => {
  const { name, spec, ready, unacked, bytes, readyBytes, counters } = queue
  return {
    name,
    vhost,
    type: spec.type,
    durable: spec.durable,
    auto_delete: spec.autoDelete,
    exclusive: spec.exclusive,
    arguments: spec.arguments === undefined ? {} : plainOf(spec.arguments),
    node,
    state: "running",
    policy: null,
    operator_policy: null,
    effective_policy_definition: {},
    messages: ready + unacked,
    messages_ready: ready,
    messages_unacknowledged: unacked,
    message_bytes: bytes,
    message_bytes_ready: readyBytes,
    message_bytes_unacknowledged: bytes - readyBytes,
    consumers: audienceOf(queue),
    message_stats: statsOf(counters),
  }
}

/** Totals since the queue was declared; there are no rates. */
const statsOf = ({ entered, delivered, redelivered, acked }: QueueCounters): Json => ({
  publish: entered,
  deliver_get: delivered,
  redeliver: redelivered,
  ack: acked,
})

/** One exchange. */
export const exchangeForm = (vhost: string, spec: ExchangeSpec): Json => ({
  name: spec.name,
  vhost,
  type: spec.type,
  durable: spec.durable ?? true,
  auto_delete: spec.autoDelete ?? false,
  internal: spec.internal ?? false,
  arguments: {
    ...(spec.alternate !== undefined && { "alternate-exchange": spec.alternate }),
    ...(spec.arguments !== undefined && plainOf(spec.arguments)),
  },
  policy: null,
})

/** Every binding of a virtual host; that of each queue to the default exchange comes first. */
export const bindingForms = ({ name: vhost, queues, bindings, links }: VirtualHostFigures): ReadonlyArray<Json> => [
  ...queues.map(({ name }) => bindingForm(vhost, "", name, "queue", name, undefined)),
  ...bindings.map(({ exchange, queue, key, arguments: args }) =>
    bindingForm(vhost, exchange, queue, "queue", key, args)
  ),
  ...links.map(({ exchange, target, key, arguments: args }) =>
    bindingForm(vhost, exchange, target, "exchange", key, args)
  ),
]

const bindingForm = (
  vhost: string,
  source: string,
  destination: string,
  kind: "queue" | "exchange",
  key: string,
  args: Arguments | undefined,
): Json => ({
  source,
  vhost,
  destination,
  destination_type: kind,
  routing_key: key,
  arguments: args === undefined ? {} : plainOf(args),
  properties_key: key === "" ? "~" : encodeURIComponent(key),
})

/** One consumer, with the connection that holds it. */
export const consumerForm = (
  vhost: string,
  node: string,
  consumer: ConsumerFigures,
  connection: ConnectionFigures | undefined,
): Json => ({
  consumer_tag: consumer.tag,
  queue: { name: consumer.queue, vhost },
  channel_details: connection === undefined ? {} : channelDetails(connection, consumer.channel, node),
  prefetch_count: consumer.prefetch,
  ack_required: !consumer.noAck,
  exclusive: consumer.exclusive,
  active: consumer.active,
  activity_status: consumer.active ? "up" : "waiting",
  arguments: consumer.priority === 0 ? {} : { "x-priority": consumer.priority },
})

const channelDetails = (connection: ConnectionFigures, number: number, node: string): Json => ({
  connection_name: nameOf(connection, node),
  name: `${nameOf(connection, node)} (${number})`,
  node,
  number,
  peer_host: connection.peer.host,
  peer_port: connection.peer.port,
  user: connection.user,
})

/** By which a connection is told from the others. */
const nameOf = ({ peer: { host, port } }: ConnectionFigures, node: string): string => `${host}:${port} -> ${node}`

/** One connection that is open. */
export const connectionForm = (connection: ConnectionFigures, node: string): Json => ({
  name: nameOf(connection, node),
  node,
  vhost: connection.vhost,
  user: connection.user,
  peer_host: connection.peer.host,
  peer_port: connection.peer.port,
  state: connection.state,
  connected_at: connection.since,
  protocol: "AMQP 0-9-1",
  channels: connection.channels.length,
  recv_oct: connection.received,
  send_pend: connection.waiting,
  client_properties: connection.client,
  ...(connection.client["connection_name"] !== undefined && {
    user_provided_name: connection.client["connection_name"],
  }),
})

/** One channel of a connection. */
export const channelForm = (connection: ConnectionFigures, channel: ChannelFigures, node: string): Json => ({
  name: `${nameOf(connection, node)} (${channel.number})`,
  number: channel.number,
  node,
  vhost: connection.vhost,
  user: connection.user,
  state: connection.state,
  consumer_count: channel.consumers,
  messages_unacknowledged: channel.unacked,
  messages_unconfirmed: channel.unconfirmed,
  confirm: channel.confirms,
  transactional: channel.transactional,
  prefetch_count: channel.prefetch,
  global_prefetch_count: channel.prefetchGlobal,
  message_stats: { publish: channel.published },
  connection_details: {
    name: nameOf(connection, node),
    peer_host: connection.peer.host,
    peer_port: connection.peer.port,
  },
})

/** The one node: what its messages take, and whether publishers are stopped for want of memory or disk. */
export const nodeForm = ({ name, memory }: ServerFigures): Json => ({
  name,
  type: "disc",
  running: true,
  mem_used: memory.used,
  mem_limit: memory.high,
  mem_alarm: /memory/.test(memory.alarm),
  disk_free_alarm: /disk/.test(memory.alarm),
  partitions: [],
})

/** The server as a whole. */
export const overviewForm = (figures: ServerFigures): Json => {
  const { name, version, virtualHosts, connections } = figures
  const queues = virtualHosts.flatMap((one) => one.queues)
  const sum = (of: (queue: QueueView) => number) => queues.reduce((total, queue) => total + of(queue), 0)
  return {
    management_version: version,
    product_name: "Warren",
    product_version: version,
    cluster_name: name,
    node: name,
    object_totals: {
      connections: connections.length,
      channels: connections.reduce((total, { channels }) => total + channels.length, 0),
      consumers: virtualHosts.reduce((total, { consumers }) => total + consumers.length, 0),
      exchanges: virtualHosts.reduce((total, { exchanges }) => total + exchanges.length, 0),
      queues: queues.length,
    },
    queue_totals: {
      messages: sum(({ ready, unacked }) => ready + unacked),
      messages_ready: sum(({ ready }) => ready),
      messages_unacknowledged: sum(({ unacked }) => unacked),
    },
    message_stats: {
      publish: virtualHosts.reduce((total, { counters }) => total + counters.published, 0),
      deliver_get: virtualHosts.reduce((total, { counters }) => total + counters.delivered, 0),
      ack: virtualHosts.reduce((total, { counters }) => total + counters.acked, 0),
    },
  }
}

/** Arguments as JSON has them, without their types. */
const plainOf = (args: Arguments): Json =>
  Object.fromEntries(Array.from(args, ([name, value]) => [name, plain(value)] as const))

const plain = ({ value }: Value | Field): unknown => {
  if (typeof value === "bigint") return Number(value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Map) return plainOf(value)
  if (Array.isArray(value)) return (value as ReadonlyArray<Value>).map(plain)
  return typeof value === "object" && value !== null ? { ...value } : value
}
