/**
 * What a queue declaration means once its defaults are filled in, and how two of them differ.
 *
 * Below `Engine`. Refuses what RabbitMQ refuses as an impossible combination; knows nothing of queues that exist.
 * Pure.
 */
import { alike, type Arguments, type Value } from "./Arguments.ts"
import type { ExchangeSpec, QueueSpec } from "./specs.ts"

/** Why the engine would not do something; plain data, for each server to put in its own words. */
export type Refusal =
  /** The name is unknown. */
  | { readonly _tag: "NotFound"; readonly kind: "exchange" | "queue"; readonly name: string }
  /** It exists with other properties, or the properties exclude each other. */
  | {
    readonly _tag: "Clash"
    readonly name: string
    readonly detail: string
    /** In what they differ, and how; absent where the declaration is impossible by itself. */
    readonly difference?: Difference
  }
  /** It is the default exchange, or takes nothing from outside. */
  | { readonly _tag: "Forbidden"; readonly name: string; readonly detail: string }
  /** It is another owner's alone, or is not although it was declared so. */
  | { readonly _tag: "Locked"; readonly name: string; readonly detail: string }
  /** It is used: by consumers of a queue (one of which may be exclusive), or by bindings of an exchange. */
  | { readonly _tag: "InUse"; readonly name: string; readonly detail: string }
  /** Messages are ready in it. */
  | { readonly _tag: "NotEmpty"; readonly name: string; readonly detail: string }
  /** RabbitMQ does not do that with such a queue either. */
  | { readonly _tag: "Unsupported"; readonly name: string; readonly detail: string }

/** In what a declaration differs from what exists. */
export interface Difference {
  /** A property of the specification, or the name of an argument. */
  readonly property: string
  /** What exists; an argument is a `Value`. */
  readonly existing: unknown
  readonly declared: unknown
}

/** A specification with every default filled in. */
export interface FullSpec extends QueueSpec {
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exclusive: boolean
  readonly singleActiveConsumer: boolean
  readonly overflow: NonNullable<QueueSpec["overflow"]>
}

/** Fills in the defaults; an option given as `undefined` counts as absent. */
export const fill = (spec: QueueSpec): FullSpec => ({
  ...spec,
  durable: spec.durable ?? true,
  autoDelete: spec.autoDelete ?? false,
  exclusive: spec.exclusive ?? false,
  singleActiveConsumer: spec.singleActiveConsumer ?? false,
  overflow: spec.overflow ?? "reject-publish",
})

const properties = [
  "type",
  "durable",
  "autoDelete",
] as const satisfies ReadonlyArray<keyof FullSpec>

const limits = [
  "messageTtl",
  "expires",
  "deadLetterExchange",
  "deadLetterKey",
  "deliveryLimit",
  "maxLength",
  "maxBytes",
  "overflow",
  "maxPriority",
  "singleActiveConsumer",
] as const satisfies ReadonlyArray<keyof FullSpec>

/** Arguments in which two declarations of a queue must agree, in this order; RabbitMQ compares no others. */
const compared: Readonly<Record<QueueSpec["type"], ReadonlyArray<string>>> = {
  classic: [
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-queue-version",
    "x-single-active-consumer",
    "x-queue-master-locator",
  ],
  quorum: [
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-expires",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-overflow",
    "x-single-active-consumer",
    "x-quorum-initial-group-size",
    "x-delivery-limit",
    "x-message-ttl",
    "x-queue-leader-locator",
  ],
}

/** The first property in which a declaration differs from what exists and tolerates none. */
export const difference = (existing: FullSpec, declared: FullSpec): Difference | undefined => {
  const tolerated: ReadonlyArray<string> = declared.tolerates ?? []
  const isEqual = (name: keyof FullSpec) => tolerated.includes(name) || existing[name] === declared[name]
  const found = properties.find((name) => !isEqual(name))
  if (
    existing.arguments !== undefined && declared.arguments !== undefined && (found === undefined || found === "type")
  ) {
    return argumentDifference(
      existing.arguments,
      declared.arguments,
      found === "type" ? ["x-queue-type"] : compared[existing.type],
    )
  }
  const property = found ?? limits.find((name) => !isEqual(name))
  return property === undefined ? undefined : { property, existing: existing[property], declared: declared[property] }
}

const argumentDifference = (
  existing: Arguments,
  declared: Arguments,
  names: ReadonlyArray<string>,
): Difference | undefined => {
  const property = names.find((name) => !alike(existing.get(name), declared.get(name)))
  return property === undefined
    ? undefined
    : { property, existing: existing.get(property), declared: declared.get(property) }
}

/** The same for exchanges. */
export const exchangeDifference = (existing: ExchangeSpec, declared: ExchangeSpec): Difference | undefined => {
  const [a, b] = [fillExchange(existing), fillExchange(declared)]
  const property = exchangeProperties.find((name) => a[name] !== b[name])
  return property === undefined ? undefined : { property, existing: a[property], declared: b[property] }
}

const exchangeProperties = ["type", "durable", "autoDelete", "internal", "alternate"] as const

const fillExchange = ({ type, durable = true, autoDelete = false, internal = false, alternate }: ExchangeSpec) => ({
  type,
  durable,
  autoDelete,
  internal,
  alternate,
})

/** A difference in words, with both values. */
export const say = ({ property, existing, declared }: Difference): string =>
  `${property} is ${show(existing)}, not ${show(declared)}`

/** What is wrong with a specification by itself. */
export const flaw = (spec: FullSpec): string | undefined => {
  if (spec.type === "quorum") {
    if (!spec.durable) return "a quorum queue cannot be non-durable"
    if (spec.exclusive) return "a quorum queue cannot be exclusive"
    if (spec.autoDelete) return "a quorum queue cannot be autoDelete"
    if (spec.maxPriority !== undefined) return "a quorum queue cannot have a maxPriority"
  } else if (spec.deliveryLimit !== undefined) {
    return "only a quorum queue has a deliveryLimit"
  }
  if (spec.deadLetterKey !== undefined && spec.deadLetterExchange === undefined) {
    return "deadLetterKey needs a deadLetterExchange"
  }
  if (spec.deliveryLimit !== undefined && !Number.isInteger(spec.deliveryLimit)) {
    return `deliveryLimit must be a whole number, not ${show(spec.deliveryLimit)}`
  }
  for (const name of ["messageTtl", "expires", "maxLength", "maxBytes", "maxPriority"] as const) {
    const value = spec[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      return `${name} must be a whole number from 0, not ${show(value)}`
    }
  }
  if ((spec.maxPriority ?? 0) > 255) return `maxPriority must be at most 255, not ${show(spec.maxPriority)}`
  return spec.expires === 0 ? "expires must be above 0, not 0" : undefined
}

const show = (value: unknown): string => {
  if (value === undefined) return "absent"
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  return "value" in value ? show((value as Value).value) : "another"
}
