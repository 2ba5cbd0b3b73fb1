/**
 * One exchange: its bindings to queues and to other exchanges, and the answers that are known.
 *
 * Below `Catalog`, which follows bindings from one exchange to the next; patterns are the transport's. The answer for each key
 * is remembered until something changes, so that a publish costs one look-up. The default exchange is not one of these.
 */
import { Bindings } from "./Bindings.ts"
import type { Queue } from "./Queue.ts"
import type { ExchangeSpec } from "./specs.ts"

/** Answers remembered at most; keys may be endless (ids), memory is not. */
const REMEMBERED = 10_000

/** See the top of the file. */
export class Exchange<P> {
  readonly spec: ExchangeSpec
  /** Takes nothing from outside. */
  readonly internal: boolean
  readonly queues: Bindings<Queue<P>>
  readonly exchanges: Bindings<Exchange<P>>
  readonly #answers = new Map<string, ReadonlyArray<Queue<P>>>()

  constructor(spec: ExchangeSpec) {
    this.spec = spec
    this.internal = spec.internal ?? false
    this.queues = new Bindings(spec.type)
    this.exchanges = new Bindings(spec.type)
  }

  /** Whether nothing is bound to it. */
  get isUnused(): boolean {
    return this.queues.isEmpty && this.exchanges.isEmpty
  }

  /** Whether it outlives the process. */
  get durable(): boolean {
    return this.spec.durable ?? true
  }

  /** Where a key leads to, if that is known. */
  known(key: string): ReadonlyArray<Queue<P>> | undefined {
    return this.#answers.get(key)
  }

  /** Remembers where a key leads to. */
  learn(key: string, answer: ReadonlyArray<Queue<P>>): void {
    if (this.#answers.size >= REMEMBERED) this.#answers.clear()
    this.#answers.set(key, answer)
  }

  /** What was known no longer holds. */
  forget(): void {
    this.#answers.clear()
  }
}
