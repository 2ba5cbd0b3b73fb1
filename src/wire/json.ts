/**
 * JSON values to bytes and back, with the limits that make foreign bytes safe to read.
 *
 * Pure. Refuses what JSON readers elsewhere would misread or choke on: invalid UTF-8, nesting deeper
 * than {@link maxDepth}, and keys named `__proto__`. Never truncates and never repairs.
 */
import { Data, Result } from "effect"

/** Arrays and objects inside each other at most; deeper bodies are refused before parsing. */
export const maxDepth = 100

/** Why bytes are not a JSON value that Warren reads, or a value is none that it writes. */
export class NotJson extends Data.Error<{ readonly detail: string }> {
  override get message(): string {
    return `Cannot read the body as JSON: ${this.detail}`
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })

/**
 * A JSON value as UTF-8 bytes; `undefined` (a call that returns nothing) becomes `null`. Refuses what `fromBytes` would
 * refuse, so that it is told to the sender, and what JSON has no words for.
 */
export const toBytes = (value: unknown): Result.Result<Uint8Array, NotJson> => {
  let bytes: Uint8Array
  try {
    const text = JSON.stringify(value ?? null)
    if (text === undefined) return Result.fail(new NotJson({ detail: `a ${typeof value} is no JSON value` }))
    if (mayHoldProto(text) && holdsProto(value)) return Result.fail(hasProto)
    bytes = encoder.encode(text)
  } catch (error) {
    return Result.fail(new NotJson({ detail: error instanceof Error ? error.message : "it cannot be written" }))
  }
  return bytes.length > maxDepth && !isShallow(bytes) ? Result.fail(isDeep) : Result.succeed(bytes)
}

/** UTF-8 bytes as a JSON value; an empty body is `null`. */
export const fromBytes = (bytes: Uint8Array): Result.Result<unknown, NotJson> => {
  if (bytes.length === 0) return Result.succeed(null)
  // fewer bytes than the limit cannot nest deeper than it
  if (bytes.length > maxDepth && !isShallow(bytes)) {
    return Result.fail(isDeep)
  }
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return Result.fail(new NotJson({ detail: "it is not valid UTF-8" }))
  }
  try {
    const value: unknown = JSON.parse(text)
    return mayHoldProto(text) && holdsProto(value) ? Result.fail(hasProto) : Result.succeed(value)
  } catch (error) {
    return Result.fail(new NotJson({ detail: error instanceof Error ? error.message : String(error) }))
  }
}

const isDeep = new NotJson({ detail: `it is nested deeper than ${maxDepth} levels` })
const hasProto = new NotJson({ detail: 'it has a key named "__proto__", which is not accepted' })

/** Counts brackets outside strings, without building anything. */
const isShallow = (bytes: Uint8Array): boolean => {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === Byte.backslash) i++
      else if (byte === Byte.quote) inString = false
    } else if (byte === Byte.quote) inString = true
    else if (byte === Byte.openBracket || byte === Byte.openBrace) {
      if (++depth > maxDepth) return false
    } else if (byte === Byte.closeBracket || byte === Byte.closeBrace) depth--
  }
  return true
}

const Byte = { quote: 0x22, backslash: 0x5c, openBracket: 0x5b, closeBracket: 0x5d, openBrace: 0x7b, closeBrace: 0x7d }

// the name may also be spelled with escapes, which only a walk over the parsed value can tell
const mayHoldProto = (text: string): boolean => text.includes("__proto__") || text.includes("\\u00")

const holdsProto = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return value.some(holdsProto)
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(holdsProto)
}
