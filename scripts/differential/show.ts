/**
 * What came from a server in words, the same for servers that did the same.
 *
 * Pure; below `Side.ts` and `describe.ts`. Leaves out what no two servers have in common: tags of deliveries, times of deaths,
 * the wording of replies. Tables are told in the order of their names.
 */
import type { Content, Field, Method, Properties, Table } from "../../src/broker/amqp/mod.ts"
import type { Names } from "./Names.ts"

/** Turns a name into the one that is shown. */
export type Rename = (name: string) => string

/** What is not compared, by method: `*` for all of them. */
const left: Readonly<Record<string, ReadonlyArray<string>>> = {
  "*": ["name", "deliveryTag", "replyText", "noWait"],
  "basic.deliver": ["consumerTag"],
}

const digest = (bytes: Uint8Array): string => {
  const short = bytes.length <= 40
  const text = new TextDecoder().decode(short ? bytes : bytes.subarray(0, 12))
  if (short) return JSON.stringify(text)
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return `${JSON.stringify(text)}… (${bytes.length} bytes, ${(hash >>> 0).toString(16)})`
}

const showField = ({ type, value }: Field, rename: Rename, key: string): string => {
  if (key === "time" && type === "timestamp") return "a time"
  switch (type) {
    case "longstr":
      return typeof value === "string" ? JSON.stringify(rename(value)) : digest(value)
    case "binary":
      return `binary ${digest(value)}`
    case "table":
      return showTable(value, rename)
    case "array":
      return `[${value.map((one) => showField(one, rename, "")).join(", ")}]`
    case "decimal":
      return `decimal ${value.value}e-${value.scale}`
    case "bool":
      return String(value)
    default:
      return `${type} ${String(value)}`
  }
}

/** A table on one line. */
export const showTable = (table: Table, rename: Rename): string => {
  const entries = [...table].sort(([a], [b]) => a < b ? -1 : 1)
  return `{${entries.map(([key, field]) => `${key}: ${showField(field, rename, key)}`).join(", ")}}`
}

const showValue = (value: unknown, rename: Rename): string => {
  if (typeof value === "string") return JSON.stringify(rename(value))
  if (value instanceof Map) return showTable(value as Table, rename)
  return value instanceof Uint8Array ? digest(value) : String(value)
}

/** A method and its arguments, without what says nothing. */
export const showMethod = (method: Method, rename: Rename): string => {
  const hidden = [...left["*"]!, ...(left[method.name] ?? [])]
  const words = Object.entries(method).flatMap(([key, value]: [string, unknown]) => {
    if (hidden.includes(key) || value === false || (value instanceof Map && value.size === 0)) return []
    return value === true ? [key] : [`${key}=${showValue(value, rename)}`]
  })
  return [method.name, ...words].join(" ")
}

/** Properties, without those that are not there. */
export const showProperties = (properties: Properties, rename: Rename): string =>
  Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]: [string, unknown]) => `${key}=${showValue(value, rename)}`)
    .join(" ")

/** A message with its method. */
export const showContent = ({ method, properties, body }: Content, rename: Rename): string =>
  [showMethod(method, rename), showProperties(properties, rename), digest(body)].filter((part) => part !== "").join(
    " | ",
  )

/** How names are shown that come from a server. */
export const inside = (names: Names): Rename => (name) => names.inside(name)
