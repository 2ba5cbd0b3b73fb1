/**
 * What must exist in a broker before messages flow: exchanges, queues and bindings, as plain data.
 *
 * `src/wire` derives these from contracts and handlers; transports declare them idempotently.
 * Only the features that RabbitMQ 3.10 to 4.3 share are named here.
 */

/** How an exchange routes: `direct` by equal key, `topic` by pattern (`*` one word, `#` any), `fanout` to all. */
export interface ExchangeSpec {
  readonly name: string
  readonly type: "direct" | "topic" | "fanout"
}

/** One queue and its limits. Times are in ms. */
export interface QueueSpec {
  readonly name: string
  /** `quorum`: replicated, always durable; `classic`: everything else. */
  readonly type: "classic" | "quorum"
  /** @default true; only exclusive queues may be non-durable */
  readonly durable?: boolean
  /** Deleted when its last consumer leaves. @default false */
  readonly autoDelete?: boolean
  /** Usable by the declaring connection only, deleted with it. @default false */
  readonly exclusive?: boolean
  /** Messages older than this are dead-lettered (`x-message-ttl`). */
  readonly messageTtl?: number
  /** The queue is deleted after being unused this long (`x-expires`). */
  readonly expires?: number
  /** Where dropped messages go (`x-dead-letter-exchange`); `""` is the default exchange. */
  readonly deadLetterExchange?: string
  /** Routing key for dead letters; absent: the message's own key. */
  readonly deadLetterKey?: string
  /**
   * Deliveries that end in a requeue or a lost consumer before the message is dead-lettered (`x-delivery-limit`). Below 0: it
   * is dead-lettered the first time.
   */
  readonly deliveryLimit?: number
  /** Ready messages at most (`x-max-length`). */
  readonly maxLength?: number
  /** What gives way at `maxLength`: the newcomer is refused, or the oldest is dropped. @default "reject-publish" */
  readonly overflow?: "reject-publish" | "drop-head"
  /** One consumer at a time, the others wait their turn (`x-single-active-consumer`). @default false */
  readonly singleActiveConsumer?: boolean
  /** In what one that exists may differ: it is then used as it is, and the log says so once. @default nothing */
  readonly tolerates?: ReadonlyArray<"deliveryLimit">
}

/** Messages for `exchange` whose key fits `key` go to `queue`. */
export interface Binding {
  readonly exchange: string
  readonly queue: string
  readonly key: string
}

/** Everything to declare in one go. */
export interface Topology {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<QueueSpec>
  readonly bindings: ReadonlyArray<Binding>
}

/** Joins topologies; equal names are kept once, the first wins. */
export const merge = (...parts: ReadonlyArray<Topology>): Topology => ({
  exchanges: unique(parts.flatMap((p) => p.exchanges), (e) => e.name),
  queues: unique(parts.flatMap((p) => p.queues), (q) => q.name),
  bindings: unique(parts.flatMap((p) => p.bindings), (b) => `${b.exchange}\n${b.queue}\n${b.key}`),
})

const unique = <A>(items: ReadonlyArray<A>, key: (item: A) => string): ReadonlyArray<A> => {
  const seen = new Map<string, A>()
  for (const item of items) if (!seen.has(key(item))) seen.set(key(item), item)
  return [...seen.values()]
}
