/**
 * The broker of a run: how processes reach it, what is in its queues, and what can be done to it.
 *
 * Above it `run.ts` and `faults.ts`; below, RabbitMQ (`rabbit.ts`) and the embedded broker (`embedded.ts`). Private, started for
 * the run and ended with it. Every verb resolves when it is over.
 */
import type { ChildSettings } from "./child.ts"
import type { ChildKind } from "./children.ts"
import type { FaultOf } from "./plan.ts"

/** What a run is made against. */
export interface Target {
  /** What the process of that kind and number is told of it. */
  readonly place: (kind: ChildKind, index: number) => Pick<ChildSettings, "broker" | "embedded">
  /** Where it is now. */
  readonly address: () => Promise<string>
  /** Messages in each queue, ready and in hand; -1: the queue does not answer. */
  readonly depths: () => Promise<ReadonlyMap<string, number>>
  /** Connections and channels. */
  readonly open: () => Promise<{ readonly connections: number; readonly channels: number }>
  readonly kill: (fault: FaultOf<"kill-broker">) => Promise<void>
  readonly closeConnections: () => Promise<void>
  readonly pause: (fault: FaultOf<"pause-broker">) => Promise<void>
  readonly alarm: (fault: FaultOf<"alarm">) => Promise<void>
  readonly cut: (fault: FaultOf<"cut">) => Promise<void>
  readonly stop: () => Promise<void>
}
