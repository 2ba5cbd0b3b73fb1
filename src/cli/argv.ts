/**
 * Makes `--http 9000` mean `--http=9000`, and leaves `--http workers` alone; the same of `--graph mermaid`.
 *
 * A flag with an optional value never takes the next word (effect/cli, as GNU programs), so that a module's path is not
 * swallowed. A word that can only be its value is what was meant, though: it is joined here, before parsing.
 */
import { graphForms } from "./graph/forms.ts"

/** Whether a word can only be an address: a port, or a host and a port. */
export const looksLikeAddress = (word: string): boolean =>
  /^:?\d{1,5}$/.test(word) || /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(word)

/** What can only be the value of a flag before it. */
const values: ReadonlyMap<string, (word: string) => boolean> = new Map([
  ["--http", looksLikeAddress],
  ["--graph", (word) => graphForms.some((form) => form === word)],
])

/** The words of a command line, what can only be a flag's value joined to the flag before it. */
export const joinValues = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const joined: Array<string> = []
  const end = words.indexOf("--")
  for (let i = 0; i < words.length; i++) {
    const [word, next] = [words[i]!, words[i + 1]]
    const isValue = end === -1 || i < end ? values.get(word) : undefined
    if (next !== undefined && isValue?.(next) === true) {
      joined.push(`${word}=${next}`)
      i++
    } else joined.push(word)
  }
  return joined
}
