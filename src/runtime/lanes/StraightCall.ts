/**
 * A call that came straight, in hand: a delivery like any other, which no broker holds a copy of.
 *
 * Made by `LaneServer`, and settled by whoever dispatches it: answered on the link it came by, or given back there. A reply that
 * does not arrive goes through the broker.
 */
import { Effect } from "effect"
import type { Keyed, Table } from "../../collections/mod.ts"
import type { Delivery, LinkPeer, Packet, Straight } from "../../transport/mod.ts"
import { QueueName, refusalParts, type RefusalReason, replyParts } from "../../wire/mod.ts"
import type { Receipts } from "./Receipts.ts"

/** See the top of the file. */
export class StraightCall implements Delivery, Straight, Keyed<StraightCall> {
  /** Its token: only who knows it can cancel the call. */
  readonly key: string
  chained: StraightCall | undefined
  readonly packet: Packet
  readonly redelivered = false
  readonly deliveryCount = 0
  /** Forgets that it was cancelled, if it was. */
  forget: (() => void) | undefined
  readonly #from: LinkPeer
  readonly #inHand: Table<StraightCall>
  readonly #receipts: Receipts

  constructor(token: string, packet: Packet, from: LinkPeer, inHand: Table<StraightCall>, receipts: Receipts) {
    this.key = token
    this.packet = packet
    this.#from = from
    this.#inHand = inHand
    this.#receipts = receipts
    inHand.add(this)
  }

  get queue(): string {
    return QueueName.call(this.packet.type)
  }

  get straight(): Straight {
    return this
  }

  isGone(): boolean {
    return false
  }

  settle(): Effect.Effect<void> {
    return Effect.void
  }

  answer(reply: Packet, otherwise: () => void): void {
    if (!this.#from.send(replyParts(this.key, reply))) return otherwise()
    this.#receipts.expect(this.key, (received) => {
      if (!received) otherwise()
    })
  }

  done(): void {
    this.#inHand.delete(this)
    this.forget?.()
  }

  giveBack(begun: boolean): void {
    this.refuse(begun ? "Stopped" : "NoHandler")
  }

  /** It goes back to its caller. */
  refuse(reason: RefusalReason): void {
    this.done()
    this.#from.send(refusalParts(this.key, reason))
  }
}
