/**
 * Reads a payload from the command line or from standard input, and shows the place where it is no JSON.
 *
 * The runtimes' own parsers say where in different words, and Bun's does not say it at all; here is one that does
 * nothing else.
 */
import { Effect, Option, Stdio, Stream } from "effect"
import { type CliFailure, misuse } from "./Failure.ts"

/** The payload that an argument stands for: JSON, `-` for standard input, none for `{}`. */
export const readPayload = Effect.fnUntraced(function* (
  argument: Option.Option<string>,
): Effect.fn.Return<unknown, CliFailure, Stdio.Stdio> {
  if (Option.isNone(argument)) return {}
  const fromStdin = argument.value === "-"
  const text = fromStdin ? yield* readStdin : argument.value
  try {
    return JSON.parse(text)
  } catch {
    const fault = faultIn(text) ?? { offset: text.length, expected: "JSON" }
    const what = fromStdin ? "standard input" : "the payload"
    return yield* misuse(
      `Cannot read ${what} as JSON: expected ${fault.expected} at ${placeIn(text, fault.offset)}`,
      excerpt(text, fault.offset),
    )
  }
})

const readStdin = Effect.gen(function* () {
  const { stdin } = yield* Stdio.Stdio
  return yield* Stream.mkString(Stream.decodeText(stdin))
}).pipe(Effect.mapError((error) => misuse(`Cannot read standard input: ${error.message}`)))

/** Where a text stops being JSON, and what should stand there; `undefined`: it is JSON. */
export const faultIn = (text: string): { readonly offset: number; readonly expected: string } | undefined => {
  let at = 0
  const fault = (expected: string, offset = at): never => {
    throw new Fault(offset, expected)
  }
  const space = () => {
    while (" \t\n\r".includes(text[at] ?? "x")) at++
  }
  const token = (pattern: RegExp, expected: string) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return fault(expected)
    at += found[0].length
  }
  const string = (expected: string) => {
    const start = at
    if (text[at] !== '"') fault(expected)
    // deno-lint-ignore no-control-regex -- JSON forbids exactly these in strings
    const pattern = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
    token(pattern, expected)
    if (text[at] !== '"') {
      fault(
        at >= text.length
          ? `a '"' that ends the string from ${placeIn(text, start)}`
          : "an escape or a character that a string may hold",
      )
    }
    at++
  }
  const members = (close: string, member: () => void) => {
    at++
    space()
    if (text[at] === close) return void at++
    for (;;) {
      member()
      space()
      if (text[at] === close) return void at++
      if (text[at] !== ",") fault(`"," or "${close}"`)
      at++
      space()
    }
  }
  const value = (): void => {
    space()
    const first = text[at] ?? ""
    if (first === "{") {
      return members("}", () => {
        string("a key in double quotes")
        space()
        if (text[at] !== ":") fault('":"')
        at++
        value()
      })
    }
    if (first === "[") return members("]", value)
    if (first === '"') return string("a string")
    if (first === "-" || /\d/.test(first)) return token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y, "a number")
    token(/true|false|null/y, "a value (strings and keys stand in double quotes)")
  }
  try {
    value()
    space()
    return at < text.length ? { offset: at, expected: "nothing more" } : undefined
  } catch (error) {
    // nesting deeper than the stack is not worth a place
    return error instanceof Fault ? error : undefined
  }
}

class Fault {
  readonly offset: number
  readonly expected: string
  constructor(offset: number, expected: string) {
    this.offset = offset
    this.expected = expected
  }
}

const placeIn = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split("\n")
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`
}

/** The line in question, and a mark below the place. */
const excerpt = (text: string, offset: number): string => {
  const start = text.lastIndexOf("\n", offset - 1) + 1
  const from = Math.max(start, offset - 40)
  const line = text.slice(from, offset + 40).split("\n")[0]!
  return `${line}\n       ${" ".repeat(offset - from)}^`
}
