/**
 * What `warren why` answers: the links of the way that were looked at, in order, and the cause where one is broken.
 *
 * Plain data, the same on the command line, over the gateway and in tests.
 */
import type { Question } from "./Question.ts"

/** One link of the way of a message, in the order in which they are looked at. */
export type LinkName =
  | "contract"
  | "listener"
  | "connection"
  | "message"
  | "emitter"
  | "emitted"
  | "caller"
  | "server"
  | "exchange"
  | "binding"
  | "queue"
  | "consumers"
  | "progress"
  | "retrying"
  | "dead-letters"
  | "decoding"
  | "outcome"
  | "duplicates"
  | "canary"

/** What is wrong, for programs. */
export type CauseCode =
  | "unknown-contract"
  | "nearly-right"
  | "app-never-started"
  | "no-such-handler"
  | "listener-in-other-vhost"
  | "listener-on-other-broker"
  | "broker-blocked"
  | "nobody-emits"
  | "emitter-in-other-vhost"
  | "emitter-on-other-broker"
  | "emitter-disconnected"
  | "emit-refused"
  | "permission-missing"
  | "exchange-missing"
  | "binding-missing"
  | "queue-missing"
  | "queue-full"
  | "queue-ttl"
  | "app-stopped"
  | "app-vanished"
  | "consumer-cancelled"
  | "foreign-consumer"
  | "other-consumer-active"
  | "draining"
  | "key-halted"
  | "saturated"
  | "backlog"
  | "retrying"
  | "dead-undecodable"
  | "dead-failed"
  | "dead-expired"
  | "dead-crashed"
  | "handler-failing"
  | "duplicate"
  | "not-delivered"
  | "no-server"
  | "overloaded"
  | "deadline-exceeded"
  | "other-schema"
  | "clock-skew"

/** What one link came out as. `note`: nothing is wrong, and there is something to know. */
export interface Link {
  readonly link: LinkName
  readonly state: "ok" | "note" | "broken" | "unknown"
  /** Figures, times and names; of what is unknown, why. */
  readonly evidence: string
}

/** Why it does not arrive. */
export interface Cause {
  readonly code: CauseCode
  /** One sentence. */
  readonly text: string
  /** The command or the change that mends it. */
  readonly remedy: string
}

/** See the top of the file. */
export interface Report {
  readonly question: Question & { readonly kind: "event" | "call"; readonly handler?: string | undefined }
  readonly verdict: "whole" | "broken" | "unknown"
  readonly links: ReadonlyArray<Link>
  readonly cause?: Cause | undefined
  /** Where it was looked. */
  readonly source: string
  /** Why there was no better source, and which modules could not be read; absent: nothing was amiss. */
  readonly note?: string | undefined
  /** How long it took, ms. */
  readonly ms: number
}

/** What a link came out as, while the way is walked. */
export type Step =
  | { readonly state: "ok" | "note" | "unknown"; readonly evidence: string }
  | { readonly state: "broken"; readonly evidence: string; readonly cause: Cause }

/** It is as it should be. */
export const ok = (evidence: string): Step => ({ state: "ok", evidence })
/** It is as it should be, and worth knowing. */
export const note = (evidence: string): Step => ({ state: "note", evidence })
/** It could not be found out. */
export const notKnown = (evidence: string): Step => ({ state: "unknown", evidence })
/** It is what keeps messages from arriving. */
export const broken = (code: CauseCode, evidence: string, text: string, remedy: string): Step => ({
  state: "broken",
  evidence,
  cause: { code, text, remedy },
})
