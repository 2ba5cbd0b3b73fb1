/**
 * What an engine looks like from outside, as plain data: for `warren topology`, inspection and tests.
 *
 * Made by `Engine`; a copy of the moment, never a window into it.
 */
import type { Counters, QueueCounters } from "./Counters.ts"
import type { FullSpec } from "./declare.ts"
import type { Queue } from "./Queue.ts"
import type { Binding, ExchangeBinding, ExchangeSpec } from "./specs.ts"

/** One queue. */
export interface QueueView {
  readonly name: string
  readonly spec: FullSpec
  /** Messages that wait. */
  readonly ready: number
  /** Messages in consumers' hands. */
  readonly unacked: number
  readonly consumers: number
  /** Of the messages in hands, those that were fetched without a consumer. */
  readonly fetched: number
  /** Of the bodies of both, ready and unacked. */
  readonly bytes: number
  /** Of those that wait. */
  readonly readyBytes: number
  readonly counters: Readonly<QueueCounters>
}

/** A whole engine. */
export interface View {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<QueueView>
  readonly bindings: ReadonlyArray<Binding>
  /** Of exchanges to each other. */
  readonly links: ReadonlyArray<ExchangeBinding>
  readonly counters: Readonly<Counters>
}

/** Looks at one queue. */
export const viewQueue = <P>(queue: Queue<P>): QueueView => ({
  name: queue.name,
  spec: queue.spec,
  ready: queue.ready,
  unacked: queue.unacked,
  consumers: queue.consumers.size,
  fetched: queue.fetched,
  bytes: queue.readyBytes + queue.unackedBytes,
  readyBytes: queue.readyBytes,
  counters: { ...queue.counters },
})

/** Consumers as RabbitMQ counts them: of a quorum queue each message that was fetched and is not settled is one, too. */
export const audienceOf = ({ spec, consumers, fetched }: QueueView): number =>
  spec.type === "quorum" ? consumers + fetched : consumers
