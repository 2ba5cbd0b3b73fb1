/**
 * Topic patterns: `*` stands for exactly one word, `#` for any number of them, none included.
 *
 * What a binding's key means on a topic exchange, in every broker, and wherever else types are chosen. Words are separated by dots;
 * an empty key is no words at all, as in RabbitMQ. Pure.
 */

/** The words of a routing key or pattern; `""` has none. */
export const words = (key: string): ReadonlyArray<string> => key === "" ? [] : key.split(".")

/** Whether a pattern can fit other keys than itself. */
export const isWild = (pattern: string): boolean => words(pattern).some((word) => word === "*" || word === "#")

/**
 * Whether `key` fits `pattern`, both as words.
 *
 * **Details**
 *
 * Only the last `#` met needs to be reconsidered when a word does not fit, so the time is at most the product
 * of both lengths, however many `#` there are.
 */
export const fits = (pattern: ReadonlyArray<string>, key: ReadonlyArray<string>): boolean => {
  let p = 0
  let k = 0
  let hash = -1
  let resume = 0
  while (k < key.length) {
    const word = pattern[p]
    if (word === "#") {
      hash = p++
      resume = k
    } else if (word !== undefined && (word === "*" || word === key[k])) {
      p++
      k++
    } else if (hash >= 0) {
      p = hash + 1
      k = ++resume
    } else {
      return false
    }
  }
  while (pattern[p] === "#") p++
  return p === pattern.length
}
