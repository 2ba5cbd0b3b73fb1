/**
 * Everything an engine holds, as plain data: for handing the queues over to the process that takes its place.
 *
 * Between `Catalog`, whose queues it reads, and `Engine`, which takes it in. Times are remaining times, so that the two clocks need not agree. Exclusive
 * queues are left out, since they die with their owner; consumers and counters too. Can be cloned structurally;
 * how it is sent is somebody else's business.
 */
import type { Binding, ExchangeSpec, Packet } from "../transport/mod.ts"
import type { Catalog } from "./Catalog.ts"
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

/** Writes down what is there. `withHeld`: also what consumers hold. */
export const takeSnapshot = (catalog: Catalog, withHeld: boolean, now: number): Snapshot => {
  const kept = [...catalog.queues.values()].filter((queue) => queue.owner === undefined)
  const names = new Set(kept.map((queue) => queue.name))
  return {
    exchanges: Array.from(catalog.exchanges.values(), (exchange) => exchange.spec),
    queues: kept.map((queue) => queue.spec),
    bindings: catalog.bindings().filter((binding) => names.has(binding.queue)),
    messages: kept.flatMap((queue) =>
      queue.contents().filter(({ held }) => withHeld || !held).map(({ message, held }) =>
        save(queue.name, message, held, queue.spec.type === "quorum", now)
      )
    ),
  }
}

/** Makes messages of those that were written down, by queue. */
export const reviveAll = (
  messages: ReadonlyArray<SavedMessage>,
  now: number,
): ReadonlyMap<string, ReadonlyArray<Message>> => {
  const queues = new Map<string, Array<Message>>()
  for (const saved of messages) {
    const list = queues.get(saved.queue)
    if (list === undefined) queues.set(saved.queue, [revive(saved, now)])
    else list.push(revive(saved, now))
  }
  return queues
}

/** Writes one message down. `counts`: whether its queue counts returns. */
const save = (queue: string, message: Message, held: boolean, counts: boolean, now: number): SavedMessage => ({
  queue,
  exchange: message.exchange,
  key: message.key,
  packet: message.packet,
  ...(message.expiresAt === Infinity ? {} : { remaining: Math.max(0, message.expiresAt - now) }),
  redelivered: message.redelivered || held,
  deliveryCount: message.returns + (held && counts ? 1 : 0),
})

/** Makes a message of what was written down. */
const revive = (saved: SavedMessage, now: number): Message => {
  const expiresAt = saved.remaining === undefined ? Infinity : now + saved.remaining
  const message = new Message(saved.packet, saved.exchange, saved.key, expiresAt)
  message.redelivered = saved.redelivered
  message.returns = saved.deliveryCount
  return message
}
