/**
 * Why a socket could not do what it was asked: one error with small reasons inside.
 *
 * What a peer did is no error of the owner's call: it is told as an event, and the connection ends. Here is only what the
 * owner asked for.
 */
import { Schema } from "effect"

/** It is no place to bind or connect. */
export class InvalidEndpoint extends Schema.TaggedError<InvalidEndpoint>()("InvalidEndpoint", {
  endpoint: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot use the endpoint ${JSON.stringify(this.endpoint)}: ${this.detail}`
  }
}

/** An option that means nothing; nothing was opened. */
export class InvalidSocketOption extends Schema.TaggedError<InvalidSocketOption>()("InvalidSocketOption", {
  option: Schema.String,
  value: Schema.String,
  expected: Schema.String,
}) {
  override get message(): string {
    return `Cannot use ${this.value} for "${this.option}": expected ${this.expected}`
  }
}

/** The system does not let it listen there, or it cannot connect. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  endpoint: Schema.String,
  /** The system's code, `EADDRINUSE`. */
  code: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot use ${JSON.stringify(this.endpoint)}: ${this.detail}`
  }
}

/** A ROUTER that is `mandatory` has no peer of that identity; nothing was sent. */
export class Unroutable extends Schema.TaggedError<Unroutable>()("Unroutable", { identity: Schema.String }) {
  override get message(): string {
    return `Cannot send to peer ${this.identity}: it is not connected`
  }
}

/** REQ and REP take turns, and some sockets go one way only; nothing was sent. */
export class OutOfTurn extends Schema.TaggedError<OutOfTurn>()("OutOfTurn", {
  operation: Schema.Literals(["send", "receive"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `Cannot ${this.operation}: ${this.detail}`
  }
}

/** The message has no frames, or is larger than the limit; nothing was sent. */
export class UnfitMessage extends Schema.TaggedError<UnfitMessage>()("UnfitMessage", { detail: Schema.String }) {
  override get message(): string {
    return `Cannot send this message: ${this.detail}`
  }
}

/** The socket's scope has ended. */
export class SocketClosed extends Schema.TaggedError<SocketClosed>()("SocketClosed", { type: Schema.String }) {
  override get message(): string {
    return `Cannot use this ${this.type} socket: it is closed`
  }
}

/** libzmq is not to be had: the package is not installed, or does not run on this runtime; nothing was opened. */
export class LibzmqUnavailable
  extends Schema.TaggedError<LibzmqUnavailable>()("LibzmqUnavailable", { detail: Schema.String }) {
  override get message(): string {
    return `Cannot use libzmq: ${this.detail}`
  }
}

/** All that can fail in sending. */
export type SendError = Unroutable | OutOfTurn | UnfitMessage | SocketClosed

/** All that can fail in receiving. */
export type ReceiveError = OutOfTurn | SocketClosed
