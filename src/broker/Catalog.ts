/**
 * What exists by name: exchanges, queues and the bindings between them.
 *
 * Below `Engine`, which adds time and messages. Says why a name cannot be declared or used, and which queues a publish
 * leads to; tells the journal of what outlives the process. Never looks into a queue.
 */
import type { Owner } from "./Consumer.ts"
import type { Journal } from "./Journal.ts"
import type { Payload } from "./Payload.ts"
import type { Binding, ExchangeBinding, ExchangeSpec, QueueSpec } from "./specs.ts"
import { type Arguments, noArguments } from "./Arguments.ts"
import {
  type Difference,
  difference,
  exchangeDifference,
  fill,
  flaw,
  type FullSpec,
  type Refusal,
  say,
} from "./declare.ts"
import { Exchange } from "./Exchange.ts"
import { argumentsFlaw } from "./headers.ts"
import { type Host, Queue } from "./Queue.ts"
import { follow } from "./routing.ts"

const NOWHERE: ReadonlyArray<never> = []

/** Exchanges and queues by name. */
export class Catalog<P> {
  readonly exchanges = new Map<string, Exchange<P>>()
  readonly queues = new Map<string, Queue<P>>()
  readonly #payload: Payload<P>
  /** Told of changes; `undefined`: nobody is, at present. */
  journal: Journal<P> | undefined
  /** Bindings between exchanges and alternates: while there are any, a change may alter any answer. */
  #ways = 0

  constructor(payload: Payload<P>, journal: Journal<P> | undefined) {
    this.#payload = payload
    this.journal = journal
  }

  /** Declares an exchange; an equal one may exist. */
  declareExchange(spec: ExchangeSpec): Refusal | undefined {
    if (spec.name === "") return defaultExchange
    const existing = this.exchanges.get(spec.name)
    if (existing !== undefined) {
      const found = exchangeDifference(existing.spec, spec)
      return found === undefined ? undefined : clash(spec.name, say(found), found)
    }
    const exchange = new Exchange<P>(spec)
    this.exchanges.set(spec.name, exchange)
    if (spec.alternate !== undefined) this.#ways++
    if (this.#ways > 0) this.#forgetAll()
    if (exchange.durable) this.journal?.exchangeDeclared(spec)
    return undefined
  }

  /** Deletes an exchange and its bindings; an unknown one is no error. */
  deleteExchange(name: string, ifUnused: boolean): Refusal | undefined {
    if (name === "") return defaultExchange
    const exchange = this.exchanges.get(name)
    if (exchange === undefined) return undefined
    if (ifUnused && !exchange.isUnused) {
      return { _tag: "InUse", name, detail: `exchange "${name}" has bindings` }
    }
    this.#drop(exchange)
    return undefined
  }

  /** Declares a queue; an equal one may exist, and is touched. */
  declareQueue(spec: QueueSpec, owner: Owner | undefined, host: Host<P>): Queue<P> | Refusal {
    const full = fill(spec)
    const existing = this.find(spec.name, owner)
    if (existing instanceof Queue) {
      if (existing.spec.exclusive !== full.exclusive) {
        return locked(spec.name, `queue "${spec.name}" is ${full.exclusive ? "not " : ""}exclusive`)
      }
      const found = difference(existing.spec, full)
      if (found !== undefined) return clash(spec.name, say(found), found)
      existing.touch()
      return existing
    }
    if (existing._tag !== "NotFound") return existing
    const detail = flaw(full)
    if (detail !== undefined) return clash(spec.name, detail)
    if (full.exclusive && owner === undefined) return clash(spec.name, "an exclusive queue needs an owner")
    const queue = new Queue(spec.name, full, full.exclusive ? owner : undefined, host)
    this.queues.set(spec.name, queue)
    if (lasts(queue)) this.journal?.queueDeclared(spec)
    return queue
  }

  /** The queue of that name, if this owner may use it; without an owner every queue may be used. */
  find(name: string, owner: Owner | undefined): Queue<P> | Refusal {
    const queue = this.queues.get(name)
    if (queue === undefined) return { _tag: "NotFound", kind: "queue", name }
    if (queue.owner === undefined || owner === undefined || queue.owner === owner) return queue
    return locked(name, `queue "${name}" is exclusive to another connection`)
  }

  /** Adds a binding; an equal one may exist. */
  bind(binding: Binding, owner: Owner | undefined): Refusal | undefined {
    const ends = this.#ends(binding, undefined)
    if ("_tag" in ends) return ends
    const { exchange, queue } = ends
    const detail = exchange.spec.type === "headers" ? argumentsFlaw(binding.arguments ?? noArguments) : undefined
    if (detail !== undefined) return clash(binding.exchange, detail)
    const found = this.find(queue.name, owner)
    if (!(found instanceof Queue)) return found
    if (!exchange.queues.add(queue, binding.key, binding.arguments)) return undefined
    this.#changed(exchange)
    if (exchange.durable && lasts(queue)) this.journal?.bound(binding)
    return undefined
  }

  /** Takes a binding away; an unknown one is no error, nor is an end that is not there. */
  unbind(binding: Binding, owner: Owner | undefined): Refusal | undefined {
    const ends = this.#ends(binding, undefined)
    if ("_tag" in ends) return ends._tag === "NotFound" ? undefined : ends
    const { exchange, queue } = ends
    const found = this.find(queue.name, owner)
    // whose it is matters only where there is something to take away
    if (!(found instanceof Queue) && exchange.queues.holds(queue, binding.key, binding.arguments)) return found
    if (!exchange.queues.remove(queue, binding.key, binding.arguments)) return undefined
    if (exchange.durable && lasts(queue)) this.journal?.unbound(binding)
    this.#lessened(exchange)
    return undefined
  }

  /** Adds a binding between exchanges; an equal one may exist. */
  bindExchange(binding: ExchangeBinding): Refusal | undefined {
    const ends = this.#bothEnds(binding)
    if ("_tag" in ends) return ends
    const { exchange, target } = ends
    const detail = exchange.spec.type === "headers" ? argumentsFlaw(binding.arguments ?? noArguments) : undefined
    if (detail !== undefined) return clash(binding.exchange, detail)
    if (!exchange.exchanges.add(target, binding.key, binding.arguments)) return undefined
    this.#ways++
    this.#changed(exchange)
    if (exchange.durable && target.durable) this.journal?.bound(binding)
    return undefined
  }

  /** Takes one away; an unknown one is no error, nor is an end that is not there. */
  unbindExchange(binding: ExchangeBinding): Refusal | undefined {
    const ends = this.#bothEnds(binding)
    if ("_tag" in ends) return ends._tag === "NotFound" ? undefined : ends
    const { exchange, target } = ends
    if (!exchange.exchanges.remove(target, binding.key, binding.arguments)) return undefined
    if (exchange.durable && target.durable) this.journal?.unbound(binding)
    this.#changed(exchange)
    this.#ways--
    this.#lessened(exchange)
    return undefined
  }

  /** Takes a queue and its bindings away. */
  remove(queue: Queue<P>): void {
    this.queues.delete(queue.name)
    for (const exchange of [...this.exchanges.values()]) {
      const gone = exchange.queues.has(queue) ? [...exchange.queues.list(queue)] : []
      if (gone.length === 0) continue
      for (const [, key, args] of gone) {
        exchange.queues.remove(queue, key, args)
        if (exchange.durable && lasts(queue)) this.journal?.unbound(bindingOf(exchange, queue, key, args))
      }
      this.#lessened(exchange)
    }
    if (lasts(queue)) this.journal?.queueDeleted(queue.name)
  }

  /** The queues for a key; `undefined`: the exchange is unknown. */
  route(exchange: string, key: string, packet: P): ReadonlyArray<Queue<P>> | undefined {
    if (exchange === "") return this.queues.get(key)?.alone ?? NOWHERE
    const found = this.exchanges.get(exchange)
    return found === undefined ? undefined : this.from(found, key, packet)
  }

  /** The queues for several keys, each queue once; `undefined`: the exchange is unknown. */
  routeAll(exchange: string, keys: ReadonlyArray<string>, packet: P): ReadonlyArray<Queue<P>> | undefined {
    if (keys.length === 1) return this.route(exchange, keys[0] ?? "", packet)
    if (exchange === "") return [...new Set(keys.flatMap((key) => this.queues.get(key) ?? []))]
    const found = this.exchanges.get(exchange)
    return found === undefined ? undefined : follow(found, keys, this.#headersOf(packet), this.exchanges).queues
  }

  /** The queues for a key, from an exchange that is not the default one. */
  from(exchange: Exchange<P>, key: string, packet: P): ReadonlyArray<Queue<P>> {
    const known = exchange.known(key)
    if (known !== undefined) return known
    const { queues, isByHeaders } = follow(exchange, [key], this.#headersOf(packet), this.exchanges)
    if (!isByHeaders) exchange.learn(key, queues)
    return queues
  }

  /** Every binding of a queue. */
  bindings(): ReadonlyArray<Binding> {
    return [...this.exchanges.values()].flatMap((exchange) =>
      Array.from(exchange.queues.list(), ([queue, key, args]) => bindingOf(exchange, queue, key, args))
    )
  }

  /** Every binding between exchanges. */
  links(): ReadonlyArray<ExchangeBinding> {
    return [...this.exchanges.values()].flatMap((exchange) =>
      Array.from(exchange.exchanges.list(), ([target, key, args]) => linkOf(exchange, target, key, args))
    )
  }

  #headersOf(packet: P): () => Arguments {
    return () => this.#payload.headers(packet) ?? noArguments
  }

  #ends(binding: Binding, owner: Owner | undefined): { exchange: Exchange<P>; queue: Queue<P> } | Refusal {
    if (binding.exchange === "") return defaultExchange
    const exchange = this.exchanges.get(binding.exchange)
    if (exchange === undefined) return { _tag: "NotFound", kind: "exchange", name: binding.exchange }
    const queue = this.find(binding.queue, owner)
    return queue instanceof Queue ? { exchange, queue } : queue
  }

  #bothEnds(binding: ExchangeBinding): { exchange: Exchange<P>; target: Exchange<P> } | Refusal {
    if (binding.exchange === "" || binding.target === "") return defaultExchange
    const exchange = this.exchanges.get(binding.exchange)
    if (exchange === undefined) return { _tag: "NotFound", kind: "exchange", name: binding.exchange }
    const target = this.exchanges.get(binding.target)
    return target === undefined ? { _tag: "NotFound", kind: "exchange", name: binding.target } : { exchange, target }
  }

  /** Takes an exchange away, and with it all that begins or ends there. */
  #drop(exchange: Exchange<P>): void {
    const { name, alternate } = exchange.spec
    this.exchanges.delete(name)
    for (const [queue, key, args] of exchange.queues.list()) {
      if (exchange.durable && lasts(queue)) this.journal?.unbound(bindingOf(exchange, queue, key, args))
    }
    for (const [target, key, args] of exchange.exchanges.list()) {
      this.#ways--
      if (exchange.durable && target.durable) this.journal?.unbound(linkOf(exchange, target, key, args))
    }
    for (const source of [...this.exchanges.values()]) {
      const gone = source.exchanges.has(exchange) ? [...source.exchanges.list(exchange)] : []
      for (const [, key, args] of gone) {
        this.#ways--
        source.exchanges.remove(exchange, key, args)
        if (source.durable && exchange.durable) this.journal?.unbound(linkOf(source, exchange, key, args))
      }
      if (gone.length > 0 && this.exchanges.has(source.spec.name)) this.#lessened(source)
    }
    this.#forgetAll()
    if (alternate !== undefined) this.#ways--
    if (exchange.durable) this.journal?.exchangeDeleted(name)
  }

  /** Something that began at an exchange is gone. */
  #lessened(exchange: Exchange<P>): void {
    this.#changed(exchange)
    if (exchange.spec.autoDelete === true && exchange.isUnused) this.#drop(exchange)
  }

  #changed(exchange: Exchange<P>): void {
    if (this.#ways > 0) this.#forgetAll()
    else exchange.forget()
  }

  #forgetAll(): void {
    for (const exchange of this.exchanges.values()) exchange.forget()
  }
}

const clash = (name: string, detail: string, found?: Difference): Refusal => ({
  _tag: "Clash",
  name,
  detail,
  ...(found === undefined ? {} : { difference: found }),
})

const locked = (name: string, detail: string): Refusal => ({ _tag: "Locked", name, detail })

/** Whether it outlives the process. */
const lasts = ({ spec }: { readonly spec: FullSpec }): boolean => spec.durable && !spec.exclusive

const bindingOf = <P>({ spec }: Exchange<P>, { name }: Queue<P>, key: string, args: Arguments): Binding => ({
  exchange: spec.name,
  queue: name,
  key,
  ...(args.size === 0 ? {} : { arguments: args }),
})

const linkOf = <P>({ spec }: Exchange<P>, target: Exchange<P>, key: string, args: Arguments): ExchangeBinding => ({
  exchange: spec.name,
  target: target.spec.name,
  key,
  ...(args.size === 0 ? {} : { arguments: args }),
})

const defaultExchange: Refusal = {
  _tag: "Forbidden",
  name: "",
  detail: "the default exchange cannot be declared, bound or unbound",
}
