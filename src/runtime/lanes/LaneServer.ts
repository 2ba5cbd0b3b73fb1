/**
 * The server's side of the lanes: takes calls that come straight, and sends replies straight back.
 *
 * Between links and the dispatchers of calls, which see a delivery like any other. What it does not take it refuses at once, so
 * that the caller can go elsewhere; what cannot be answered straight is answered through the broker.
 */
import { Table } from "../../collections/mod.ts"
import type { Delivery, LinkPeer, Packet } from "../../transport/mod.ts"
import { Header, type LaneMessage, parseReplyAddress, refusalParts, replyParts, welcomeParts } from "../../wire/mod.ts"
import type { CoreShape } from "../Core.ts"
import { Receipts } from "./Receipts.ts"
import { StraightCall } from "./StraightCall.ts"
import type { Ways } from "./Ways.ts"

/** What of a core the server's side stands on. */
export type LaneServerCore = Pick<
  CoreShape,
  "cancellations" | "deadlines" | "instance" | "journal" | "lateness" | "now"
>

/** Takes a call; `false`: there is too much in hand. */
export type TakeCall = (delivery: Delivery) => boolean

/** How long a reply waits for a link that is not up yet, ms. */
const patience = 5

/** How long a call that says nothing of its time may take, ms. */
const fallback = 5_000

/** Nothing on a link drops what has expired, and its age is known better than two clocks could tell it. */
const aged = (packet: Packet, age: number): Packet => {
  const left = Math.max(0, (packet.expiration ?? fallback) - age)
  return { ...packet, expiration: left, headers: { ...packet.headers, [Header.timeout]: left } }
}

/** See the top of the file. */
export class LaneServer {
  readonly #core: LaneServerCore
  readonly #ways: Ways
  readonly #receipts: Receipts
  readonly #served = new Map<string, TakeCall>()
  /** Calls in hand, by token. */
  readonly #inHand = new Table<StraightCall>()

  constructor(core: LaneServerCore, ways: Ways) {
    this.#core = core
    this.#ways = ways
    this.#receipts = new Receipts(core)
  }

  /** Calls that came straight and are not through yet. */
  get inHand(): number {
    return this.#inHand.size
  }

  /** Takes calls of a type from now on; the result ends it. */
  serve(type: string, take: TakeCall): () => void {
    this.#served.set(type, take)
    return () => {
      if (this.#served.get(type) === take) this.#served.delete(type)
    }
  }

  /** A link was opened to this process, or to another that had its port before: that one gets no answer. */
  onHello(from: LinkPeer, { sentAt, to, at }: LaneMessage & { readonly _tag: "Hello" }): void {
    this.#core.lateness.of(from.name, { clock: sentAt, at })
    if (to === this.#core.instance) from.send(welcomeParts)
  }

  /** A call came straight. */
  onCall(from: LinkPeer, { token, sentAt, packet }: LaneMessage & { readonly _tag: "Call" }): void {
    const age = this.#core.lateness.of(from.name, { clock: sentAt, at: packet.timestamp })
    // the same message twice is one call
    if (this.#inHand.get(token) !== undefined) return
    const take = this.#served.get(packet.type)
    if (take === undefined) return void from.send(refusalParts(token, "NoHandler"))
    const call = new StraightCall(token, age === 0 ? packet : aged(packet, age), from, this.#inHand, this.#receipts)
    if (!take(call)) call.refuse("Overloaded")
  }

  /** A caller that called straight gave up. */
  onCancel({ token }: LaneMessage & { readonly _tag: "Cancel" }): void {
    // on a link nothing overtakes its call: one that is not in hand is through
    const call = this.#inHand.get(token)
    if (call === undefined || call.forget !== undefined) return
    const { id, expiration = fallback } = call.packet
    const forget = this.#core.cancellations.cancel(id, this.#core.now() + expiration)
    // it may have been stopped, and so be through
    if (this.#inHand.get(token) === call) call.forget = forget
    else forget()
  }

  /** Receipts of replies. */
  onReceipt({ tokens }: LaneMessage & { readonly _tag: "Receipt" }): void {
    this.#receipts.received(tokens)
  }

  /**
   * Answers a call that came through the broker straight, if its caller can be reached: then `done` is called once, with
   * whether the reply has arrived. `false`: not so, answer through the broker. `isUrgent`: others wait until this one is acked.
   */
  reply(call: Packet, reply: Packet, isUrgent: boolean, done: (received: boolean) => void): boolean {
    const to = parseReplyAddress(call.headers[Header.reply])
    if (to === undefined) return false
    const way = this.#ways.to(to.address)
    if (way === undefined || !way.isUp() && !way.mayTry()) return false
    way.whenUp(patience, (isUp) => {
      if (!isUp || !way.send(replyParts(to.token, reply, isUrgent))) return done(false)
      this.#receipts.expect(to.token, (received) => {
        // half open, perhaps: the next replies go through the broker
        if (!received) way.avoid()
        done(received)
      })
    })
    return true
  }
}
