/**
 * `basic.publish`: what is checked, where the message goes, and what its publisher is told.
 *
 * Above the engine, which routes; below `Channel.ts`. A message that leads nowhere comes back where that was asked for, before
 * its confirm; a queue that takes no more makes the confirm a nack. Within a transaction all of it waits for the commit.
 */
import type { MethodOf } from "../amqp/mod.ts"
import type { Published } from "../operations.ts"
import type { Channel } from "./Channel.ts"
import { carbonCopies, type Content, makeContent, withoutBlind } from "./Content.ts"
import { isReply, replyQueue } from "./DirectReplies.ts"
import { isRefusal, told } from "./naming.ts"
import { longestTime } from "./queueArguments.ts"
import { named, refused, replies } from "./refusal.ts"

type Publish = MethodOf<"basic.publish">

/** Checks a publish, and carries it out or keeps it for the commit. */
export const publish = (channel: Channel, method: Publish, said: Content): void => {
  channel.published++
  const { properties } = said
  const own = checked(channel, method, properties)
  const content = own === properties ? said : makeContent(own, said.body)
  const { exchange, routingKey } = method
  // a reply goes at once, within a transaction too, and leads to no queue: who asks for that gets it back
  if (exchange === "" && isReply(routingKey)) channel.vhost.replies.reply(routingKey, content)
  if (channel.transaction === undefined) route(channel, method, content)
  else channel.transaction.publish(method, content, channel.engine.prepare(exchange, routingKey, content, channel))
}

/** The properties to go on with; throws what forbids the publish. */
const checked = (channel: Channel, method: Publish, properties: Content["properties"]): Content["properties"] => {
  const { vhost: { name: vhost }, engine, session } = channel
  if (method.immediate) throw refused("NOT_IMPLEMENTED", "immediate=true")
  if (method.exchange !== "") {
    const exchange = engine.exchange(method.exchange)
    if (exchange === undefined) throw refused("NOT_FOUND", `no ${named("exchange", method.exchange, vhost)}`)
    if (exchange.internal === true) {
      throw refused("ACCESS_REFUSED", `cannot publish to internal ${named("exchange", method.exchange, vhost)}`)
    }
  }
  const { userId, expiration, replyTo } = properties
  if (userId !== undefined && userId !== session.user) {
    throw refused(
      "PRECONDITION_FAILED",
      `user_id property set to '${userId}' but authenticated user was '${session.user}'`,
    )
  }
  const wrong = expiration === undefined ? undefined : wrongExpiration(expiration)
  if (wrong !== undefined) {
    throw refused("PRECONDITION_FAILED", `invalid expiration '${expiration}': ${wrong}`)
  }
  checkCarbons(properties)
  if (replyTo !== replyQueue) return properties
  if (channel.replies === undefined) throw refused("PRECONDITION_FAILED", "fast reply consumer does not exist")
  return { ...properties, replyTo: channel.replies.address }
}

/** What is wrong with a time to live. */
const wrongExpiration = (text: string): string | undefined => {
  const [, digits, rest] = /^([+-]?\d+)(.*)$/s.exec(text) ?? []
  if (digits === undefined) return "no_integer"
  if (rest !== undefined && rest !== "") return `{leftover_string,"${rest}"}`
  const value = Number(digits)
  if (value < 0) return `{value_negative,${value}}`
  return value > longestTime ? `{value_too_large,${value}}` : undefined
}

/** Further addressees come as a list. */
const checkCarbons = ({ headers }: Content["properties"]): void => {
  if (headers === undefined) return
  for (const name of carbonCopies) {
    const field = headers.get(name)
    if (field === undefined || field.type === "array") continue
    throw refused("PRECONDITION_FAILED", `invalid message: {unacceptable_type_in_header,"${name}",${field.type}}`)
  }
}

/** Sends a message on its way and tells its publisher; `send`: what `prepare` gave earlier. Says which queues refused it. */
export const route = (
  channel: Channel,
  method: Publish,
  content: Content,
  send?: () => Published,
): ReadonlyArray<string> => {
  const { engine, vhost, session, confirms } = channel
  const { durability } = session.server
  const before = durability.recorded()
  const published = send !== undefined ? send() : engine.publish(method.exchange, method.routingKey, content, channel)
  if (isRefusal(published)) throw told(published, vhost.name)
  if (published._tag === "Unroutable" && method.mandatory) {
    const [replyCode] = replies.NO_ROUTE
    const { exchange, routingKey } = method
    const returned = { name: "basic.return", replyCode, replyText: "NO_ROUTE", exchange, routingKey } as const
    channel.sendContent(returned, withoutBlind(content))
  }
  const refusing = published._tag === "Rejected" ? published.queues : []
  if (confirms === undefined) return refusing
  const recorded = durability.recorded()
  confirms.add(published._tag === "Rejected" ? "nack" : "ack", recorded > before ? recorded : undefined)
  session.confirmSoon(channel)
  return refusing
}
