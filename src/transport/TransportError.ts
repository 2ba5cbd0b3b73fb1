/**
 * Why a transport could not do what it was asked, one error with small reasons inside.
 *
 * Reasons are graded by what is lost: `Rejected` and `TooLarge` concern one message, `Clash` and
 * `Forbidden` one declaration, `Disconnected` everything on the connection.
 */
import { Schema } from "effect"

/** The connection is gone, or was never made; whether an unconfirmed publish arrived is unknown. */
export class Disconnected extends Schema.TaggedError<Disconnected>()("Disconnected", {
  detail: Schema.String,
}) {}

/**
 * This message was not taken: a queue on its way is full (it is in no queue of the full listener), or too many of this
 * process wait already (it was not sent). Or the broker did not take this consumer.
 */
export class Rejected extends Schema.TaggedError<Rejected>()("Rejected", { detail: Schema.String }) {}

/** The message is larger than the transport carries; nothing was sent. */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {
  size: Schema.Number,
  limit: Schema.Number,
}) {}

/** Something of that name exists with other properties; nothing was changed. */
export class Clash extends Schema.TaggedError<Clash>()("Clash", { name: Schema.String, detail: Schema.String }) {}

/** The name is unknown to the broker. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { name: Schema.String }) {}

/** The broker refuses this user that operation. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { detail: Schema.String }) {}

/** All that can go wrong in a transport. */
export type Reason = Disconnected | Rejected | TooLarge | Clash | NotFound | Forbidden

/** The one error of the port. `operation` is the member that failed, `target` the queue or exchange. */
export class TransportError extends Schema.TaggedError<TransportError>()("TransportError", {
  operation: Schema.Literals(["connect", "declare", "publish", "consume", "settle"]),
  target: Schema.String,
  reason: Schema.Union([Disconnected, Rejected, TooLarge, Clash, NotFound, Forbidden]),
}) {
  override get message(): string {
    return `Cannot ${this.operation} "${this.target}": ${describe(this.reason)}`
  }
}

/** A reason in words, for the end of a sentence. */
export const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "Disconnected":
      return `not connected, ${reason.detail}`
    case "Rejected":
      return `not taken, ${reason.detail}`
    case "TooLarge":
      return `${reason.size} bytes are more than the limit of ${reason.limit}`
    case "Clash":
      return `"${reason.name}" exists with other properties, ${reason.detail}`
    case "NotFound":
      return `"${reason.name}" does not exist`
    case "Forbidden":
      return `permission is missing, ${reason.detail}`
  }
}
