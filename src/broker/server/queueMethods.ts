/**
 * `queue.declare`, `bind`, `unbind`, `purge`, `delete`.
 *
 * Above the engine; a table for `Channel.ts`.
 */
import type { Field, MethodOf } from "../amqp/mod.ts"
import type { Binding } from "../specs.ts"
import { audienceOf } from "../View.ts"
import type { Channel } from "./Channel.ts"
import { isReply, replyQueue } from "./DirectReplies.ts"
import type { Handlers } from "./Handlers.ts"
import { checkName, ensure, meant, oneLine } from "./naming.ts"
import { queueSpec } from "./queueArguments.ts"
import { named, refused } from "./refusal.ts"

type Declared = MethodOf<"queue.declare-ok">

const declare = (channel: Channel, method: MethodOf<"queue.declare">): Declared => {
  const { engine, vhost, session } = channel
  const said = oneLine(method.queue)
  if (isReply(said)) {
    // a server of calls asks so whether the caller is still there
    if (said !== replyQueue && !vhost.replies.has(said)) {
      throw refused("NOT_FOUND", `no ${named("queue", said, vhost.name)}`)
    }
    channel.lastQueue = said
    return { name: "queue.declare-ok", queue: said, messageCount: 0, consumerCount: 1 }
  }
  const name = said === "" && !method.passive ? `amq.gen-${session.server.newName()}` : said
  if (!method.passive) {
    if (said !== "") checkName("queue", said)
    // what is there is compared, and not judged
    const isThere = engine.queue(name) !== undefined
    if (isThere) ensure(engine.look(name, session), channel)
    const spec = queueSpec(name, method, vhost.name, isThere)
    ensure(engine.declareQueue(spec, session), channel)
  }
  const found = ensure(engine.look(name, session), channel)
  channel.lastQueue = name
  return { name: "queue.declare-ok", queue: name, messageCount: found.ready, consumerCount: audienceOf(found) }
}

/** An empty key means the queue where the queue is the last one declared, too. */
const keyMeant = (channel: Channel, queue: string, key: string): string =>
  queue === "" && key === "" ? meant(channel, "") : key

const bindingOf = (
  channel: Channel,
  { queue, exchange, routingKey, arguments: args }: MethodOf<"queue.bind"> | MethodOf<"queue.unbind">,
): Binding => ({
  exchange,
  queue: meant(channel, queue),
  key: keyMeant(channel, queue, routingKey),
  arguments: args,
})

const invalidMatch = ({ type, value }: Field): string => {
  const expected = "expected all, any, all-with-x, or any-with-x"
  return type === "longstr" && typeof value === "string"
    ? `Invalid x-match field value <<"${value}">>; ${expected}`
    : `Invalid x-match field type ${type}; expected longstr`
}

/** See the top of the file. */
export const queueMethods: Handlers = {
  "queue.declare": declare,
  "queue.bind": (channel, method) => {
    const binding = bindingOf(channel, method)
    const refusal = channel.engine.bind(binding, channel.session)
    const match = method.arguments.get("x-match")
    if (refusal?._tag === "Clash" && match !== undefined) throw refused("PRECONDITION_FAILED", invalidMatch(match))
    ensure(refusal, channel)
    return { name: "queue.bind-ok" }
  },
  "queue.unbind": (channel, method) => {
    const binding = bindingOf(channel, method)
    ensure(channel.engine.unbind(binding, channel.session), channel)
    return { name: "queue.unbind-ok" }
  },
  "queue.purge": (channel, { queue }) => {
    const messageCount = ensure(channel.engine.purge(meant(channel, queue), channel.session), channel)
    return { name: "queue.purge-ok", messageCount }
  },
  "queue.delete": (channel, { queue, ifUnused, ifEmpty }) => {
    const name = meant(channel, queue)
    const deleted = channel.engine.deleteQueue(name, channel.session, { ifUnused, ifEmpty })
    // what is not there is deleted
    const isAbsent = typeof deleted === "object" && deleted._tag === "NotFound"
    return { name: "queue.delete-ok", messageCount: isAbsent ? 0 : ensure(deleted, channel) }
  },
}
