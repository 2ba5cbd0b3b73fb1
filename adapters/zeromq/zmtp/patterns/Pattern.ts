/**
 * A pattern: which peer gets a message, and what the owner gets of one.
 *
 * The shape of the files beside it, one for each way that kinds of sockets route. Knows pipes, no connections.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import type { OutOfTurn, Unroutable } from "../SocketError.ts"
import type { Subscription } from "../commands.ts"

/**
 * What became of a message: taken; dropped, as this kind of socket does when a peer is not there or takes no more; or not
 * taken, because there is no room for now, or for good.
 */
export type Offered = "sent" | "dropped" | "full" | Unroutable | OutOfTurn

/** See the top of the file. */
export interface Pattern {
  /** A peer is there; says why it is refused. */
  readonly attach: (pipe: Pipe) => string | undefined
  readonly detach: (pipe: Pipe) => void
  readonly offer: (message: Message) => Offered
  /** What messages have in common that wait for the same room. @default all of them do */
  readonly wayOf?: (message: Message) => string
  /** Why the owner may be given no message now. */
  readonly refusal: () => OutOfTurn | undefined
  /** Whether the owner is never given a message: what comes nevertheless is dropped at once. @default false */
  readonly isDeaf?: boolean
  /** What the owner gets of a message; `undefined`: nothing, it is dropped. */
  readonly open: (pipe: Pipe, message: Message) => Message | undefined
  /** A peer wants other messages than before; only publishers hear it. */
  readonly subscribe?: (pipe: Pipe, subscription: Subscription) => void
  /** The peer of a pipe is connected (again). */
  readonly connected?: (pipe: Pipe) => void
}

/** Takes messages of every peer as they are. */
export const asTheyAre = {
  refusal: () => undefined,
  open: (_: Pipe, message: Message): Message | undefined => message,
} as const
