/**
 * JSON values to bytes and back, with the limits that make foreign bytes safe to read.
 *
 * Pure. Refuses what JSON readers elsewhere would misread or choke on: invalid UTF-8, nesting deeper
 * than {@link maxDepth}, and keys named `__proto__`. Never truncates and never repairs.
 */
import { Data, Result } from "effect"
import { encodeText } from "./text.ts"

/** Arrays and objects inside each other at most; deeper bodies are refused before parsing. */
export const maxDepth = 100

/** Why bytes are not a JSON value that Warren reads, or a value is none that it writes. */
export class NotJson extends Data.Error<{ readonly detail: string }> {
  override get message(): string {
    return `Cannot read the body as JSON: ${this.detail}`
  }
}

const decoder = new TextDecoder()
const strict = new TextDecoder("utf-8", { fatal: true })

/** What stands for bytes that are no UTF-8, and may stand for itself. */
const replacement = "\ufffd"

/** UTF-8 bytes as text; throws where they are none. Reading strictly from the start takes five times as long on Deno. */
const textOf = (bytes: Uint8Array): string => {
  const text = decoder.decode(bytes)
  return text.includes(replacement) ? strict.decode(bytes) : text
}

/**
 * A JSON value as UTF-8 bytes; `undefined` (a call that returns nothing) becomes `null`. Refuses what `fromBytes` would
 * refuse, so that it is told to the sender, and what JSON has no words for.
 */
export const toBytes = (value: unknown): Result.Result<Uint8Array, NotJson> => {
  try {
    const text = JSON.stringify(value ?? null)
    if (text === undefined) return Result.fail(new NotJson({ detail: `a ${typeof value} is no JSON value` }))
    if (mayHoldProto(text) && holdsProto(value)) return Result.fail(hasProto)
    return isShallow(text) ? Result.succeed(encodeText(text)) : Result.fail(isDeep)
  } catch (error) {
    return Result.fail(new NotJson({ detail: error instanceof Error ? error.message : "it cannot be written" }))
  }
}

/** UTF-8 bytes as a JSON value; an empty body is `null`. */
export const fromBytes = (bytes: Uint8Array): Result.Result<unknown, NotJson> => {
  if (bytes.length === 0) return Result.succeed(null)
  let text: string
  try {
    text = textOf(bytes)
  } catch {
    return Result.fail(new NotJson({ detail: "it is not valid UTF-8" }))
  }
  if (!isShallow(text)) return Result.fail(isDeep)
  try {
    const value: unknown = JSON.parse(text)
    return mayHoldProto(text) && holdsProto(value) ? Result.fail(hasProto) : Result.succeed(value)
  } catch (error) {
    return Result.fail(new NotJson({ detail: error instanceof Error ? error.message : String(error) }))
  }
}

const isDeep = new NotJson({ detail: `it is nested deeper than ${maxDepth} levels` })
const hasProto = new NotJson({ detail: 'it has a key named "__proto__", which is not accepted' })

/** Whether arrays and objects are inside each other at most so deep; found out without building anything. */
const isShallow = (text: string): boolean => {
  // what has no more brackets than that cannot nest deeper, and looking for them is faster than reading (measured)
  const brackets = count(text, "{", maxDepth + 1)
  return brackets + count(text, "[", maxDepth + 1 - brackets) <= maxDepth || depthOf(text) <= maxDepth
}

/** How often a character is there; stops counting at `enough`. */
const count = (text: string, character: string, enough: number): number => {
  let found = 0
  for (let at = -1; found < enough && (at = text.indexOf(character, at + 1)) >= 0;) found++
  return found
}

/** The depth of brackets outside strings; stops reading beyond the limit. */
const depthOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length && deepest <= maxDepth; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === Code.backslash) i++
      else if (code === Code.quote) inString = false
    } else if (code === Code.quote) inString = true
    else if (code === Code.openBracket || code === Code.openBrace) deepest = Math.max(deepest, ++depth)
    else if (code === Code.closeBracket || code === Code.closeBrace) depth--
  }
  return deepest
}

const Code = { quote: 0x22, backslash: 0x5c, openBracket: 0x5b, closeBracket: 0x5d, openBrace: 0x7b, closeBrace: 0x7d }

// the name may also be spelled with escapes, which only a walk over the parsed value can tell; a text is searched for one
// character six times as fast as for several (Bun), and most have neither
const mayHoldProto = (text: string): boolean =>
  text.includes("_") && text.includes("__proto__") || text.includes("\\") && text.includes("\\u00")

const holdsProto = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return value.some(holdsProto)
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(holdsProto)
}
