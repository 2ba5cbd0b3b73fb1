/**
 * `exchange.declare`, `delete`, `bind`, `unbind`.
 *
 * Above the engine; a table for `Channel.ts`.
 */
import type { MethodOf, Table } from "../amqp/mod.ts"
import type { ExchangeSpec } from "../specs.ts"
import type { Channel } from "./Channel.ts"
import type { Handlers } from "./Handlers.ts"
import { checkName, defaultExchange, ensure, oneLine } from "./naming.ts"
import { named, refused } from "./refusal.ts"

const types = ["direct", "topic", "fanout", "headers"] as const

const isType = (type: string): type is typeof types[number] => (types as ReadonlyArray<string>).includes(type)

const declare = (channel: Channel, method: MethodOf<"exchange.declare">): void => {
  const { engine, vhost } = channel
  const name = oneLine(method.exchange)
  if (name === "") throw refused("ACCESS_REFUSED", defaultExchange)
  if (method.passive) {
    if (engine.exchange(name) !== undefined) return
    throw refused("NOT_FOUND", `no ${named("exchange", name, vhost.name)}`)
  }
  if (!isType(method.type)) throw refused("COMMAND_INVALID", `unknown exchange type '${method.type}'`)
  if (engine.exchange(name) === undefined) checkName("exchange", name)
  const alternate = alternateOf(method.arguments, name, vhost.name)
  const spec: ExchangeSpec = {
    name,
    type: method.type,
    durable: method.durable,
    autoDelete: method.autoDelete,
    internal: method.internal,
    arguments: method.arguments,
    ...(alternate === undefined ? {} : { alternate }),
  }
  ensure(engine.declareExchange(spec), channel, "exchange")
}

const alternateOf = (args: Table, name: string, vhost: string): string | undefined => {
  const field = args.get("alternate-exchange")
  if (field === undefined) return undefined
  if (field.type === "longstr" && typeof field.value === "string") return field.value
  throw refused(
    "PRECONDITION_FAILED",
    `invalid type '${field.type}' for arg 'alternate-exchange' in ${named("exchange", name, vhost)}`,
  )
}

/** See the top of the file. */
export const exchangeMethods: Handlers = {
  "exchange.declare": (channel, method) => {
    declare(channel, method)
    return { name: "exchange.declare-ok" }
  },
  "exchange.delete": (channel, method) => {
    const name = oneLine(method.exchange)
    if (name === "") throw refused("ACCESS_REFUSED", defaultExchange)
    if (name.startsWith("amq.")) {
      const which = named("exchange", name, channel.vhost.name)
      throw refused("ACCESS_REFUSED", `deletion of system ${which} not allowed`)
    }
    ensure(channel.engine.deleteExchange(name, { ifUnused: method.ifUnused }), channel, "exchange")
    return { name: "exchange.delete-ok" }
  },
  "exchange.bind": (channel, { source, destination, routingKey: key, arguments: args }) => {
    ensure(channel.engine.bindExchange({ exchange: source, target: destination, key, arguments: args }), channel)
    return { name: "exchange.bind-ok" }
  },
  "exchange.unbind": (channel, { source, destination, routingKey: key, arguments: args }) => {
    const binding = { exchange: source, target: destination, key, arguments: args }
    const refusal = channel.engine.unbindExchange(binding)
    // what is not there is not bound
    if (refusal?._tag !== "NotFound") ensure(refusal, channel)
    return { name: "exchange.unbind-ok" }
  },
}
