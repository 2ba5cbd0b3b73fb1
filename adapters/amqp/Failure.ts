/**
 * What the broker or the network said when something failed, and what that means in the port's words.
 *
 * Below it: `Connection.ts`, which makes `BrokerFailure` of whatever the library throws. Above it: everything
 * else here, which turns it into a `TransportError`. Pure; AMQP's reply codes are named here only.
 */
import { Clash, Disconnected, Forbidden, NotFound, type Reason, TransportError } from "../../src/transport/mod.ts"

/** A refusal by the broker (`code` is AMQP's reply code) or a failure of the network (no code). */
export interface BrokerFailure {
  readonly _tag: "BrokerFailure"
  readonly code: number | undefined
  readonly text: string
  /** Whether nothing changes by trying again; `undefined`: unknown. */
  readonly final?: boolean
}

/** AMQP's reply code for a user who may not. */
export const accessRefused = 403
/** AMQP's reply code for what another connection has to itself. */
export const resourceLocked = 405

/** AMQP's reply code for a name that the broker does not know. */
export const notFound = 404

const codes = { accessRefused, notFound, resourceLocked, preconditionFailed: 406 }

/** Makes a failure of anything thrown: the broker's own words when it gave some. */
export const failure = (cause: unknown): BrokerFailure => {
  const error = cause as { readonly message?: unknown; readonly code?: unknown } | null | undefined
  const message = typeof error?.message === "string" && error.message !== "" ? error.message : describe(cause)
  const said = /(\d{3}) \([A-Z-]+\)(?: with message "(.*)")?/s.exec(message)
  const code = typeof error?.code === "number" ? error.code : said === null ? undefined : Number(said[1])
  return { _tag: "BrokerFailure", code, text: (said?.[2] ?? message).replace(/^[A-Z_]+ - /, "") }
}

// Node tries several addresses of a host and throws one error of many.
const describe = (cause: unknown): string => {
  const many = (cause as { readonly errors?: ReadonlyArray<unknown> } | null | undefined)?.errors
  if (Array.isArray(many) && many.length > 0) return failure(many[0]).text
  return String((cause as { readonly code?: unknown } | null | undefined)?.code ?? cause ?? "no reason given")
}

/** What a failure means to whoever asked for `name`. */
export const reason = (failed: BrokerFailure, name: string): Reason => {
  switch (failed.code) {
    case codes.accessRefused:
    case codes.resourceLocked:
      return new Forbidden({ detail: `${failed.text}${permit(failed.text)}` })
    case codes.notFound:
      return new NotFound({ name: missing(failed) ?? name })
    case codes.preconditionFailed:
      return clash(name, failed.text)
    default:
      return new Disconnected({ detail: failed.text })
  }
}

// RabbitMQ: access to queue 'q' in vhost 'v' refused for user 'u'
const permit = (text: string): string => {
  const found = /in vhost '(.*)' refused for user '(.*)'/s.exec(text)
  return found === null
    ? ""
    : `; an administrator allows it: rabbitmqctl set_permissions -p ${found[1]} ${
      found[2]
    } "^warren\\." "^warren\\.|^amq\\.default$" "^warren\\."`
}

// RabbitMQ: inequivalent arg 'x' for queue 'q' in vhost 'v': received the value 'a' of type 't' but current is none
const inequivalent = /inequivalent arg '(.*)' for (\w+) '(.*)' in vhost '(.*)': received (.*?) but current is (.*)$/s

/** In what a declaration differs from what exists, and what is there; `undefined`: it was refused for something else. */
export const inequality = (
  failed: BrokerFailure,
): { readonly argument: string; readonly present: string | undefined } | undefined => {
  const found = failed.code === codes.preconditionFailed ? inequivalent.exec(failed.text) : null
  if (found === null) return undefined
  const [, argument = "", , , , , present = ""] = found
  return { argument, present: /^(?:the value )?'(.*?)'/s.exec(present)?.[1] }
}

const clash = (name: string, text: string): Clash => {
  const found = inequivalent.exec(text)
  if (found === null) return new Clash({ name, detail: text })
  const [, argument = "", kind = "", entity = "", vhost = "", wanted = "", present = ""] = found
  const remove = kind === "queue"
    ? `see what it holds, then remove it with "rabbitmqctl delete_queue -p ${vhost} ${entity}"`
    : `remove it in the management UI, or with "rabbitmqadmin delete exchange name=${entity}"`
  return new Clash({
    name: entity,
    detail: `"${argument}" of this ${kind} is ${valueOf(present)} there, and ${valueOf(wanted)} is wanted here: ` +
      `another program or version made it; stop that one, or ${remove}, and start again`,
  })
}

const valueOf = (text: string): string => {
  const value = /^(?:the value )?'(.*?)'(?: of type '[^']*')?$/s.exec(text)?.[1] ?? text
  return value === "" ? '""' : value
}

/** The queue or exchange that the broker says is missing. */
export const missing = (failed: BrokerFailure): string | undefined =>
  /no (?:queue|exchange) '(.*)' in vhost/s.exec(failed.text)?.[1]

/** The port's error for a failed operation on `target`. */
export const transportError =
  (operation: TransportError["operation"], target: string) => (failed: BrokerFailure): TransportError =>
    new TransportError({ operation, target, reason: reason(failed, target) })
