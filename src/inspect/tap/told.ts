/**
 * What a tap tells, one thing after another, each of them JSON.
 *
 * Made by the verb `tap`, printed by the command line, read by whoever asks a gateway.
 */

/** A process, for people. */
export interface TapProcess {
  readonly instance: string
  readonly host: string
  readonly pid: number
  readonly apps: ReadonlyArray<string>
}

/** The tap is open: what is sent from now on is told. */
export interface TapOpenTold {
  readonly kind: "open"
  /** ms since the epoch. */
  readonly at: number
  /** As it is understood: `sales` is `sales.*`. */
  readonly pattern: string
  /** How many processes tell. */
  readonly processes: number
  /** Processes that are there and do not tell: they may be of an older version. */
  readonly silent: ReadonlyArray<TapProcess>
  /** Types that are nearly the one that was named, where nobody knows that one. */
  readonly near: ReadonlyArray<string>
}

/** One message. */
export interface TapMessageTold {
  readonly kind: "message"
  /** When it was sent, ms since the epoch on its sender's clock. */
  readonly at: number
  readonly id: string
  readonly type: string
  /** The app that sent it. */
  readonly app: string
  readonly what: "event" | "call"
  /** The message that caused it. */
  readonly cause?: string | undefined
  /** Of an event: whether any queue wanted it. `null`: not known. */
  readonly heard: boolean | null
  /** Whether its sender is no process of Warren's: then whoever handles it told it. */
  readonly foreign: boolean
  /** Who told it. */
  readonly instance: string
  readonly host: string
  readonly pid: number
  /** Bytes of its body. */
  readonly size: number
  /** Whether it fits its contract. `null`: nobody here knows that. */
  readonly fits: boolean | null
  /** Why it does not, or why it cannot be shown. */
  readonly problem?: string | undefined
  /** The body, where it is JSON. */
  readonly payload?: unknown
  /** The body, where it is none: as text, or as base64. */
  readonly raw?: string | undefined
  readonly encoding?: "text" | "base64" | undefined
}

/** So many messages are not told: there were too many. */
export interface TapMissedTold {
  readonly kind: "missed"
  readonly count: number
}

/** Whoever taps stood still for longer than the processes wait: what was sent in so much of that time is not known. */
export interface TapPausedTold {
  readonly kind: "paused"
  /** ms. */
  readonly for: number
}

/** So many of one type, from one app. */
export interface TapCount {
  readonly type: string
  readonly app: string
  readonly what: "event" | "call"
  readonly count: number
  /** Over the time since the last counts. */
  readonly perSecond: number
}

/** How many there were since the tap was opened. */
export interface TapCountsTold {
  readonly kind: "counts"
  readonly at: number
  /** ms since then. */
  readonly elapsed: number
  readonly total: number
  /** The most frequent first. */
  readonly counts: ReadonlyArray<TapCount>
}

/** Any of them. */
export type TapTold = TapOpenTold | TapMessageTold | TapMissedTold | TapPausedTold | TapCountsTold
