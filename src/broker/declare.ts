/**
 * What a queue declaration means once its defaults are filled in, and how two of them differ.
 *
 * Below `Engine`. Refuses what RabbitMQ refuses as an impossible combination; knows nothing of queues that exist.
 * Pure.
 */
import type { ExchangeSpec, QueueSpec } from "../transport/mod.ts"

/** Why the engine would not do something; plain data, for each server to put in its own words. */
export type Refusal =
  /** The name is unknown. */
  | { readonly _tag: "NotFound"; readonly kind: "exchange" | "queue"; readonly name: string }
  /** It exists with other properties, or the properties exclude each other. */
  | { readonly _tag: "Clash"; readonly name: string; readonly detail: string }
  /** It is another owner's, or the default exchange. */
  | { readonly _tag: "Forbidden"; readonly name: string; readonly detail: string }

/** A queue specification for the engine: the port's, and what an AMQP server needs beyond it. */
export interface EngineQueueSpec extends QueueSpec {
  /** What gives way at `maxLength`: the newcomer or the oldest. @default "reject-publish" */
  readonly overflow?: "reject-publish" | "drop-head"
}

/** A specification with every default filled in. */
export interface FullSpec extends EngineQueueSpec {
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exclusive: boolean
  readonly singleActiveConsumer: boolean
  readonly overflow: "reject-publish" | "drop-head"
}

/** Fills in the defaults; an option given as `undefined` counts as absent. */
export const fill = (spec: EngineQueueSpec): FullSpec => ({
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
  "exclusive",
  "messageTtl",
  "expires",
  "deadLetterExchange",
  "deadLetterKey",
  "deliveryLimit",
  "maxLength",
  "overflow",
  "singleActiveConsumer",
] as const satisfies ReadonlyArray<keyof FullSpec>

/** The first property in which a declaration differs from what exists, with both values. */
export const difference = (existing: FullSpec, declared: FullSpec): string | undefined => {
  for (const name of properties) {
    if (existing[name] !== declared[name]) return `${name} is ${show(existing[name])}, not ${show(declared[name])}`
  }
  return undefined
}

/** The same for exchanges. */
export const exchangeDifference = (existing: ExchangeSpec, declared: ExchangeSpec): string | undefined =>
  existing.type === declared.type ? undefined : `type is ${show(existing.type)}, not ${show(declared.type)}`

/** What is wrong with a specification by itself. */
export const flaw = (spec: FullSpec): string | undefined => {
  if (spec.type === "quorum") {
    if (!spec.durable) return "a quorum queue cannot be non-durable"
    if (spec.exclusive) return "a quorum queue cannot be exclusive"
    if (spec.autoDelete) return "a quorum queue cannot be autoDelete"
  } else if (spec.deliveryLimit !== undefined) {
    return "only a quorum queue has a deliveryLimit"
  }
  if (spec.deadLetterKey !== undefined && spec.deadLetterExchange === undefined) {
    return "deadLetterKey needs a deadLetterExchange"
  }
  for (const name of ["messageTtl", "expires", "deliveryLimit", "maxLength"] as const) {
    const value = spec[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      return `${name} must be a whole number from 0, not ${show(value)}`
    }
  }
  return spec.expires === 0 ? "expires must be above 0, not 0" : undefined
}

const show = (value: string | number | boolean | undefined): string =>
  value === undefined ? "absent" : JSON.stringify(value)
