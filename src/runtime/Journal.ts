/**
 * What happened, as it happens: one entry a fact, for timelines, logs, metrics and inspection.
 *
 * The runtime writes, everybody else reads; recording is synchronous and must be cheap and must not throw.
 * Entries hold identities and figures, never payloads.
 */
import { Context } from "effect"

/** The kinds of facts. */
export type Fact =
  /** An event was confirmed by the broker and went to at least one queue. */
  | "emitted"
  /** An event was confirmed, but no queue wanted it. */
  | "unheard"
  /** An emit failed. */
  | "not-emitted"
  /** A handler started on a message. */
  | "started"
  /** A handler finished well; the message is done. */
  | "handled"
  /** A handler failed; `retry` or `dead` follows. */
  | "failed"
  /** The message will come again; `delay` says when. */
  | "retry"
  /** The message went to the dead-letter queue. */
  | "dead"
  /** The message was done before (`dedupe`), or its call was cancelled or expired; nothing ran. */
  | "skipped"
  /** The message went back to its queue (drain, lost connection). */
  | "returned"
  /** A call was sent. */
  | "called"
  /** A call got its value. */
  | "answered"
  /** A call got an error, declared or not. */
  | "refused"
  /** A reply came for a call nobody awaits. */
  | "stray-reply"
  /** A call, or a reply, went on by another lane than it began; `error` says why. */
  | "rerouted"
  /** A call handler was interrupted because its caller gave up. */
  | "cancelled"
  /** A schedule made a tick. */
  | "tick"
  /** Sender's and receiver's clocks disagree by `ms`. */
  | "clock-skew"
  /** Two processes, or a message and its handler, know one contract by different schemas; once a pair. */
  | "drift"

/** One fact. */
export interface Entry {
  readonly fact: Fact
  /** ms since the epoch on the runtime's clock. */
  readonly at: number
  /** Id of the message it is about. */
  readonly id: string
  /** `sales.orderPlaced`. */
  readonly type: string
  /** The app that acts. */
  readonly app: string
  /** `warranty.register`, where a handler is involved. */
  readonly handler?: string | undefined
  /** Id of the message that caused this one. */
  readonly cause?: string | undefined
  readonly attempt?: number | undefined
  /** How long it took, ms. */
  readonly ms?: number | undefined
  /** Until the next attempt, ms. */
  readonly delay?: number | undefined
  /** What went wrong, as text. */
  readonly error?: string | undefined
  /** What kind of thing went wrong, for who counts: an error's tag, or one of `Why`. */
  readonly tag?: string | undefined
  /** How a call that is over travelled: `broker`, `reply` or `direct`. */
  readonly lane?: string | undefined
}

/** Why a message was skipped, as a tag. */
export const Why = {
  /** It was completed before (`dedupe`). */
  duplicate: "duplicate",
  /** Its deadline had passed when it arrived: it was long under way, or clocks differ. */
  lateOnArrival: "late-on-arrival",
  /** Its deadline passed while it waited for its turn. */
  lateInQueue: "late-in-queue",
} as const

/** Where facts go. */
export interface Journal {
  readonly record: (entry: Entry) => void
}

/** Facts go nowhere. */
const nowhere: Journal = { record: () => {} }

/** The journal in force; by default facts go nowhere. */
export const CurrentJournal = Context.Reference<Journal>("warren/runtime/Journal", { defaultValue: () => nowhere })

/** Writes to two journals; every message passes here several times, so that one which goes nowhere is left out. */
export const tee = (one: Journal, other: Journal): Journal => {
  if (one === nowhere) return other
  if (other === nowhere) return one
  return {
    record: (entry) => {
      one.record(entry)
      other.record(entry)
    },
  }
}
