/**
 * One exchange: its bindings, and which queues a routing key leads to.
 *
 * Above `pattern.ts`, below `Engine`. The bindings are the truth; an index over them is rebuilt when they
 * change, and the answer for each key is remembered until then, so that a publish costs one look-up.
 * Generic in what it leads to: it knows no queues, and the default exchange is not one of these.
 */
import type { ExchangeSpec } from "../transport/mod.ts"
import { fits, isWild, words } from "./pattern.ts"

/** Answers remembered at most; keys may be endless (ids), memory is not. */
const REMEMBERED = 10_000

interface Index<Q> {
  /** Bindings that fit exactly one key. */
  readonly exact: Map<string, Array<Q>>
  /** Bindings that have to be tried. */
  readonly wild: Array<readonly [ReadonlyArray<string>, Q]>
}

/** An exchange that leads to queues of type `Q`. */
export class Exchange<Q> {
  readonly spec: ExchangeSpec
  readonly #bindings = new Map<Q, Set<string>>()
  readonly #answers = new Map<string, ReadonlyArray<Q>>()
  #index: Index<Q> | undefined

  constructor(spec: ExchangeSpec) {
    this.spec = spec
  }

  /** The queues for a key, each once. */
  route(key: string): ReadonlyArray<Q> {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const index = this.#index ??= this.#build()
    const found = new Set<Q>(index.exact.get(key))
    if (index.wild.length > 0) {
      const parts = words(key)
      for (const [pattern, queue] of index.wild) if (!found.has(queue) && fits(pattern, parts)) found.add(queue)
    }
    if (this.#answers.size >= REMEMBERED) this.#answers.clear()
    const answer = [...found]
    this.#answers.set(key, answer)
    return answer
  }

  /** Adds a binding; an equal one is kept once. */
  bind(queue: Q, key: string): void {
    const keys = this.#bindings.get(queue)
    if (keys === undefined) this.#bindings.set(queue, new Set([key]))
    else keys.add(key)
    this.#changed()
  }

  /** Takes a binding away; an unknown one is no error. */
  unbind(queue: Q, key: string): void {
    const keys = this.#bindings.get(queue)
    if (keys === undefined || !keys.delete(key)) return
    if (keys.size === 0) this.#bindings.delete(queue)
    this.#changed()
  }

  /** Takes all bindings of a queue away. */
  forget(queue: Q): void {
    if (this.#bindings.delete(queue)) this.#changed()
  }

  /** Every binding, as queue and key. */
  *bindings(): IterableIterator<readonly [Q, string]> {
    for (const [queue, keys] of this.#bindings) for (const key of keys) yield [queue, key]
  }

  #changed(): void {
    this.#index = undefined
    this.#answers.clear()
  }

  #build(): Index<Q> {
    const exact = new Map<string, Array<Q>>()
    const wild: Array<readonly [ReadonlyArray<string>, Q]> = []
    for (const [queue, key] of this.bindings()) {
      if (this.spec.type === "fanout") wild.push([["#"], queue])
      else if (this.spec.type === "topic" && isWild(key)) wild.push([words(key), queue])
      else if (exact.has(key)) exact.get(key)?.push(queue)
      else exact.set(key, [queue])
    }
    return { exact, wild }
  }
}
