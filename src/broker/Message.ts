/**
 * One copy of a packet in one queue.
 *
 * Below `Queue`, which keeps it, and `deaths.ts`, which makes another of it for the next queue. A publish to
 * three queues makes three copies that share one packet. Carries no behaviour: place, time and count only.
 */
import type { Packet } from "../transport/mod.ts"

/** A copy; mutable, and never handed out of the room. */
export class Message {
  readonly packet: Packet
  /** The exchange it was published to. */
  readonly exchange: string
  /** The routing key it was published with. */
  readonly key: string
  /** Its place in the queue: smaller is nearer the head. Kept when it comes back. */
  place = 0
  /** When its time is up, ms on the engine's clock; `Infinity`: never. */
  expiresAt: number
  /** Whether it may have been delivered before. */
  redelivered = false
  /** How often it came back. */
  returns = 0

  constructor(packet: Packet, exchange: string, key: string, expiresAt: number) {
    this.packet = packet
    this.exchange = exchange
    this.key = key
    this.expiresAt = expiresAt
  }
}

/** When the time of a message is up that enters a queue now: its own, or the queue's if that ends sooner; both in ms. */
export const expiry = (expiration: number | undefined, ttl: number | undefined, now: () => number): number =>
  expiration === undefined && ttl === undefined
    ? Infinity
    : now() + Math.max(0, Math.min(expiration ?? Infinity, ttl ?? Infinity))
