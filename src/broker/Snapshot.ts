/**
 * Everything an engine holds, as plain data: for handing the queues over to the process that takes its place.
 *
 * Written and read by `Engine`. Times are remaining times, so that the two clocks need not agree. Exclusive
 * queues are left out, since they die with their owner; consumers and counters too. Can be cloned structurally;
 * how it is sent is somebody else's business.
 */
import type { Binding, ExchangeSpec, Packet } from "../transport/mod.ts"
import type { EngineQueueSpec } from "./declare.ts"
import { Message } from "./Message.ts"

/** One message of a queue. */
export interface SavedMessage {
  readonly queue: string
  readonly exchange: string
  readonly key: string
  readonly packet: Packet
  /** Time to live that is left, ms, at least 0; absent: no limit. */
  readonly remaining?: number
  /** Whether it may have been delivered before; always for a message that was in a consumer's hand. */
  readonly redelivered: boolean
  /** How often it came back; being in a consumer's hand counts, as it does when a consumer is lost. */
  readonly deliveryCount: number
}

/** An engine's exchanges, queues, bindings and messages; the messages of a queue are in its order, head first. */
export interface Snapshot {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<EngineQueueSpec>
  readonly bindings: ReadonlyArray<Binding>
  readonly messages: ReadonlyArray<SavedMessage>
}

/** Writes one message down. `counts`: whether its queue counts returns. */
export const save = (queue: string, message: Message, held: boolean, counts: boolean, now: number): SavedMessage => ({
  queue,
  exchange: message.exchange,
  key: message.key,
  packet: message.packet,
  ...(message.expiresAt === Infinity ? {} : { remaining: Math.max(0, message.expiresAt - now) }),
  redelivered: message.redelivered || held,
  deliveryCount: message.returns + (held && counts ? 1 : 0),
})

/** Makes a message of what was written down. */
export const revive = (saved: SavedMessage, now: number): Message => {
  const expiresAt = saved.remaining === undefined ? Infinity : now + saved.remaining
  const message = new Message(saved.packet, saved.exchange, saved.key, expiresAt)
  message.redelivered = saved.redelivered
  message.returns = saved.deliveryCount
  return message
}
