/**
 * `basic.qos`, `consume`, `cancel`, `get`: how messages reach a channel.
 *
 * Above the engine; a table for `Channel.ts`. Everything a consumer is given goes past the shares of its channel (prefetch)
 * and its connection (bytes that the peer has not taken), so that a slow peer holds up nobody else.
 */
import type { MethodOf, Table } from "../amqp/mod.ts"
import type { Consumer, Hand } from "../Consumer.ts"
import type { Channel } from "./Channel.ts"
import { type Content, withDeliveryCount, withoutBlind } from "./Content.ts"
import { replyQueue } from "./DirectReplies.ts"
import type { Handlers } from "./Handlers.ts"
import { ensure, isRefusal, meant, told } from "./naming.ts"
import { named, refused } from "./refusal.ts"

type Consume = MethodOf<"basic.consume">

const consume = (channel: Channel, method: Consume): MethodOf<"basic.consume-ok"> => {
  const { engine, session, vhost } = channel
  const name = meant(channel, method.queue)
  const consumerTag = tagFor(channel, method.consumerTag)
  const inUse = refused("ACCESS_REFUSED", `${named("queue", name, vhost.name)} in exclusive use`)
  const { spec } = ensure(engine.look(name, session), channel)
  let isOver = false
  const priority = priorityOf(method.arguments, name, vhost.name)
  if (spec.type === "quorum") checkQuorum(channel, method, name)
  // whoever is alone leaves nobody to take over
  if (method.exclusive && spec.singleActiveConsumer && spec.type === "classic") throw inUse
  // quorum queues do not look at the prefetch of a channel
  const shares = spec.type === "quorum" ? [session.share] : [session.share, channel.share]
  const started = engine.consume(name, {
    owner: session,
    prefetch: channel.prefetch,
    noAck: method.noAck,
    exclusive: method.exclusive,
    priority,
    shares,
    deliver: (hand) => deliver(channel, consumerTag, hand, method.noAck),
    cancelled: () => {
      isOver = true
      cancelled(channel, consumerTag)
    },
  })
  if (isRefusal(started)) {
    throw started._tag === "InUse" ? inUse : told(started, vhost.name)
  }
  if (!isOver) channel.consumers.set(consumerTag, started)
  return { name: "basic.consume-ok", consumerTag }
}

/** What RabbitMQ does not do with a quorum queue; throws. */
const checkQuorum = ({ prefetchGlobal, vhost }: Channel, method: Consume, name: string): void => {
  const which = named("queue", name, vhost.name)
  if (method.arguments.has("x-cancel-on-ha-failover")) {
    throw refused("PRECONDITION_FAILED", `invalid arg 'x-cancel-on-ha-failover' for ${which} of queue type quorum`)
  }
  if (prefetchGlobal > 0) throw refused("NOT_IMPLEMENTED", `${which} does not support global qos`)
}

const deliver = (channel: Channel, consumerTag: string, hand: Hand<Content>, isDone: boolean): void => {
  const deliveryTag = channel.nextTag()
  if (!isDone) channel.unacked.set(deliveryTag, { hand, consumerTag })
  const { redelivered, exchange, key: routingKey } = hand
  channel.sendContent(
    { name: "basic.deliver", consumerTag, deliveryTag, redelivered, exchange, routingKey },
    contentOf(hand, false),
  )
}

/** A quorum queue says how often a message came back; to consumers, once it did. */
const contentOf = ({ consumer, packet, deliveryCount }: Hand<Content>, isAsked: boolean): Content =>
  consumer.queue.spec.type === "quorum" && (isAsked || deliveryCount > 0)
    ? withDeliveryCount(packet, deliveryCount)
    : packet

/** The queue is gone; those who said that they understand are told. */
const cancelled = (channel: Channel, consumerTag: string): void => {
  const consumer = channel.consumers.get(consumerTag)
  if (consumer === undefined) return
  retire(channel, consumerTag, consumer)
  if (channel.session.can("consumer_cancel_notify")) {
    channel.send({ name: "basic.cancel", consumerTag, noWait: true })
  }
}

const retire = (channel: Channel, consumerTag: string, consumer: Consumer<Content>): void => {
  channel.consumers.delete(consumerTag)
  channel.prune()
  if (consumer.held > 0) channel.cancelled.set(consumer, consumerTag)
}

const tagFor = (channel: Channel, said: string): string => {
  if (said === "") return `amq.ctag-${channel.session.server.newName()}`
  if (channel.consumers.has(said)) {
    throw refused("NOT_ALLOWED", `attempt to reuse consumer tag '${said}'`)
  }
  return said
}

const priorityOf = (args: Table, queue: string, vhost: string): number => {
  const field = args.get("x-priority")
  if (field === undefined) return 0
  if (typeof field.value === "number" && Number.isInteger(field.value)) return field.value
  throw refused(
    "PRECONDITION_FAILED",
    `invalid arg 'x-priority' for ${named("queue", queue, vhost)}: "expected integer, got ${field.type}"`,
  )
}

const consumeReplies = (channel: Channel, method: Consume): undefined => {
  const { vhost, session } = channel
  const consumerTag = tagFor(channel, method.consumerTag)
  if (channel.replies !== undefined) throw refused("PRECONDITION_FAILED", "reply consumer already set")
  if (!method.noAck) throw refused("PRECONDITION_FAILED", "reply consumer cannot acknowledge")
  const address = `${replyQueue}.${session.server.newName()}`
  channel.replies = { consumerTag, address }
  vhost.replies.add(address, {
    reply: (routingKey, content) => {
      if (!session.takesMore) return false
      const deliveryTag = channel.comingTag
      channel.sendContent(
        { name: "basic.deliver", consumerTag, deliveryTag, redelivered: false, exchange: "", routingKey },
        withoutBlind(content),
      )
      return true
    },
  })
  if (!method.noWait) channel.send({ name: "basic.consume-ok", consumerTag })
}

const cancel = (channel: Channel, consumerTag: string): void => {
  if (channel.replies?.consumerTag === consumerTag) {
    channel.vhost.replies.remove(channel.replies.address)
    channel.replies = undefined
    return
  }
  const consumer = channel.consumers.get(consumerTag)
  if (consumer === undefined) return
  // an auto-delete queue goes with its last consumer, who knows of it
  channel.consumers.delete(consumerTag)
  channel.engine.cancel(consumer)
  retire(channel, consumerTag, consumer)
}

const get = (channel: Channel, { queue, noAck }: MethodOf<"basic.get">): undefined => {
  const name = meant(channel, queue)
  const got = channel.engine.get(name, { owner: channel.session, noAck })
  if (isRefusal(got)) throw told(got, channel.vhost.name)
  if (got === undefined) return channel.send({ name: "basic.get-empty" }) as undefined
  const { hand, left } = got
  const deliveryTag = channel.nextTag()
  if (!noAck) channel.unacked.set(deliveryTag, { hand, consumerTag: undefined })
  const { redelivered, exchange, key: routingKey } = hand
  channel.sendContent(
    { name: "basic.get-ok", deliveryTag, redelivered, exchange, routingKey, messageCount: left },
    contentOf(hand, true),
  )
}

/** See the top of the file. */
export const basicMethods: Handlers = {
  "basic.qos": (channel, { prefetchSize, prefetchCount, global }) => {
    if (prefetchSize !== 0) throw refused("NOT_IMPLEMENTED", `prefetch_size!=0 (${prefetchSize})`)
    if (global) {
      channel.prefetchGlobal = prefetchCount
      channel.engine.adjust(channel.share, { limit: prefetchCount, taken: channel.unacked.size })
    } else {
      // which ends the one for all of them
      channel.prefetchGlobal = 0
      channel.engine.adjust(channel.share, { limit: 0 })
      channel.prefetch = prefetchCount
    }
    return { name: "basic.qos-ok" }
  },
  "basic.consume": (channel, method) =>
    (method.queue === "" ? channel.lastQueue : method.queue) === replyQueue
      ? consumeReplies(channel, method)
      : consume(channel, method),
  "basic.cancel": (channel, { consumerTag }) => {
    cancel(channel, consumerTag)
    return { name: "basic.cancel-ok", consumerTag }
  },
  "basic.get": get,
  "channel.flow": (_channel, { active }) => {
    if (!active) throw refused("NOT_IMPLEMENTED", "active=false")
    return { name: "channel.flow-ok", active }
  },
}
