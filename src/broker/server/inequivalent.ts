/**
 * How a declaration differs from what exists, in RabbitMQ's words: clients and people look for them.
 *
 * Below `naming.ts`. Pure.
 */
import type { Value } from "../Arguments.ts"
import type { Difference } from "../declare.ts"
import { named, type Refused, refused } from "./refusal.ts"

/** The names of the engine's properties among AMQP's flags. */
const flags: Readonly<Record<string, string>> = {
  durable: "durable",
  autoDelete: "auto_delete",
  internal: "internal",
  type: "type",
  alternate: "alternate-exchange",
}

/** The refusal of a declaration that differs. */
export const inequivalent = (
  { property, existing, declared }: Difference,
  kind: "queue" | "exchange",
  name: string,
  vhost: string,
): Refused => {
  const where = `inequivalent arg '${flags[property] ?? property}' for ${named(kind, name, vhost)}`
  const isHalf = declared === undefined || existing === undefined
  return refused(
    "PRECONDITION_FAILED",
    isHalf
      ? `${where}: received ${shown(declared)} but current is ${shown(existing)}`
      : `${where}: received '${show(declared)}' but current is '${show(existing)}'`,
  )
}

const show = (value: unknown): string => String(isValue(value) ? value.value : value)

const isValue = (value: unknown): value is Value => typeof value === "object" && value !== null && "type" in value

const shown = (value: unknown): string =>
  value === undefined
    ? "none"
    : isValue(value)
    ? `the value '${show(value)}' of type '${value.type}'`
    : `the value '${show(value)}' of type 'longstr'`
