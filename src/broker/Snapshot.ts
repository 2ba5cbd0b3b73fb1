/**
 * Everything an engine holds, as plain data: for handing the queues over to the process that takes its place.
 *
 * Between `Catalog`, whose queues it reads, and `Engine`, which takes it in. Times are remaining times, so that the two clocks need not agree. Exclusive
 * queues are left out, since they die with their owner; consumers and counters too. Can be cloned structurally;
 * how it is sent is somebody else's business.
 */
import type { Packet } from "../transport/mod.ts"
import type { Catalog } from "./Catalog.ts"
import { commonOf, Message } from "./Message.ts"
import type { Payload } from "./Payload.ts"
import type { Binding, ExchangeBinding, ExchangeSpec, QueueSpec } from "./specs.ts"

/** One message of a queue. */
export interface SavedMessage<P = Packet> {
  readonly queue: string
  readonly exchange: string
  readonly key: string
  readonly packet: P
  /** Further keys it was published with. @default none */
  readonly carbons?: ReadonlyArray<string>
  /** Time to live that is left, ms, at least 0; absent: no limit. */
  readonly remaining?: number
  /** Whether it may have been delivered before; always for a message that was in a consumer's hand. */
  readonly redelivered: boolean
  /** How often it came back; being in a consumer's hand counts, as it does when a consumer is lost. */
  readonly deliveryCount: number
}

/** An engine's exchanges, queues, bindings and messages; the messages of a queue are in its order, head first. */
export interface Snapshot<P = Packet> {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<QueueSpec>
  readonly bindings: ReadonlyArray<Binding>
  /** Of exchanges to each other. @default none */
  readonly links?: ReadonlyArray<ExchangeBinding>
  readonly messages: ReadonlyArray<SavedMessage<P>>
}

/** Writes down what is there. `withHeld`: also what consumers hold. */
export const takeSnapshot = <P>(catalog: Catalog<P>, withHeld: boolean, now: number): Snapshot<P> => {
  const kept = [...catalog.queues.values()].filter((queue) => queue.owner === undefined)
  const names = new Set(kept.map((queue) => queue.name))
  const links = catalog.links()
  return {
    exchanges: Array.from(catalog.exchanges.values(), (exchange) => exchange.spec),
    queues: kept.map((queue) => queue.spec),
    bindings: catalog.bindings().filter((binding) => names.has(binding.queue)),
    ...(links.length === 0 ? {} : { links }),
    messages: kept.flatMap((queue) =>
      queue.contents().filter(({ held }) => withHeld || !held).map(({ message, held }) =>
        save(queue.name, message, held, queue.spec.type === "quorum", now)
      )
    ),
  }
}

/** Makes messages of those that were written down, by queue. */
export const reviveAll = <P>(
  messages: ReadonlyArray<SavedMessage<P>>,
  now: number,
  payload: Payload<P>,
): ReadonlyMap<string, ReadonlyArray<Message<P>>> => {
  const queues = new Map<string, Array<Message<P>>>()
  for (const saved of messages) {
    const list = queues.get(saved.queue)
    if (list === undefined) queues.set(saved.queue, [revive(saved, now, payload)])
    else list.push(revive(saved, now, payload))
  }
  return queues
}

/** Writes one message down. `counts`: whether its queue counts returns. */
const save = <P>(queue: string, message: Message<P>, held: boolean, counts: boolean, now: number): SavedMessage<P> => ({
  queue,
  exchange: message.exchange,
  key: message.key,
  packet: message.packet,
  ...(message.carbons === undefined ? {} : { carbons: message.carbons }),
  ...(message.expiresAt === Infinity ? {} : { remaining: Math.max(0, message.expiresAt - now) }),
  redelivered: message.redelivered || held,
  deliveryCount: message.returns + (held && counts ? 1 : 0),
})

/** Makes a message of what was written down. */
const revive = <P>(saved: SavedMessage<P>, now: number, payload: Payload<P>): Message<P> => {
  const { packet, exchange, key, remaining } = saved
  const expiresAt = remaining === undefined ? Infinity : now + remaining
  const message = new Message(packet, exchange, key, expiresAt, payload.size(packet))
  message.redelivered = saved.redelivered
  message.returns = saved.deliveryCount
  message.carbons = saved.carbons
  message.common = commonOf(packet, payload)
  return message
}
