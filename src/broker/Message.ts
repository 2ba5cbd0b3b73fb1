/**
 * One copy of what was published, in one queue.
 *
 * Below `Queue`, which keeps it, and `Undertaker`, which makes another of it for the next queue. A publish to
 * three queues makes three copies that share one packet. Carries no behaviour: place, time and count only.
 */
import type { Payload } from "./Payload.ts"

/** Memory that the copies of one publish have in common: it is free with the last of them. */
export interface Common {
  copies: number
  /** Bytes of it. */
  readonly weight: number
}

/** What the copies of a packet have in common, before there are any. */
export const commonOf = <P>(packet: P, { size, weight = size }: Payload<P>): Common => ({
  copies: 0,
  weight: weight(packet),
})

/** A copy; mutable, and never handed out of the room. */
export class Message<P> {
  readonly packet: P
  /** The exchange it was published to. */
  readonly exchange: string
  /** The routing key it was published with. */
  readonly key: string
  /** When its time is up, ms on the engine's clock; `Infinity`: never. */
  readonly expiresAt: number
  /** Bytes of its body. */
  readonly size: number
  /** Its place in the queue: smaller is nearer the head. Kept when it comes back. */
  place = 0
  /** Its number in the journal; 0: the journal does not know it. */
  id = 0
  /** Whether it may have been delivered before. */
  redelivered = false
  /** How often it came back. */
  returns = 0
  /** Further keys it was published with. */
  carbons: ReadonlyArray<string> | undefined = undefined
  /** What it has in common with other copies; `undefined`: it is alone, and weighs what its body does. */
  common: Common | undefined = undefined

  constructor(packet: P, exchange: string, key: string, expiresAt: number, size: number) {
    this.packet = packet
    this.exchange = exchange
    this.key = key
    this.expiresAt = expiresAt
    this.size = size
  }
}

/** When the time of a message is up that enters a queue now: its own, or the queue's if that ends sooner; both in ms. */
export const expiry = (expiration: number | undefined, ttl: number | undefined, now: () => number): number =>
  expiration === undefined && ttl === undefined
    ? Infinity
    : now() + Math.max(0, Math.min(expiration ?? Infinity, ttl ?? Infinity))
