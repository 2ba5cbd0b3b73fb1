/**
 * Refusals of the engine in the words of AMQP, and the queue that a method means.
 *
 * Below the tables of methods. The engine says what is the matter; which reply that is, and how RabbitMQ puts it, is said here.
 */
import type { Refusal } from "../declare.ts"
import type { Channel } from "./Channel.ts"
import { inequivalent } from "./inequivalent.ts"
import { named, type Refused, refused } from "./refusal.ts"

/** A refusal as a reply; `kind`: what was declared, deleted or used. */
export const told = (refusal: Refusal, vhost: string, kind: "queue" | "exchange" = "queue"): Refused => {
  switch (refusal._tag) {
    case "NotFound":
      return refused("NOT_FOUND", `no ${named(refusal.kind, refusal.name, vhost)}`)
    case "Clash":
      // exclusive to somebody, or no longer
      if (refusal.difference?.property === "exclusive") return locked(refusal.name, vhost)
      return refusal.difference === undefined
        ? refused("PRECONDITION_FAILED", refusal.detail)
        : inequivalent(refusal.difference, kind, refusal.name, vhost)
    case "Forbidden":
      return refused("ACCESS_REFUSED", refusal.name === "" ? defaultExchange : refusal.detail)
    case "Locked":
      return locked(refusal.name, vhost)
    case "InUse":
      return refused("PRECONDITION_FAILED", `${named(kind, refusal.name, vhost)} in use`)
    case "NotEmpty":
      return refused("PRECONDITION_FAILED", `${named("queue", refusal.name, vhost)} not empty`)
    case "Unsupported":
      return refused(
        "NOT_IMPLEMENTED",
        `cannot delete ${
          named("queue", refusal.name, vhost)
        }. queue.delete operations with if-unused or if-empty flag set ` +
          "are not supported by quorum queues",
      )
  }
}

/** What is said of anything that is done to it. */
export const defaultExchange = "operation not permitted on the default exchange"

/** Another connection's alone. */
export const locked = (name: string, vhost: string): Refused =>
  refused(
    "RESOURCE_LOCKED",
    `cannot obtain exclusive access to locked ${named("queue", name, vhost)}. It could be originally declared on ` +
      "another connection or the exclusive property value does not match that of the original declaration.",
  )

/** Throws where there is a refusal. */
export const ensure = <A>(result: A | Refusal, channel: Channel, kind: "queue" | "exchange" = "queue"): A => {
  if (isRefusal(result)) throw told(result, channel.vhost.name, kind)
  return result
}

const refusals: ReadonlyArray<unknown> = [
  "NotFound",
  "Clash",
  "Forbidden",
  "Locked",
  "InUse",
  "NotEmpty",
  "Unsupported",
]

/** Whether the engine would not. */
export const isRefusal = (result: unknown): result is Refusal =>
  typeof result === "object" && result !== null && "_tag" in result && refusals.includes(result._tag)

/** The queue that a name means: an empty one is the last that the channel has declared. */
export const meant = (channel: Channel, name: string): string => {
  if (name !== "") return name
  if (channel.lastQueue === "") throw refused("NOT_FOUND", "no previously declared queue")
  return channel.lastQueue
}

/** Names that a client must not make; throws. */
export const checkName = (kind: "queue" | "exchange", name: string): void => {
  if (name.startsWith("amq.")) {
    throw refused("ACCESS_REFUSED", `${kind} name '${name}' contains reserved prefix 'amq.*'`)
  }
}

/** RabbitMQ takes line ends out of names. */
export const oneLine = (name: string): string => name.replace(/[\r\n]/g, "")
