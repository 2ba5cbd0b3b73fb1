/**
 * Streams of bytes: what a socket needs of the runtime, as a small service.
 *
 * The port between `Connection.ts` and the runtime's network. Contract: `accept` is called once a stream, at once when it
 * is open, and answers with who is told of it; then `onData` in the order of arrival, never after `pause()` returned,
 * but for what was under way; `onClosed` once, last. `write` takes all it is given, in order; `false` means that the system
 * takes no more for now, until `onDrain`. A stream ends with `end()` (after what was written, and once the other end has closed
 * too; whoever does not want to wait for that destroys it) or `destroy()` (now).
 */
import { Context, type Effect, type Scope } from "effect"
import type { Endpoint } from "./Endpoint.ts"
import type { Unreachable } from "./SocketError.ts"

/** One open stream. */
export interface ByteStream {
  readonly write: (pieces: ReadonlyArray<Uint8Array>) => boolean
  readonly pause: () => void
  readonly resume: () => void
  readonly end: () => void
  readonly destroy: () => void
  /** The address of the other end, for people. */
  readonly remote: string
}

/** Who is told of a stream. */
export interface StreamEvents {
  readonly onData: (chunk: Uint8Array) => void
  readonly onDrain: () => void
  /** `why`: what went wrong; `undefined`: the other end closed it. */
  readonly onClosed: (why: string | undefined) => void
}

/** Takes an open stream. */
export type Accept = (stream: ByteStream) => StreamEvents

/** See the top of the file. */
export class Streams extends Context.Service<Streams, {
  /** Opens a stream; done once it is open. Interrupted before, it leaves nothing. */
  readonly connect: (endpoint: Endpoint, accept: Accept) => Effect.Effect<void, Unreachable>
  /** Listens until the scope closes, which closes no stream; says where, with the port that the system chose. */
  readonly listen: (endpoint: Endpoint, accept: Accept) => Effect.Effect<Endpoint, Unreachable, Scope.Scope>
}>()("warren/zeromq/Streams") {}
