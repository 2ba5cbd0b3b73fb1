/**
 * The bindings of one exchange to one kind of target, and which of them fit a message.
 *
 * Below `Exchange`; generic in what they lead to. The bindings are the truth; an index over them is rebuilt when they have
 * changed. A binding is its key and its arguments: two that differ in either stand beside each other.
 */
import { fits, isWild, words } from "../transport/mod.ts"
import { type Arguments, noArguments, sameArguments } from "./Arguments.ts"
import { matcher } from "./headers.ts"
import type { ExchangeSpec } from "./specs.ts"

interface Index<T> {
  /** Targets that fit exactly one key. */
  readonly exact: Map<string, Array<T>>
  /** Targets that have to be tried. */
  readonly wild: Array<readonly [pattern: ReadonlyArray<string>, target: T]>
  /** Targets that every key fits. */
  readonly always: Array<T>
  /** Targets that depend on headers. */
  readonly tests: Array<readonly [test: (headers: Arguments) => boolean, target: T]>
}

/** See the top of the file. */
export class Bindings<T> {
  readonly #type: ExchangeSpec["type"]
  /** By target and key, their arguments. */
  readonly #all = new Map<T, Map<string, ReadonlyArray<Arguments>>>()
  #index: Index<T> | undefined

  constructor(type: ExchangeSpec["type"]) {
    this.#type = type
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** Adds the targets that fit any of the keys, or the headers, to `found`. */
  match(keys: ReadonlyArray<string>, headers: () => Arguments, found: Set<T>): void {
    if (this.#all.size === 0) return
    const { exact, wild, always, tests } = this.#index ??= this.#build()
    for (const target of always) found.add(target)
    for (const key of keys) {
      for (const target of exact.get(key) ?? []) found.add(target)
      if (wild.length === 0) continue
      const parts = words(key)
      for (const [pattern, target] of wild) if (!found.has(target) && fits(pattern, parts)) found.add(target)
    }
    if (tests.length === 0) return
    const values = headers()
    for (const [test, target] of tests) if (!found.has(target) && test(values)) found.add(target)
  }

  /** Adds one; says whether it is new. */
  add(target: T, key: string, args: Arguments = noArguments): boolean {
    const keys = this.#all.get(target) ?? new Map<string, ReadonlyArray<Arguments>>()
    const known = keys.get(key) ?? []
    if (known.some((one) => sameArguments(one, args))) return false
    this.#all.set(target, keys.set(key, [...known, args]))
    this.#index = undefined
    return true
  }

  /** Takes one away; says whether it was there. */
  remove(target: T, key: string, args: Arguments = noArguments): boolean {
    const keys = this.#all.get(target)
    const known = keys?.get(key) ?? []
    const left = known.filter((one) => !sameArguments(one, args))
    if (keys === undefined || left.length === known.length) return false
    if (left.length > 0) keys.set(key, left)
    else keys.delete(key)
    if (keys.size === 0) this.#all.delete(target)
    this.#index = undefined
    return true
  }

  /** Whether that one is there. */
  holds(target: T, key: string, args: Arguments = noArguments): boolean {
    return this.#all.get(target)?.get(key)?.some((one) => sameArguments(one, args)) ?? false
  }

  /** Whether any leads there. */
  has(target: T): boolean {
    return this.#all.has(target)
  }

  /** Every one of them, or those to one target. */
  *list(only?: T): IterableIterator<readonly [target: T, key: string, args: Arguments]> {
    for (const [target, keys] of this.#all) {
      if (only !== undefined && target !== only) continue
      for (const [key, list] of keys) for (const args of list) yield [target, key, args]
    }
  }

  #build(): Index<T> {
    const index: Index<T> = { exact: new Map(), wild: [], always: [], tests: [] }
    for (const [target, key, args] of this.list()) {
      if (this.#type === "fanout") index.always.push(target)
      else if (this.#type === "headers") index.tests.push([matcher(args), target])
      else if (this.#type === "topic" && isWild(key)) index.wild.push([words(key), target])
      else if (index.exact.has(key)) index.exact.get(key)?.push(target)
      else index.exact.set(key, [target])
    }
    return index
  }
}
