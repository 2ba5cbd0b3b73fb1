/**
 * Makes `--http 9000` mean `--http=9000`, and leaves `--http workers` alone.
 *
 * A flag with an optional value never takes the next word (effect/cli, as GNU programs), so that a module's path is not
 * swallowed. A word that can only be an address is what was meant, though: it is joined here, before parsing.
 */

/** Whether a word can only be an address: a port, or a host and a port. */
export const looksLikeAddress = (word: string): boolean =>
  /^:?\d{1,5}$/.test(word) || /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(word)

/** The words of a command line, an address joined to the `--http` before it. */
export const joinAddress = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const joined: Array<string> = []
  const end = words.indexOf("--")
  for (let i = 0; i < words.length; i++) {
    const [word, next] = [words[i]!, words[i + 1]]
    const isFlag = word === "--http" && (end === -1 || i < end)
    if (isFlag && next !== undefined && looksLikeAddress(next)) {
      joined.push(`${word}=${next}`)
      i++
    } else joined.push(word)
  }
  return joined
}
