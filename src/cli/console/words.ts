/**
 * The words of a line in the console, as a shell would give them to `warren`, but for payloads, which need no quotes.
 *
 * Pure. `call parts.lookup {sku: "P-100"}` has three words, the last one JSON; a brace that is not closed yet goes on in the next
 * line. A `#` at the beginning of a line makes it a remark.
 */
import { readLiteral } from "./literal.ts"

/** What a line says. `open`: it goes on in the next line. */
export type Line =
  | { readonly kind: "words"; readonly words: ReadonlyArray<string> }
  | { readonly kind: "open" }
  | { readonly kind: "fault"; readonly problem: string; readonly offset: number }

/** Reads it. */
export const readLine = (text: string): Line => {
  const words: Array<string> = []
  if (/^\s*#/.test(text)) return { kind: "words", words }
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    if (text[at] === "{" || text[at] === "[") {
      const literal = readLiteral(text, at)
      if (!literal.ok) {
        if (literal.isOpen) return { kind: "open" }
        return { kind: "fault", problem: `expected ${literal.expected}`, offset: literal.offset }
      }
      words.push(literal.json)
      at = literal.end
      if (at < text.length && !/\s/.test(text[at]!)) {
        return { kind: "fault", problem: "expected a space after the payload", offset: at }
      }
      continue
    }
    const word = readWord(text, at)
    if (word === undefined) return { kind: "fault", problem: `expected a ${text[at]} that ends the text`, offset: at }
    words.push(word.text)
    at = word.end
  }
  return { kind: "words", words }
}

/** A word as shells have it: quotes keep spaces, a backslash keeps what follows. */
const readWord = (text: string, from: number): { readonly text: string; readonly end: number } | undefined => {
  let [word, at] = ["", from]
  while (at < text.length && !/\s/.test(text[at]!)) {
    const one = text[at]!
    if (one === "'" || one === '"') {
      const end = closing(text, at)
      if (end === undefined) return undefined
      const inside = text.slice(at + 1, end)
      word += one === "'" ? inside : inside.replaceAll(/\\(["\\$`])/g, "$1")
      at = end + 1
    } else if (one === "\\" && at + 1 < text.length) {
      word += text[at + 1]
      at += 2
    } else {
      word += one
      at++
    }
  }
  return { text: word, end: at }
}

const closing = (text: string, from: number): number | undefined => {
  const quote = text[from]!
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return at
    if (quote === '"' && text[at] === "\\") at++
  }
  return undefined
}
