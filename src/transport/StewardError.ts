/**
 * Why a look into a broker, or a change to what is in it, did not come about: one error with small reasons inside.
 *
 * The reasons of `TransportError.ts` mean the same here. Those below are the management API's, and the steward's own
 * refusals, after which nothing has changed.
 */
import { Schema } from "effect"
import {
  Clash,
  describe as describeTransport,
  Disconnected,
  Forbidden,
  NotFound,
  Rejected,
  TooLarge,
} from "./TransportError.ts"

/** Nobody answered there, or not in time. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {}

/** User or password is wrong, or the user may not use the management API. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { user: Schema.String }) {}

/** Something answered that is not the management API. */
export class NotManagement extends Schema.TaggedError<NotManagement>()("NotManagement", { detail: Schema.String }) {}

/** It is the management API of another broker. */
export class OtherBroker extends Schema.TaggedError<OtherBroker>()("OtherBroker", {
  found: Schema.String,
  wanted: Schema.String,
}) {}

/** The answer is larger than anybody would read. */
export class TooMuch extends Schema.TaggedError<TooMuch>()("TooMuch", { detail: Schema.String }) {}

/** Somebody consumes the queue. */
export class InUse extends Schema.TaggedError<InUse>()("InUse", { consumers: Schema.Number }) {}

/** The queue holds more messages than the caller allowed for. */
export class NotEmpty extends Schema.TaggedError<NotEmpty>()("NotEmpty", { ready: Schema.Number }) {}

const reasons = [
  Disconnected,
  Rejected,
  TooLarge,
  Clash,
  NotFound,
  Forbidden,
  Unreachable,
  Unauthorized,
  NotManagement,
  OtherBroker,
  TooMuch,
  InUse,
  NotEmpty,
] as const

/** All that can go wrong for a steward. */
export type StewardReason = InstanceType<typeof reasons[number]>

/** The one error of the port. `operation` is the member that failed, `target` the queue, or an address without password. */
export class StewardError extends Schema.TaggedError<StewardError>()("StewardError", {
  operation: Schema.Literals([
    "connect",
    "survey",
    "look",
    "peek",
    "browse",
    "sift",
    "move",
    "receive",
    "bind",
    "unbind",
    "remove",
  ]),
  target: Schema.String,
  reason: Schema.Union(reasons),
}) {
  override get message(): string {
    return `Cannot ${verbs[this.operation] ?? this.operation} "${this.target}": ${describe(this.reason)}`
  }
}

/** What is done, where it takes more than the name of the operation to say it. */
const verbs: Readonly<Record<string, string>> = { connect: "connect to", receive: "receive from" }

const describe = (reason: StewardReason): string => {
  switch (reason._tag) {
    case "Unreachable":
      return `the management API does not answer there, ${reason.detail}`
    case "Unauthorized":
      return `user "${reason.user}" is refused by the management API: its password is wrong, or the tag is missing ` +
        `("rabbitmqctl set_user_tags ${reason.user} monitoring")`
    case "NotManagement":
      return `what answers there is not the management API, ${reason.detail}`
    case "OtherBroker":
      return `it is the management API of the broker "${reason.found}", and messages go over "${reason.wanted}"`
    case "TooMuch":
      return `the answer is too large, ${reason.detail}`
    case "InUse":
      return `it has ${reason.consumers} ${reason.consumers === 1 ? "consumer" : "consumers"}`
    case "NotEmpty":
      return `it holds ${reason.ready} ${reason.ready === 1 ? "message" : "messages"}`
    default:
      return describeTransport(reason)
  }
}
