/**
 * The arguments of `queue.declare` as a queue of the engine, and what is wrong with them.
 *
 * Below `queueMethods.ts`. A table says for each argument what it may be and what it sets; what is not in it is kept, looked at
 * by nobody, as with RabbitMQ. What other kinds of queues would mean (streams) is refused rather than half done.
 */
import type { Field, FieldType, MethodOf } from "../amqp/mod.ts"
import type { QueueSpec } from "../specs.ts"
import { named, refused } from "./refusal.ts"

/** What an argument may be; says what is wrong in RabbitMQ's words. */
type Check = (field: Field) => string | undefined

const wholes: ReadonlyArray<FieldType> = [
  "byte",
  "unsignedbyte",
  "short",
  "unsignedshort",
  "signedint",
  "unsignedint",
  "long",
]

const numberIn = ({ type, value }: Field): number | undefined => wholes.includes(type) ? Number(value) : undefined

const unacceptable = ({ type }: Field): string => `{unacceptable_type,${type}}`

const whole: Check = (field) => numberIn(field) === undefined ? `"expected integer, got ${field.type}"` : undefined

const notNegative: Check = (field) => {
  const value = numberIn(field)
  return value !== undefined && value < 0 ? `{value_negative,${value}}` : whole(field)
}

const positive: Check = (field) => numberIn(field) === 0 ? "{value_zero,0}" : notNegative(field)

const atMost = (most: number, check: Check): Check => (field) => {
  const value = numberIn(field)
  return value !== undefined && value > most ? `{value_too_large,${field.value}}` : check(field)
}

const text: Check = (field) => field.type === "longstr" ? undefined : unacceptable(field)

const oneOf = (texts: ReadonlyArray<string>, wrong: (said: string) => string): Check => (field) =>
  text(field) ?? (texts.includes(String(field.value)) ? undefined : wrong(String(field.value)))

const bool: Check = (field) => field.type === "bool" ? undefined : unacceptable(field)

/** The longest time that a queue or a message may be given, ms: ten years. */
export const longestTime = 10 * 365 * 24 * 60 * 60 * 1000

/** The arguments that mean something. */
const known: Readonly<Record<string, Check>> = {
  "x-expires": atMost(longestTime, positive),
  "x-message-ttl": atMost(longestTime, notNegative),
  "x-dead-letter-exchange": text,
  "x-dead-letter-routing-key": text,
  "x-dead-letter-strategy": oneOf(["at-most-once", "at-least-once"], () => "invalid_dlx_strategy"),
  "x-delivery-limit": whole,
  "x-max-length": notNegative,
  "x-max-length-bytes": notNegative,
  "x-max-priority": (field) => {
    const value = numberIn(field)
    return value !== undefined && value > 255 ? `{max_value_exceeded,${value}}` : notNegative(field)
  },
  "x-overflow": oneOf(["drop-head", "reject-publish", "reject-publish-dlx"], () => "invalid_overflow"),
  "x-queue-mode": oneOf(["default", "lazy"], (said) => `"unsupported queue mode '${said}'"`),
  "x-queue-type": text,
  "x-single-active-consumer": bool,
}

/** Those that a kind of queue does not have. */
const foreign: Readonly<Record<"classic" | "quorum", ReadonlyArray<string>>> = {
  classic: ["x-delivery-limit", "x-dead-letter-strategy"],
  quorum: ["x-max-priority", "x-queue-mode"],
}

/** These are no arguments but names, and RabbitMQ says so. */
const nameArguments: ReadonlyArray<string> = ["x-dead-letter-exchange"]

type Declare = MethodOf<"queue.declare">

/** Throws what is wrong with a declaration. */
const checkAll = (name: string, method: Declare, vhost: string): void => {
  const args = method.arguments
  const which = named("queue", name, vhost)
  const invalid = (argument: string, why: string) =>
    refused("PRECONDITION_FAILED", `invalid arg '${argument}' for ${which}${why}`)
  const type = args.get("x-queue-type")?.value ?? "classic"
  const isKind = type === "classic" || type === "quorum"
  for (const [argument, check] of Object.entries(known)) {
    const field = args.get(argument)
    if (field === undefined) continue
    const isForeign = isKind && foreign[type].includes(argument)
    if (isForeign) throw invalid(argument, ` of queue type rabbit_${type}_queue`)
    const wrong = check(field)
    if (wrong === undefined) continue
    if (nameArguments.includes(argument)) {
      throw refused("PRECONDITION_FAILED", `invalid type '${field.type}' for arg '${argument}' in ${which}`)
    }
    throw invalid(argument, `: ${wrong}`)
  }
  if (!isKind) throw invalid("x-queue-type", `: "unsupported queue type '${type}'"`)
  if (args.has("x-dead-letter-routing-key") && !args.has("x-dead-letter-exchange")) {
    throw invalid("x-dead-letter-routing-key", ": routing_key_but_no_dlx_defined")
  }
  if (type === "quorum") checkQuorum(method, which)
}

/** The queue that a declaration means; throws what is wrong with it. `isThere`: it will only be compared with one that is. */
export const queueSpec = (name: string, method: Declare, vhost: string, isThere = false): QueueSpec => {
  if (!isThere) checkAll(name, method, vhost)
  const args = method.arguments
  const type = (args.get("x-queue-type")?.value ?? "classic") as QueueSpec["type"]
  const number = (argument: string) => {
    const field = args.get(argument)
    return field === undefined ? undefined : Number(field.value)
  }
  const said = (argument: string) => {
    const field = args.get(argument)
    return field === undefined ? undefined : String(field.value)
  }
  const deadLetterExchange = said("x-dead-letter-exchange")
  const deadLetterKey = said("x-dead-letter-routing-key")
  const overflow = (said("x-overflow") ?? "drop-head") as NonNullable<QueueSpec["overflow"]>
  return defined({
    name,
    type,
    // an exclusive queue ends with its connection whatever is said
    durable: method.durable && !method.exclusive,
    exclusive: method.exclusive,
    autoDelete: method.autoDelete,
    messageTtl: number("x-message-ttl"),
    expires: number("x-expires"),
    deadLetterExchange,
    deadLetterKey,
    deliveryLimit: number("x-delivery-limit"),
    maxLength: number("x-max-length"),
    maxBytes: number("x-max-length-bytes"),
    maxPriority: number("x-max-priority"),
    overflow,
    singleActiveConsumer: args.get("x-single-active-consumer")?.value === true,
    arguments: args,
  })
}

const checkQuorum = ({ durable, exclusive, autoDelete }: Declare, which: string): void => {
  const wrong = !durable ? "non-durable" : exclusive ? "exclusive-owner" : autoDelete ? "auto-delete" : undefined
  if (wrong !== undefined) throw refused("PRECONDITION_FAILED", `invalid property '${wrong}' for ${which}`)
}

type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> }

/** Without what is undefined. */
const defined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
