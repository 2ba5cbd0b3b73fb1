/**
 * What `dead.retry` and `dead.drop` tell while they are at it: the plan, how far they are, and what they came to.
 */
import type { Misfit } from "../../contract/mod.ts"
import type { LetterGroup } from "./Groups.ts"
import type { QueueRead } from "./queues.ts"
import type { Selected } from "./selection.ts"

/** What would go to one queue, or stays because there is none. */
export interface Part {
  /** `app.handler`; `null`: nobody says. */
  readonly handler: string | null
  /** `null`: there is none, `why`. */
  readonly queue: string | null
  readonly consumers: number | null
  readonly why: string | null
  readonly remedy: string | null
  readonly count: number
  /** Payloads that fit the contract as it is now, that do not, and of which it cannot be told. */
  readonly fits: number
  readonly misfits: number
  readonly unknown: number
  /** The first that does not fit, and why it cannot be told of the first of those. */
  readonly firstMisfit: { readonly id: string; readonly misfits: ReadonlyArray<Misfit> } | null
  readonly firstUnknown: string | null
}

/** What is meant, and what would become of it; nothing has changed. */
export interface PlanTold {
  readonly kind: "plan"
  readonly at: number
  readonly meant: { readonly kind: Selected["kind"]; readonly name: string }
  readonly count: number
  readonly groups: ReadonlyArray<LetterGroup>
  /** Of a retry: by the queue that they would go to. */
  readonly parts: ReadonlyArray<Part>
  readonly queues: ReadonlyArray<QueueRead>
  /** Letters that were read of each queue: what lies behind them, or comes later, was not agreed to. */
  readonly within: Readonly<Record<string, number>>
}

/** How far it is. */
export interface ProgressTold {
  readonly kind: "progress"
  readonly done: number
}

/** Letters that stay, and why. */
export interface Stayed {
  readonly handler: string | null
  readonly why: string
  readonly remedy: string | null
  readonly count: number
  /** One of them; `""`: nobody knows. */
  readonly id: string
}

/** The end of it. */
export interface MovedTold {
  readonly kind: "end"
  readonly meant: PlanTold["meant"]
  readonly done: number
  /** By the queue that they went to; of dropped ones, by the queue that they were in. */
  readonly by: ReadonlyArray<{ readonly handler: string | null; readonly queue: string; readonly count: number }>
  readonly stayed: ReadonlyArray<Stayed>
  /** Letters that are left in those queues, whosever they are. */
  readonly left: number
  /** Queues of which somebody else held letters when they were read: those were not seen. */
  readonly held: ReadonlyArray<string>
  readonly ms: number
}

/** Any of them. */
export type Moving = PlanTold | ProgressTold | MovedTold
