/**
 * What a trace tells, one thing after another, each of them JSON.
 *
 * Made by the verb `trace`, printed by the command line, read by whoever asks a gateway. Times are ms since it began.
 */
import type { FollowedHop } from "../../wire/mod.ts"

/** Something happened to the message, or to one that it caused. */
export interface HopTold extends FollowedHop {
  readonly kind: "hop"
  /** Whether its time is reckoned: another process told it, whose clock is another. */
  readonly reckoned: boolean
  /** Who told it. */
  readonly instance: string
  readonly host: string
  readonly pid: number
}

/** One queue that an event went to. */
export interface RoutedQueue {
  readonly queue: string
  /** Whether it is a listener of Warren's, who tells what becomes of it. */
  readonly followed: boolean
  /** `null`: not known. */
  readonly consumers: number | null
  readonly ready: number | null
}

/** Where an event went. */
export interface RoutedTold {
  readonly kind: "routed"
  readonly at: number
  /** As that of a hop. */
  readonly reckoned: boolean
  readonly id: string
  readonly type: string
  /** Whether these are all: bindings can be seen. Else they are those of live listeners. */
  readonly complete: boolean
  readonly queues: ReadonlyArray<RoutedQueue>
}

/** So many hops are not told: there were too many. */
export interface MissedTold {
  readonly kind: "missed"
  readonly count: number
}

/** Something that has not ended. */
export interface Open {
  readonly id: string
  readonly type: string
  /** What it is waited for, for people. */
  readonly what: string
  /** The queue it went to, and that nothing was heard of. */
  readonly queue?: string | undefined
}

/** The end of a trace. */
export interface EndTold {
  readonly kind: "end"
  readonly at: number
  /** All ended well; something failed; or not all has ended. */
  readonly outcome: "whole" | "failed" | "open"
  readonly failures: ReadonlyArray<string>
  readonly open: ReadonlyArray<Open>
  /** Of a call: its value. */
  readonly value?: unknown
  /** Of a call or an emit that failed: why, and what follows. */
  readonly error?: { readonly tag: string; readonly message: string; readonly consequence?: string | undefined }
}

/** Any of them. */
export type TraceTold = HopTold | RoutedTold | MissedTold | EndTold
