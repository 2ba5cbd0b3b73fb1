/**
 * Where an engine reports what must outlive it, while it happens.
 *
 * Below `Engine`, given to it or not; above it stands a store. Told synchronously, of durable and not exclusive things only;
 * what is told within one operation of the engine belongs together. Must not throw, and must not call the engine. What was
 * read back is given to `Engine.load`, and is not told again.
 */
import type { Binding, ExchangeBinding, ExchangeSpec, QueueSpec } from "./specs.ts"

/** A message in a queue, with all that is needed to have it back. */
export interface Entry<P> {
  readonly queue: string
  /** Its own number in the engine: no other message, in whichever queue, has had or will have it. */
  readonly id: number
  /** Where it stands in its queue: smaller is nearer the head. Two may share one; then the smaller id is first. */
  readonly place: number
  readonly exchange: string
  readonly key: string
  /** Further keys it was published with, which a dead letter keeps. @default none */
  readonly carbons?: ReadonlyArray<string>
  /** When its time is up, ms on the engine's clock; `undefined`: never. */
  readonly expiresAt: number | undefined
  /** What was published; the same object in every queue that one publish entered. */
  readonly packet: P
  /** Whether it may have been delivered. */
  readonly redelivered: boolean
  /** How often it came back (quorum queues); else 0. */
  readonly returns: number
}

/** See the top of the file. */
export interface Journal<P> {
  /** A durable exchange is there. */
  readonly exchangeDeclared: (spec: ExchangeSpec) => void
  /** It is gone; what bound it to and from others, too, is told by itself. */
  readonly exchangeDeleted: (name: string) => void
  /** A durable queue is there. */
  readonly queueDeclared: (spec: QueueSpec) => void
  /** It is gone with all its messages, which are not told of one by one; its bindings are. */
  readonly queueDeleted: (name: string) => void
  /** A binding of two durable things is there. */
  readonly bound: (binding: Binding | ExchangeBinding) => void
  /** It is gone. */
  readonly unbound: (binding: Binding | ExchangeBinding) => void
  /** A message is in a durable queue. Says whether it was written down; of the others nothing more is told. */
  readonly entered: (entry: Entry<P>) => boolean
  /**
   * It is being handed to a consumer; told every time. If it comes back in another life, it may have been delivered, and in
   * a quorum queue it has come back once more: it may be what killed the process that the broker lives in.
   */
  readonly handed: (queue: string, id: number) => void
  /** It came back so often. */
  readonly returned: (queue: string, id: number, returns: number) => void
  /** It is no longer in the queue. */
  readonly left: (queue: string, id: number) => void
}

/** What a store has read back: everything that was told and not taken back. Order does not matter. */
export interface Loaded<P> {
  readonly exchanges: ReadonlyArray<ExchangeSpec>
  readonly queues: ReadonlyArray<QueueSpec>
  readonly bindings: ReadonlyArray<Binding | ExchangeBinding>
  readonly messages: ReadonlyArray<Entry<P>>
}
