/**
 * What a sequence is made of: what is done to a broker, over which connection and channel, in words of data alone.
 *
 * Drawn by `draw.ts`, done by `Side.ts`, told by `describe.ts`. Names that begin with `%` are a sequence's own: each run puts
 * a prefix before them, so that sequences do not meet. A delivery is chosen by its place among those that are not settled,
 * never by its tag: tags of different servers may differ where several queues deliver at once.
 */
import type { Method, Properties } from "../../src/broker/amqp/mod.ts"

/** Where an operation takes place. */
export interface Place {
  /** The connection. */
  readonly c: number
  readonly ch: number
}

/** A method as it stands, with a body where it has one. */
export interface Call extends Place {
  readonly kind: "call"
  readonly method: Method
  readonly content?: { readonly properties: Properties; readonly body: string; readonly padding: number }
  /** So many times in one piece; bodies are numbered. */
  readonly times?: number
}

/** A verdict on deliveries. */
export interface Settle extends Place {
  readonly kind: "settle"
  readonly verb: "basic.ack" | "basic.nack" | "basic.reject"
  /** Its place among those that wait for a verdict; else a tag that is none, one that has its verdict, or 0. */
  readonly which: number | "unknown" | "again" | "all"
  readonly multiple: boolean
  readonly requeue: boolean
}

/** Ways to open a connection. */
export type Greeting =
  | "plain"
  | "amqplain"
  | "wrong-header"
  | "wrong-password"
  | "wrong-mechanism"
  | "wrong-host"
  | "wrong-frame-max"
  | "wrong-channel-max"

/** Opens a connection in the way that is named; one that is open is closed before. */
export interface Dial {
  readonly kind: "dial"
  readonly c: number
  readonly how: Greeting
}

/** Closes a connection, in order or without a word. */
export interface Leave {
  readonly kind: "close" | "drop"
  readonly c: number
}

/** Lets so much time pass that everything has expired that can. */
export interface Wait {
  readonly kind: "wait"
}

/** What no client does. */
export type Rudeness =
  | "channel-not-open"
  | "channel-opened-twice"
  | "server-method"
  | "method-on-channel-0"
  | "open-again"
  | "body-without-method"
  | "header-without-method"
  | "method-for-header"
  | "header-of-other-class"
  | "body-on-channel-0"
  | "bad-end"
  | "unknown-frame-type"
  | "too-large"
  | "unknown-method"
  | "heartbeat-on-channel"
  | "too-much-body"
  | "update-secret"
  | "channel-beyond-max"

/** Breaks the protocol. */
export interface Rude extends Place {
  readonly kind: "rude"
  readonly what: Rudeness
}

/** See the top of the file. */
export type Operation = Call | Settle | Dial | Leave | Wait | Rude
