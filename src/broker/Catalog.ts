/**
 * What exists by name: exchanges, queues and the bindings between them.
 *
 * Below `Engine`, which adds time and messages. Says why a name cannot be declared or used, and which queues a publish
 * leads to. Never looks into a queue.
 */
import type { Binding, ExchangeSpec } from "../transport/mod.ts"
import type { Owner } from "./Consumer.ts"
import { difference, type EngineQueueSpec, exchangeDifference, fill, flaw, type Refusal } from "./declare.ts"
import { Exchange } from "./Exchange.ts"
import { type Host, Queue } from "./Queue.ts"

const NOWHERE: ReadonlyArray<Queue> = []

/** Exchanges and queues by name. */
export class Catalog {
  readonly exchanges = new Map<string, Exchange<Queue>>()
  readonly queues = new Map<string, Queue>()

  /** Declares an exchange; an equal one may exist. */
  declareExchange(spec: ExchangeSpec): Refusal | undefined {
    if (spec.name === "") return defaultExchange
    const existing = this.exchanges.get(spec.name)
    if (existing === undefined) {
      this.exchanges.set(spec.name, new Exchange(spec))
      return undefined
    }
    const detail = exchangeDifference(existing.spec, spec)
    return detail === undefined ? undefined : { _tag: "Clash", name: spec.name, detail }
  }

  /** Declares a queue; an equal one may exist, and is touched. */
  declareQueue(spec: EngineQueueSpec, owner: Owner | undefined, host: Host): Refusal | undefined {
    const full = fill(spec)
    const clash = (detail: string): Refusal => ({ _tag: "Clash", name: spec.name, detail })
    const existing = this.find(spec.name, owner)
    if (existing instanceof Queue) {
      const detail = difference(existing.spec, full)
      if (detail !== undefined) return clash(detail)
      existing.touch()
      return undefined
    }
    if (existing._tag !== "NotFound") return existing
    const detail = flaw(full)
    if (detail !== undefined) return clash(detail)
    if (full.exclusive && owner === undefined) return clash("an exclusive queue needs an owner")
    this.queues.set(spec.name, new Queue(spec.name, full, full.exclusive ? owner : undefined, host))
    return undefined
  }

  /** The queue of that name, if this owner may use it; without an owner every queue may be used. */
  find(name: string, owner: Owner | undefined): Queue | Refusal {
    const queue = this.queues.get(name)
    if (queue === undefined) return { _tag: "NotFound", kind: "queue", name }
    if (queue.owner === undefined || owner === undefined || queue.owner === owner) return queue
    return { _tag: "Forbidden", name, detail: `queue "${name}" is exclusive to another connection` }
  }

  /** Adds a binding; an equal one may exist. */
  bind(binding: Binding, owner: Owner | undefined): Refusal | undefined {
    const ends = this.#ends(binding, owner)
    if ("_tag" in ends) return ends
    ends.exchange.bind(ends.queue, binding.key)
    return undefined
  }

  /** Takes a binding away; an unknown one is no error. */
  unbind(binding: Binding, owner: Owner | undefined): Refusal | undefined {
    const ends = this.#ends(binding, owner)
    if ("_tag" in ends) return ends
    ends.exchange.unbind(ends.queue, binding.key)
    return undefined
  }

  /** Takes a queue and its bindings away. */
  remove(queue: Queue): void {
    this.queues.delete(queue.name)
    for (const exchange of this.exchanges.values()) exchange.forget(queue)
  }

  /** The queues for a key; `undefined`: the exchange is unknown. */
  route(exchange: string, key: string): ReadonlyArray<Queue> | undefined {
    if (exchange === "") return this.queues.get(key)?.alone ?? NOWHERE
    return this.exchanges.get(exchange)?.route(key)
  }

  /** Every binding. */
  bindings(): ReadonlyArray<Binding> {
    return [...this.exchanges.values()].flatMap((exchange) =>
      Array.from(exchange.bindings(), ([queue, key]) => ({ exchange: exchange.spec.name, queue: queue.name, key }))
    )
  }

  #ends(binding: Binding, owner: Owner | undefined): { exchange: Exchange<Queue>; queue: Queue } | Refusal {
    if (binding.exchange === "") return defaultExchange
    const exchange = this.exchanges.get(binding.exchange)
    if (exchange === undefined) return { _tag: "NotFound", kind: "exchange", name: binding.exchange }
    const queue = this.find(binding.queue, owner)
    return queue instanceof Queue ? { exchange, queue } : queue
  }
}

const defaultExchange: Refusal = {
  _tag: "Forbidden",
  name: "",
  detail: "the default exchange cannot be declared, bound or unbound",
}
