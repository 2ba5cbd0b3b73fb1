/**
 * Arguments of exchanges, queues and bindings, and headers, as the engine sees them: values that know their type.
 *
 * Below the specifications and `Payload`. A table of the wire codec fits as it is; the engine reads no wire. Equal means what
 * RabbitMQ means by it, and that is not the same everywhere: bindings are told apart by type and value, declarations by
 * kind of type (a whole number is one, however many bytes it takes) and value, headers by value alone. Pure.
 */

/** A value and its type; the types are named as RabbitMQ names those of AMQP (`longstr`, `signedint`, `void` ...). */
export interface Value {
  readonly type: string
  /** Text, bytes, a number, a list or `Arguments`, as the type says. */
  readonly value: unknown
}

/** Values by name. */
export type Arguments = ReadonlyMap<string, Value>

/** No arguments. */
export const noArguments: Arguments = new Map()

/** Whether both have the same names with the same types and values, in whichever order; absent ones are empty. */
export const sameArguments = (a: Arguments = noArguments, b: Arguments = noArguments): boolean => {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other === undefined || !sameValue(value, other)) return false
  }
  return true
}

/** Whether type and value are the same; tables inside have an order. */
export const sameValue = (a: Value, b: Value): boolean => a.type === b.type && same(a.value, b.value)

/** Whether a header has the value that is asked for, of whichever type. */
export const fitsValue = (asked: Value, found: Value): boolean => same(plain(asked.value), plain(found.value))

/** A text that came as bytes is a text. */
const plain = (value: unknown): unknown => value instanceof Uint8Array ? new TextDecoder().decode(value) : value

/** Whether two declarations mean the same by these values: of one kind, and equal. */
export const alike = (a: Value | undefined, b: Value | undefined): boolean =>
  a === undefined || b === undefined ? a === b : kind(a.type) === kind(b.type) && same(a.value, b.value)

const wholes = new Set([
  "byte",
  "unsignedbyte",
  "short",
  "unsignedshort",
  "signedint",
  "unsignedint",
  "long",
  "timestamp",
])

const kind = (type: string): string => wholes.has(type) ? "whole" : type === "double" ? "float" : type

const sameList = (a: ReadonlyArray<readonly [string, Value]>, b: typeof a): boolean =>
  a.length === b.length && a.every(([name, value], i) => b[i]?.[0] === name && sameValue(value, b[i][1]))

const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  // a number of 64 bits may come as either
  if (typeof a === "bigint" || typeof b === "bigint") return a == b
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (a instanceof Map) return b instanceof Map && sameList([...a], [...b])
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i])
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, i) => sameValue(value, b[i]))
  }
  if (b instanceof Map || b instanceof Uint8Array || Array.isArray(b)) return false
  const [left, right] = [Object.entries(a), Object.entries(b)]
  return left.length === right.length && left.every(([name, value]) => same(value, Reflect.get(b, name)))
}
