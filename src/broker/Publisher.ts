/**
 * How a message comes into queues: where it goes, what each queue gets, and which refuse it.
 *
 * Between `Engine`, which ends the operation, and `Catalog` with its queues. Every copy shares one packet; a copy for a dead
 * letter is made here, too.
 */
import type { Catalog } from "./Catalog.ts"
import type { Owner } from "./Consumer.ts"
import type { Counters } from "./Counters.ts"
import type { Published } from "./operations.ts"
import type { Payload } from "./Payload.ts"
import type { Queue } from "./Queue.ts"
import { type Common, commonOf, expiry, Message } from "./Message.ts"

const ROUTED: Published = { _tag: "Routed" }
const UNROUTABLE: Published = { _tag: "Unroutable" }
const NOWHERE: ReadonlyArray<never> = []

/** What a publisher stands on. */
export interface Press<P> {
  readonly now: () => number
  readonly payload: Payload<P>
  readonly catalog: Catalog<P>
  /** Where publishes are counted. */
  readonly counters: Pick<Counters, "published" | "unroutable">
}

/** See the top of the file. */
export class Publisher<P> {
  readonly #now: () => number
  readonly #payload: Payload<P>
  readonly #catalog: Catalog<P>
  readonly #counters: Press<P>["counters"]

  constructor({ now, payload, catalog, counters }: Press<P>) {
    this.#now = now
    this.#payload = payload
    this.#catalog = catalog
    this.#counters = counters
  }

  /** Puts a packet where it goes; the exchange `""` leads to the queue named by the key. `from`: who publishes it. */
  publish(exchange: string, key: string, packet: P, from?: Owner): Published {
    const { carbons } = this.#payload
    const more = carbons === undefined ? undefined : carbons(packet)
    if (more !== undefined) return this.prepare(exchange, key, packet, from)()
    if (exchange === "") {
      const queue = this.#catalog.queues.get(key)
      return this.#put(queue === undefined ? NOWHERE : queue.alone, exchange, key, packet, from)
    }
    const found = this.#catalog.exchanges.get(exchange)
    if (found === undefined) return { _tag: "NotFound", kind: "exchange", name: exchange }
    if (found.internal) return internal(exchange)
    return this.#put(this.#catalog.from(found, key, packet), exchange, key, packet, from)
  }

  /**
   * Finds where a packet goes as things are; the result puts it into the queues of those names that are there then. The
   * default exchange leads to a name whether there is such a queue or not.
   */
  prepare(exchange: string, key: string, packet: P, from?: Owner): () => Published {
    if (this.#catalog.exchanges.get(exchange)?.internal === true) return () => internal(exchange)
    const more = this.#payload.carbons?.(packet)
    const keys = [key, ...more?.keys ?? []]
    const queues = exchange === "" ? [] : this.#catalog.routeAll(exchange, keys, packet)
    if (queues === undefined) return () => ({ _tag: "NotFound", kind: "exchange", name: exchange })
    const names = new Set(exchange === "" ? keys : queues.map(({ name }) => name))
    return () => {
      const there = [...names].flatMap((name) => this.#catalog.queues.get(name) ?? [])
      return this.#put(there, exchange, key, more?.packet ?? packet, from, more?.keys)
    }
  }

  /** A copy for one queue; `common`: what it shares with others. The first of the keys is its own. */
  copy(
    queue: Queue<P>,
    packet: P,
    exchange: string,
    [key = "", ...carbons]: ReadonlyArray<string>,
    common: Common = commonOf(packet, this.#payload),
  ): Message<P> {
    const { expiration, size } = this.#payload
    const expiresAt = expiry(expiration(packet), queue.spec.messageTtl, this.#now)
    const message = new Message(packet, exchange, key, expiresAt, size(packet))
    message.common = common
    if (carbons.length > 0) message.carbons = carbons
    return message
  }

  #put(
    queues: ReadonlyArray<Queue<P>>,
    exchange: string,
    key: string,
    packet: P,
    from: Owner | undefined,
    carbons?: ReadonlyArray<string>,
  ): Published {
    this.#counters.published++
    if (queues.length === 0) {
      this.#counters.unroutable++
      return UNROUTABLE
    }
    const { expiration, size: sizeOf, weight: weightOf } = this.#payload
    const ttl = expiration(packet)
    const size = sizeOf(packet)
    const weight = weightOf === undefined ? size : weightOf(packet)
    const common: Common | undefined = queues.length > 1 || weight !== size ? { copies: 0, weight } : undefined
    let refused: Array<string> | undefined
    for (const queue of queues) {
      const message = new Message(packet, exchange, key, expiry(ttl, queue.spec.messageTtl, this.#now), size)
      message.common = common
      message.carbons = carbons
      if (queue.refuses(size, from)) {
        queue.refuse(message)
        refused = [...refused ?? [], queue.name]
      } else {
        queue.enter(message)
      }
    }
    return refused === undefined ? ROUTED : { _tag: "Rejected", queues: refused }
  }
}

const internal = (name: string): Published => ({
  _tag: "Forbidden",
  name,
  detail: `exchange "${name}" is internal: it takes messages from other exchanges only`,
})
