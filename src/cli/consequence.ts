/**
 * What follows from one of Warren's errors, when only its name came over HTTP.
 *
 * The texts are the errors' own; here they are made again from the tag, with the one field a text depends on.
 */
import {
  DeadlineExceeded,
  Disconnected,
  HandlerDied,
  HandlerFailed,
  InvalidPayload,
  InvalidReply,
  NoHandler,
  NotConfirmed,
  Overloaded,
  ReplyLost,
  unseen,
} from "../contract/mod.ts"

const call = { call: "", detail: "", ...unseen }

const errors: Readonly<
  Record<string, (stage: "sending" | "confirming" | "waiting") => { readonly consequence: string }>
> = {
  NoHandler: () => new NoHandler(call),
  DeadlineExceeded: (stage) => new DeadlineExceeded({ ...call, timeout: 0, stage }),
  Overloaded: () => new Overloaded(call),
  InvalidPayload: () => new InvalidPayload({ contract: "", field: "", value: "", expected: "", misfits: [] }),
  InvalidReply: () => new InvalidReply({ ...call, field: "", value: "", expected: "" }),
  HandlerFailed: () => new HandlerFailed({ ...call, chain: [] }),
  HandlerDied: () => new HandlerDied(call),
  ReplyLost: () => new ReplyLost(call),
  Disconnected: () => new Disconnected(call),
  NotConfirmed: () => new NotConfirmed({ event: "", detail: "" }),
}

/** What follows from the error of this tag; `undefined`: it is none of Warren's. */
export const consequenceOf = (tag: string, facts: unknown): string | undefined => {
  const { stage } = facts as { readonly stage?: unknown }
  return errors[tag]?.(stage === "sending" || stage === "confirming" ? stage : "waiting").consequence
}
