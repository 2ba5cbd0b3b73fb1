/**
 * A ZeroMQ socket, whoever drives it: what its owner may do, and what it tells.
 *
 * The port over this ZMTP (`openSocket.ts`) and libzmq (`../libzmq/`). Contract: a message is sent and received whole or
 * not at all; messages between two peers keep their order while a connection lasts; what a peer was sent and did not read
 * when its connection was lost is lost too; a socket connects again by itself. The bytes of a message that is sent belong to
 * the socket from then on. Which peer gets a message, who waits and what is dropped depends on the kind of socket, as ZeroMQ
 * RFCs 28 to 30 and libzmq have it.
 */
import type { Effect } from "effect"
import type { Offered } from "./patterns/mod.ts"
import type { Message } from "./Session.ts"
import type { InvalidEndpoint, ReceiveError, SendError, SocketClosed, Unreachable } from "./SocketError.ts"
import type { SocketType } from "./SocketType.ts"

/** What happens to a socket, for logs and figures. */
export type SocketEvent =
  | { readonly _tag: "Listening"; readonly endpoint: string }
  /** A peer is connected, and its handshake over. */
  | { readonly _tag: "Connected"; readonly remote: string; readonly type: string; readonly key: Uint8Array | undefined }
  /** A connection is lost, or was refused before its handshake was over. */
  | { readonly _tag: "Disconnected"; readonly remote: string; readonly why: string }
  /** It connects to an endpoint again, after a pause of so many ms. */
  | { readonly _tag: "Retrying"; readonly endpoint: string; readonly why: string; readonly delay: number }
  /** It connects to an endpoint no more: the peer will never fit. */
  | { readonly _tag: "GaveUp"; readonly endpoint: string; readonly why: string }

/** What a listener calls with each event; it must not throw. */
export type OnEvent = (event: SocketEvent) => void

/** What became of an offered message: {@link Offered}, or why it can never be sent. */
export type Offer = Offered | SendError

/** Figures of a socket. */
export interface SocketStats {
  /** Peers that are connected now. */
  readonly peers: number
  /** Messages that were dropped, as this kind of socket does. */
  readonly dropped: number
  /** Messages that wait to be sent. */
  readonly unsent: number
}

/** See the top of the file. */
export interface ZmtpSocket {
  readonly type: SocketType
  /** Listens; says where, with the port that the system chose. Ends with {@link unbind} or the socket. */
  readonly bind: (endpoint: string) => Effect.Effect<string, InvalidEndpoint | Unreachable | SocketClosed>
  readonly unbind: (endpoint: string) => Effect.Effect<void>
  /** Connects, now and whenever the connection is lost; does not wait for it. A second time it does nothing. */
  readonly connect: (endpoint: string) => Effect.Effect<void, InvalidEndpoint | SocketClosed>
  /** Stops connecting, and closes the connection; messages that wait for this peer alone are dropped. */
  readonly disconnect: (endpoint: string) => Effect.Effect<void>
  /** Sends now or says why not; `full`: later. The fast way, which starts no fiber. */
  readonly offer: (message: Message) => Offer
  /** Sends; waits while no peer takes more. Interrupted before, it sends nothing. */
  readonly send: (message: Message) => Effect.Effect<void, SendError>
  /** The next message; waits for it. */
  readonly receive: Effect.Effect<Message, ReceiveError>
  /**
   * Gives each message to `deliver` as it comes, from now on; the fast way. `receive` gets none any more. What `deliver`
   * throws is thrown where nobody catches it, and the next message comes nevertheless.
   */
  readonly deliver: (deliver: (message: Message) => void) => void
  /** SUB: wants messages that begin so, or one time less. Does nothing on other kinds. */
  readonly subscribe: (topic: Uint8Array) => Effect.Effect<void>
  readonly unsubscribe: (topic: Uint8Array) => Effect.Effect<void>
  readonly stats: () => SocketStats
}
