/**
 * What an engine looks like from outside, as plain data: for `warren topology`, inspection and tests.
 *
 * Made by `Engine`; a copy of the moment, never a window into it.
 */
import type { Binding, ExchangeSpec } from "../transport/mod.ts"
import type { Counters, QueueCounters } from "./Counters.ts"
import type { FullSpec } from "./declare.ts"
import type { Queue } from "./Queue.ts"

/** One queue. */
export interface QueueView {
  readonly name: string
  readonly spec: FullSpec
  /** Messages that wait. */
  readonly ready: number
  /** Messages in consumers' hands. */
  readonly unacked: number
  readonly consumers: number
  readonly counters: Readonly<QueueCounters>
}

/** A whole engine. */
export interface View {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<QueueView>
  readonly bindings: ReadonlyArray<Binding>
  readonly counters: Readonly<Counters>
}

/** Looks at one queue. */
export const viewQueue = (queue: Queue): QueueView => ({
  name: queue.name,
  spec: queue.spec,
  ready: queue.ready,
  unacked: queue.unacked,
  consumers: queue.consumers.size,
  counters: { ...queue.counters },
})
