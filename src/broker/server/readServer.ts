/**
 * Reads the figures of a server.
 *
 * Beside `Server.ts`, for `figures.ts`. Copies; changes nothing.
 */
import type { Table } from "../amqp/mod.ts"
import type { Channel } from "./Channel.ts"
import type { ChannelFigures, ConnectionFigures, ConsumerFigures, ServerFigures } from "./figures.ts"
import type { Server } from "./Server.ts"
import type { Session } from "./Session.ts"

/** Everything as it is now. */
export const readServer = (server: Server): ServerFigures => ({
  name: server.name,
  version: server.version,
  users: server.users.map(({ user }) => user),
  virtualHosts: Array.from(server.virtualHosts.values(), ({ name, engine }) => ({
    ...engine.view(),
    name,
    consumers: [...server.sessions].flatMap(([session, id]) =>
      session.vhost?.name === name ? consumersOf(session, id) : []
    ),
  })),
  connections: Array.from(server.sessions, ([session, id]) => connectionOf(session, id)),
  memory: {
    used: server.memory,
    high: server.limits.memoryHigh,
    low: server.limits.memoryLow,
    alarm: server.alarm ?? "",
  },
  accepted: server.accepted,
  refused: server.refused,
  defects: server.defects,
})

const finite = (limit: number): number => Number.isFinite(limit) ? limit : 0

const consumersOf = (session: Session, connection: number): ReadonlyArray<ConsumerFigures> =>
  [...session.channels.values()].flatMap((channel) =>
    Array.from(channel.consumers, ([tag, consumer]) => ({
      queue: consumer.queue.name,
      tag,
      connection,
      channel: channel.id,
      prefetch: finite(consumer.prefetch),
      unacked: consumer.held,
      noAck: consumer.noAck,
      exclusive: consumer.exclusive,
      priority: consumer.priority,
      active: consumer.queue.active === undefined || consumer.queue.active === consumer,
    }))
  )

const channelOf = (channel: Channel): ChannelFigures => ({
  number: channel.id,
  consumers: channel.consumers.size,
  unacked: channel.unacked.size,
  published: channel.published,
  unconfirmed: channel.confirms?.pending ?? 0,
  confirms: channel.confirms !== undefined,
  transactional: channel.transaction !== undefined,
  prefetch: channel.prefetch,
  prefetchGlobal: channel.prefetchGlobal,
})

const connectionOf = (session: Session, id: number): ConnectionFigures => ({
  id,
  vhost: session.vhost?.name ?? "",
  user: session.user,
  peer: session.origin,
  state: session.isBlocked ? "blocked" : session.state,
  since: session.since,
  client: textsOf(session.clientProperties),
  received: session.received,
  waiting: session.waiting,
  partial: session.partial,
  channels: Array.from(session.channels.values(), channelOf),
})

const textsOf = (properties: Table): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...properties].flatMap(([name, { value }]) => typeof value === "string" ? [[name, value]] : []),
  )
