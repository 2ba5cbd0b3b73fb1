/**
 * Everything that can keep a call or an emit from succeeding, besides the errors a call declares.
 *
 * Each error says what happened (`message`), what follows from it for the caller (`consequence`) and,
 * in its fields, what was known at that moment: the number of servers seen, the lane, the last heartbeat.
 * They are schemas, so that they can be printed, compared and sent over HTTP. Reference: docs/errors.md.
 */
import { Schema } from "effect"
import type { Misfit } from "./Codec.ts"

/** What the caller knew of the servers of a call when it failed. */
export interface Seen {
  /** Servers of this call known to be alive; `null`: this transport cannot tell. */
  readonly servers: number | null
  /** How the call travelled: `broker`, `reply` or `direct`. */
  readonly lane: string
  /** Last sign of life of any server of this call, ms since the epoch; `null`: none so far. */
  readonly lastHeartbeat: number | null
}

/** Nothing is known: the call never left the caller. */
export const unseen: Seen = { servers: null, lane: "broker", lastHeartbeat: null }

const seen = {
  servers: Schema.NullOr(Schema.Number),
  lane: Schema.String,
  lastHeartbeat: Schema.NullOr(Schema.Number),
}

const evidence = (error: Seen): string => {
  const servers = error.servers === null
    ? "servers seen: unknown"
    : `${error.servers} server${error.servers === 1 ? "" : "s"} seen`
  const heartbeat = error.lastHeartbeat === null ? "none" : new Date(error.lastHeartbeat).toISOString()
  return `(${servers}, lane "${error.lane}", last heartbeat: ${heartbeat})`
}

/** Nobody serves the call. Raised at once, not after the deadline. */
export class NoHandler extends Schema.TaggedError<NoHandler>()("NoHandler", {
  call: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot call "${this.call}": no running worker handles it ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "The call was not run. Start a worker that exports a handler for it, or check its name with `warren topology`"
  }
}

/** The deadline passed before a reply (or, for `emit`, the confirm) arrived. */
export class DeadlineExceeded extends Schema.TaggedError<DeadlineExceeded>()("DeadlineExceeded", {
  call: Schema.String,
  /** ms that were granted. */
  timeout: Schema.Number,
  /** Where the time ran out: before sending, while waiting for the broker's confirm, or for the reply. */
  stage: Schema.Literals(["sending", "confirming", "waiting"]),
  ...seen,
}) {
  override get message(): string {
    const what = { sending: "it was not sent", confirming: "the broker did not confirm it", waiting: "no reply came" }
    return `Cannot finish "${this.call}" within ${this.timeout} ms: ${what[this.stage]} ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return this.stage === "sending"
      ? "Nothing was sent"
      : "Whether it was run is unknown; a handler still at work is interrupted. Allow more time with { timeout }, or repeat with the same { id } if repeating is safe"
  }
}

/** Too much is waiting already: the queue of the call is full, or this process has too many calls pending. */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", {
  call: Schema.String,
  detail: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot call "${this.call}": ${this.detail} ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "The call was not run. Try again later, start more workers, or raise their concurrency"
  }
}

/** A payload that its schema does not accept, found before sending or by the receiver. */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>()("InvalidPayload", {
  /** The contract, for example `sales.quote`. */
  contract: Schema.String,
  /** Path to the first misfit, `""` for the whole payload. */
  field: Schema.String,
  /** What was there, as text of at most 200 characters. */
  value: Schema.String,
  /** What the schema wanted there. */
  expected: Schema.String,
  /** All misfits, the first included. */
  misfits: Schema.Array(Schema.Struct({ field: Schema.String, value: Schema.String, expected: Schema.String })),
}) {
  override get message(): string {
    return `Cannot send "${this.contract}": ${describeMisfits(this.misfits)}`
  }
  /** What follows. */
  get consequence(): string {
    return "Nothing was run. Correct the payload; `warren topology` shows the contracts"
  }
}

/** The error for these misfits. */
export const invalidPayload = (contract: string, misfits: ReadonlyArray<Misfit>): InvalidPayload => {
  const [first = { field: "", value: "", expected: "a fitting payload" }] = misfits
  return new InvalidPayload({ contract, ...first, misfits })
}

/** The handler answered with something its schema does not accept. */
export class InvalidReply extends Schema.TaggedError<InvalidReply>()("InvalidReply", {
  call: Schema.String,
  field: Schema.String,
  value: Schema.String,
  expected: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot read the reply to "${this.call}": ${
      describeMisfits([{ field: this.field, value: this.value, expected: this.expected }])
    } ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "The handler ran to its end. Correct what it returns, or the `returns` of the contract"
  }
}

/** The error for these misfits. */
export const invalidReply = (call: string, misfits: ReadonlyArray<Misfit>, seen: Seen): InvalidReply => {
  const [first = { field: "", value: "", expected: "a fitting reply" }] = misfits
  return new InvalidReply({ call, ...first, ...seen })
}

/** The handler threw, or failed with something the call does not declare. */
export class HandlerFailed extends Schema.TaggedError<HandlerFailed>()("HandlerFailed", {
  call: Schema.String,
  /** What it threw, as text. */
  detail: Schema.String,
  /** The calls it went through, outermost first; the last one is where it failed. */
  chain: Schema.Array(Schema.String),
  ...seen,
}) {
  override get message(): string {
    return `Cannot finish "${this.call}": its handler failed, ${this.chain.join(" -> ")}: ${this.detail} ${
      evidence(this)
    }`
  }
  /** What follows. */
  get consequence(): string {
    return "The handler ran and may have had effects. Its log shows the cause; declare the error in `fails` to pass it on typed"
  }
}

/** The process that ran the handler vanished. */
export class HandlerDied extends Schema.TaggedError<HandlerDied>()("HandlerDied", {
  call: Schema.String,
  detail: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot finish "${this.call}": the worker that ran it died, ${this.detail} ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "The outcome is unknown. Declare the call `idempotent: true` to let Warren repeat it"
  }
}

/** The call was handed over, but its reply cannot arrive any more. */
export class ReplyLost extends Schema.TaggedError<ReplyLost>()("ReplyLost", {
  call: Schema.String,
  detail: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot receive the reply to "${this.call}": ${this.detail} ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "The outcome is unknown: the handler may have run. It is not sent again"
  }
}

/** There is no connection to the broker (or gateway). */
export class Disconnected extends Schema.TaggedError<Disconnected>()("Disconnected", {
  call: Schema.String,
  detail: Schema.String,
  ...seen,
}) {
  override get message(): string {
    return `Cannot send "${this.call}": not connected, ${this.detail} ${evidence(this)}`
  }
  /** What follows. */
  get consequence(): string {
    return "It was not confirmed, so whether it arrived is unknown. Check that the broker runs and WARREN_BROKER is right"
  }
}

/** The broker was reached but did not take the event. */
export class NotConfirmed extends Schema.TaggedError<NotConfirmed>()("NotConfirmed", {
  event: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot emit "${this.event}": ${this.detail}`
  }
  /** What follows. */
  get consequence(): string {
    return "Not every listener has got it. Emit it again with the same { id }: listeners that have it can tell"
  }
}

/** All undeclared failures of a call; exactly one of them, or the declared error, is what a call fails with. */
export type CallError =
  | NoHandler
  | DeadlineExceeded
  | Overloaded
  | InvalidPayload
  | InvalidReply
  | HandlerFailed
  | HandlerDied
  | ReplyLost
  | Disconnected

/** All failures of an emit. */
export type EmitError = InvalidPayload | NotConfirmed | DeadlineExceeded | Disconnected

const classes = [
  NoHandler,
  DeadlineExceeded,
  Overloaded,
  InvalidPayload,
  InvalidReply,
  HandlerFailed,
  HandlerDied,
  ReplyLost,
  Disconnected,
] as const

/** The schema of {@link CallError}, for gateways and logs. */
export const CallErrorSchema = Schema.Union(classes)

const tags: ReadonlySet<string> = new Set([...classes.map((c) => c.identifier), "NotConfirmed"])

/** Whether a tag belongs to Warren; a contract may not declare an error with such a tag. */
export const isReservedTag = (tag: string): boolean => tags.has(tag)

/** Whether a value is one of Warren's own call errors. */
export const isCallError = (value: unknown): value is CallError => classes.some((c) => value instanceof c)

const describeMisfits = (misfits: ReadonlyArray<{ field: string; value: string; expected: string }>): string =>
  misfits.map(({ field, value, expected }) =>
    expected === "a value (it is missing)"
      ? `field "${field}" is missing`
      : `${field === "" ? "the payload" : `field "${field}"`} is ${value}, expected ${expected}`
  ).join("; ")
