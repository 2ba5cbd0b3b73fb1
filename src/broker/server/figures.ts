/**
 * What a server looks like from outside, as plain data: its virtual hosts, queues, connections, channels and consumers.
 *
 * Made by `Server.ts`; a copy of the moment. What RabbitMQ's management API would say of the same, in one place and typed.
 */
import type { QueueView, View } from "../View.ts"

/** A consumer of a queue. */
export interface ConsumerFigures {
  readonly queue: string
  readonly tag: string
  /** Of its connection, and the number of its channel. */
  readonly connection: number
  readonly channel: number
  /** Deliveries in hand at most; 0: no limit. */
  readonly prefetch: number
  readonly unacked: number
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** Whether it may get messages: the others of a queue with a single active consumer wait. */
  readonly active: boolean
}

/** A channel. */
export interface ChannelFigures {
  readonly number: number
  readonly consumers: number
  readonly unacked: number
  /** Publishes so far. */
  readonly published: number
  /** Publishes that were not confirmed yet. */
  readonly unconfirmed: number
  readonly confirms: boolean
  readonly transactional: boolean
  readonly prefetch: number
  readonly prefetchGlobal: number
}

/** A connection. */
export interface ConnectionFigures {
  readonly id: number
  readonly vhost: string
  readonly user: string
  readonly peer: { readonly host: string; readonly port: number }
  readonly state: string
  /** When it was accepted, ms since the epoch. */
  readonly since: number
  /** What its client says of itself, as text, without its capabilities. */
  readonly client: Readonly<Record<string, string>>
  /** Bytes received so far. */
  readonly received: number
  /** Bytes that its peer has not read yet. */
  readonly waiting: number
  /** Bytes of messages that are not whole yet. */
  readonly partial: number
  readonly channels: ReadonlyArray<ChannelFigures>
}

/** One virtual host. */
export interface VirtualHostFigures extends View {
  readonly name: string
  readonly queues: ReadonlyArray<QueueView>
  readonly consumers: ReadonlyArray<ConsumerFigures>
}

/** A whole server. */
export interface ServerFigures {
  /** What clients know it by, and its version. */
  readonly name: string
  readonly version: string
  /** The names of those who may connect: each may do everything. */
  readonly users: ReadonlyArray<string>
  readonly virtualHosts: ReadonlyArray<VirtualHostFigures>
  readonly connections: ReadonlyArray<ConnectionFigures>
  /** Bytes of messages and buffers, and where publishers are stopped and let on again; `alarm`: why they are now, or empty. */
  readonly memory: { readonly used: number; readonly high: number; readonly low: number; readonly alarm: string }
  /** Connections that were accepted, and those that were refused because there were too many. */
  readonly accepted: number
  readonly refused: number
  /** Mistakes of this side that ended a connection. */
  readonly defects: number
}
