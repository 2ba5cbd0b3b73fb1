/**
 * One session on its own: bytes are pushed in, and all that it hears and writes is kept.
 *
 * Between the codec in `adapters/zeromq/zmtp` and whoever examines it: tests and the fuzzer. No sockets, no time.
 */
import { concat } from "../../adapters/zeromq/zmtp/bytes.ts"
import type { Subscription } from "../../adapters/zeromq/zmtp/commands.ts"
import type { KeyPair } from "../../adapters/zeromq/zmtp/curve/box.ts"
import { curveClient } from "../../adapters/zeromq/zmtp/curve/client.ts"
import { curveServer } from "../../adapters/zeromq/zmtp/curve/server.ts"
import { nullHandshake } from "../../adapters/zeromq/zmtp/Mechanism.ts"
import { Outbox } from "../../adapters/zeromq/zmtp/Outbox.ts"
import type { ProtocolError } from "../../adapters/zeromq/zmtp/ProtocolError.ts"
import { type Message, type PeerInfo, Session, type SessionOptions } from "../../adapters/zeromq/zmtp/Session.ts"
import type { SocketType } from "../../adapters/zeromq/zmtp/SocketType.ts"

/** Its side of CURVE. */
export type Curve =
  | { readonly role: "server"; readonly keys: KeyPair; readonly isAllowed?: (key: Uint8Array) => boolean }
  | { readonly role: "client"; readonly keys: KeyPair; readonly serverKey: Uint8Array }

/** How it is secured. */
export type Secured = Pick<SessionOptions, "mechanism" | "asServer" | "handshake">

/** What it is. */
export interface PartyOptions {
  readonly identity?: Uint8Array
  /** @default NULL */
  readonly curve?: Curve | undefined
  /** Another handshake than those, and how it is announced. */
  readonly secured?: Secured
  /** @default 1 MiB */
  readonly maxMessageBytes?: number
  /** @default 1024 */
  readonly maxFrames?: number
  /** Whether more messages may follow one. @default always */
  readonly onMessage?: (message: Message) => boolean
  readonly isFull?: () => boolean
}

/** What it heard. */
export interface Heard {
  peer: PeerInfo | undefined
  readonly messages: Array<Message>
  readonly subscriptions: Array<Subscription>
  readonly ttls: Array<number>
  error: ProtocolError | undefined
  /** What came in which order. */
  readonly order: Array<"ready" | "message" | "subscription" | "ttl" | "failed">
  /** How often it was told that it is over; more than once is wrong. */
  failures: number
}

const securedBy = (curve: Curve | undefined): Secured => {
  if (curve === undefined) return { mechanism: "NULL", asServer: false, handshake: nullHandshake }
  const asServer = curve.role === "server"
  return {
    mechanism: "CURVE",
    asServer,
    handshake: (metadata) =>
      curve.role === "server"
        ? curveServer(curve.keys, curve.isAllowed ?? (() => true), metadata)
        : curveClient(curve.keys, curve.serverKey, metadata),
  }
}

/** See the top of the file. */
export class Party {
  readonly session: Session
  readonly heard: Heard = {
    peer: undefined,
    messages: [],
    subscriptions: [],
    ttls: [],
    error: undefined,
    order: [],
    failures: 0,
  }
  readonly #outbox: Outbox
  #written: Array<Uint8Array> = []

  constructor(type: SocketType, options: PartyOptions = {}) {
    const { heard } = this
    this.#outbox = new Outbox((pieces) => void this.#written.push(...pieces))
    this.session = new Session(
      {
        type,
        identity: options.identity ?? new Uint8Array(0),
        ...(options.secured ?? securedBy(options.curve)),
        maxMessageBytes: options.maxMessageBytes ?? 1024 * 1024,
        maxFrames: options.maxFrames ?? 1024,
      },
      this.#outbox,
      {
        onReady: (peer) => {
          heard.peer = peer
          heard.order.push("ready")
        },
        onMessage: (message) => {
          heard.messages.push(message)
          heard.order.push("message")
          return options.onMessage?.(message) ?? true
        },
        onSubscription: (subscription) => {
          heard.subscriptions.push(subscription)
          heard.order.push("subscription")
        },
        onTtl: (ttl) => {
          heard.ttls.push(ttl)
          heard.order.push("ttl")
        },
        onFailed: (error) => {
          heard.order.push("failed")
          heard.error = error
          heard.failures++
        },
        isFull: options.isFull ?? (() => false),
      },
    )
    this.session.start()
  }

  /** Takes bytes of the peer. */
  push(bytes: Uint8Array): void {
    this.session.push(bytes)
  }

  /** What it wrote since it was asked last. */
  written(): Uint8Array {
    this.#outbox.flush()
    const all = concat(...this.#written)
    this.#written = []
    return all
  }
}

/** Passes on what two write, in pieces that `cut` makes, until both are quiet. */
export const converse = (
  one: Party,
  other: Party,
  cut: (bytes: Uint8Array) => Iterable<Uint8Array> = (bytes) => [bytes],
): void => {
  for (;;) {
    const [there, back] = [one.written(), other.written()]
    if (there.length === 0 && back.length === 0) return
    for (const piece of cut(there)) other.push(piece)
    for (const piece of cut(back)) one.push(piece)
  }
}
