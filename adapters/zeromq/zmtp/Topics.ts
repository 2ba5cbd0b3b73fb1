/**
 * What a subscriber wants: beginnings of messages, each counted. Pure.
 *
 * Asked for every message and every subscriber: it looks once for each length of the topics, however many there are.
 */

/** See the top of the file. */
export class Topics {
  /** By length: the topics of it, written one character a byte, and how often each is wanted. */
  readonly #byLength = new Map<number, Map<string, number>>()
  #size = 0

  /** How many different ones there are. */
  get size(): number {
    return this.#size
  }

  /** Wants a topic once more; says whether it is new. */
  add(topic: Uint8Array): boolean {
    const ofLength = this.#byLength.get(topic.length) ?? new Map<string, number>()
    this.#byLength.set(topic.length, ofLength)
    const key = keyOf(topic, topic.length)
    const count = ofLength.get(key) ?? 0
    ofLength.set(key, count + 1)
    if (count === 0) this.#size++
    return count === 0
  }

  /** Wants a topic once less; says whether it is wanted no more. One that is not wanted is ignored. */
  remove(topic: Uint8Array): boolean {
    const ofLength = this.#byLength.get(topic.length)
    const key = keyOf(topic, topic.length)
    const count = ofLength?.get(key)
    if (ofLength === undefined || count === undefined) return false
    if (count > 1) {
      ofLength.set(key, count - 1)
      return false
    }
    ofLength.delete(key)
    if (ofLength.size === 0) this.#byLength.delete(topic.length)
    this.#size--
    return true
  }

  /** Whether a message that begins so is wanted. */
  match(start: Uint8Array): boolean {
    for (const [length, ofLength] of this.#byLength) {
      if (length <= start.length && (length === 0 || ofLength.has(keyOf(start, length)))) return true
    }
    return false
  }

  /** Each different one. */
  list(): ReadonlyArray<Uint8Array> {
    return [...this.#byLength.values()].flatMap((ofLength) =>
      [...ofLength.keys()].map((key) => Uint8Array.from(key, (character) => character.charCodeAt(0)))
    )
  }
}

const keyOf = (bytes: Uint8Array, length: number): string => {
  let key = ""
  for (let i = 0; i < length; i++) key += String.fromCharCode(bytes[i]!)
  return key
}
