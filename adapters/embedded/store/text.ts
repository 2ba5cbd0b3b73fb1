/**
 * Specifications as text and back: JSON, with the values of AMQP's tables that JSON does not know.
 *
 * Below `Changes.ts` and `load.ts`. A map, bytes, a whole number of 64 bits and a number that is none become an object
 * with one name that begins with `$`; an object that has such a name of its own is written as pairs. Equal things give
 * equal texts.
 */

/** Writes it. */
export const toText = (value: unknown): string => JSON.stringify(plain(value))

/** Reads it; throws where it is no such text. */
export const fromText = (text: string): unknown => JSON.parse(text, (_, value: unknown) => rich(value))

const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") return { $whole: String(value) }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? "-0" : String(value) }
  }
  if (typeof value !== "object" || value === null) return value
  if (value instanceof Map) return { $map: Array.from(value, ([name, one]) => [name, plain(one)]) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") }
  if (Array.isArray(value)) return value.map(plain)
  const pairs = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([name, one]) => [name, plain(one)])
  return pairs.some(([name]) => (name as string).startsWith("$")) ? { $object: pairs } : Object.fromEntries(pairs)
}

const rich = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const [entry, more] = Object.entries(value)
  if (entry === undefined || more !== undefined) return value
  const [name, inner] = entry
  if (name === "$whole") return BigInt(inner as string)
  if (name === "$number") return Number(inner)
  if (name === "$map") return new Map(inner as ReadonlyArray<[string, unknown]>)
  if (name === "$object") return Object.fromEntries(inner as ReadonlyArray<[string, unknown]>)
  if (name === "$bytes") return new Uint8Array(Buffer.from(inner as string, "base64"))
  return value
}
