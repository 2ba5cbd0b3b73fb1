/**
 * Sends one call by the fastest lane that works now, and follows it when that fails.
 *
 * Between `Caller`, which owns the call's deadline and outcome, and the lanes. A call that was not begun goes by another lane;
 * one that may have been goes again only if it may be run twice.
 */
import { Effect, Exit } from "effect"
import type { Confirm, HeaderValue, Packet, TransportError } from "../../transport/mod.ts"
import { cancelPacket, Header, readMeta, type RefusalReason, routeTo } from "../../wire/mod.ts"
import type { CoreShape } from "../Core.ts"
import type { Trail } from "../Trail.ts"
import type { Sent, Straight, StraightReply } from "./Sent.ts"

/** A way of a call. */
export type Lane = "broker" | "reply" | "direct"

/** Who is told how a call fares. */
export interface CallEvents {
  /** It is with the broker, or with a server. */
  readonly onSent: (lane: Lane) => void
  readonly onReply: (lane: Lane, error: HeaderValue | undefined, reply: Omit<StraightReply, "error">) => void
  /** The broker did not take it, or nobody serves it. */
  readonly onUnsent: (exit: Exit.Exit<Confirm, TransportError>) => void
  /** Its link was lost; its reply may still come. */
  readonly onCut: (why: string) => void
  readonly onDead: (detail: string) => void
  /** It takes another lane than it was sent by; `why` is for people. */
  readonly onRerouted: (why: string) => void
}

/** A call on its way. */
export interface CallWay {
  /** The outcome is known, or nobody wants it: what has not left does not leave any more. */
  readonly leave: () => void
  /** The caller gave up: whoever runs it is told. */
  readonly cancel: () => void
}

/** How long the lane `direct`, where it is asked for by name, waits for a link, ms. */
const patience = 250

const refusals: { readonly [reason in RefusalReason]: string } = {
  Overloaded: "the server has too many calls in hand",
  NoHandler: "the server does not serve it (any more)",
  Stopped: "the server ended while it ran it",
}

/** Sends it. `mayRepeat`: it may be run twice. */
export const sendCall = (
  core: CoreShape,
  packet: Packet,
  mayRepeat: boolean,
  events: CallEvents,
  trail: Trail | undefined,
): CallWay => {
  const call = new Outgoing(core, packet, mayRepeat, events, trail)
  call.begin()
  return call
}

class Outgoing implements Straight, CallWay {
  readonly #core: CoreShape
  readonly #mayRepeat: boolean
  readonly #events: CallEvents
  readonly #trail: Trail | undefined
  /** What goes; where it goes once more after it may have been run, that is said. */
  #packet: Packet
  #isOver = false
  #sent: Sent | undefined
  #leaveBroker: (() => void) | undefined
  /** The lane that was asked for by name is waited for, once. */
  #mayWait: boolean

  constructor(core: CoreShape, packet: Packet, mayRepeat: boolean, events: CallEvents, trail: Trail | undefined) {
    this.#core = core
    this.#packet = packet
    this.#mayRepeat = mayRepeat
    this.#events = events
    this.#trail = trail
    this.#mayWait = core.settings.lane === "direct"
  }

  begin(): void {
    if (this.#core.lanes === undefined || this.#core.settings.lane === "reply") this.#byBroker()
    else this.#straight()
  }

  onReply(reply: StraightReply, { server }: Sent): void {
    const { error } = reply
    this.#events.onReply(server === undefined ? "reply" : "direct", error === "" ? undefined : error, reply)
  }

  onRefused(reason: RefusalReason): void {
    if (reason === "Stopped" && !this.#mayRepeat) {
      return this.#events.onDead(`instance ${this.#sent?.server?.instance} ended while it ran it`)
    }
    this.#again(refusals[reason], reason === "Stopped")
    this.#straight()
  }

  onLost(): void {
    if (!this.#mayRepeat) return this.#events.onCut("the link to its server was lost")
    this.#forget()
    this.#again("the link to its server was lost, and it may be run twice", true)
    this.#byBroker()
  }

  onDead(detail: string): void {
    this.#events.onDead(detail)
  }

  leave(): void {
    this.#isOver = true
    this.#forget()
    this.#leaveBroker?.()
  }

  cancel(): void {
    this.#isOver = true
    const { lanes } = this.#core
    const sent = this.#sent
    const isTold = sent !== undefined &&
      lanes?.client.cancel(sent, this.#packet.id, () => this.#tellBroker()) === true
    this.#leaveBroker?.()
    if (!isTold) this.#tellBroker()
  }

  #tellBroker(): void {
    const { id, type, app } = this.#packet
    const core = this.#core
    const until = readMeta(this.#packet).deadline ?? core.now()
    // not awaited: whoever interrupts must not wait for a broker
    core.runFork(Effect.ignore(
      core.transport.publish(routeTo.cancel(type), cancelPacket(id, type, app, core.now(), until)),
    ))
  }

  #straight(): void {
    if (this.#isOver) return
    const { lanes } = this.#core
    const { type } = this.#packet
    const reason = this.#trail === undefined ? undefined : lanes?.client.explain(type)
    const sent = this.#sent = lanes?.client.send(this.#packet, this)
    if (sent !== undefined) {
      this.#trail?.add("sent straight", `to instance ${sent.server?.instance}, past the broker: ${reason}`)
      return this.#events.onSent("direct")
    }
    if (!this.#mayWait) return this.#byBroker()
    this.#mayWait = false
    lanes?.client.whenReachable(type, patience, () => {
      this.#restamp()
      this.#straight()
    })
  }

  #byBroker(): void {
    if (this.#isOver || this.#leaveBroker !== undefined) return
    const core = this.#core
    const { lanes } = core
    let packet = this.#packet
    this.#trail?.add("published", brokerReason(core, packet.type))
    const awaited = lanes?.client.expect(this)
    if (awaited !== undefined && lanes !== undefined) {
      packet = { ...packet, headers: { ...packet.headers, [Header.reply]: lanes.replyAddress(awaited.key) } }
    }
    const publishing = core.runFork(core.outbox.publish(routeTo.call(packet.type), packet, false))
    this.#leaveBroker = () => {
      if (awaited !== undefined) lanes?.client.forget(awaited)
      publishing.interruptUnsafe()
    }
    publishing.addObserver((exit) => {
      if (this.#isOver) return
      if (Exit.isSuccess(exit) && exit.value === "routed") this.#trail?.add("confirmed", "the broker has it")
      this.#events.onSent(awaited === undefined ? "broker" : "reply")
      this.#events.onUnsent(exit)
    })
    // what it began may have ended the call
    if (this.#isOver) this.#leaveBroker()
  }

  #forget(): void {
    if (this.#sent !== undefined) this.#core.lanes?.client.forget(this.#sent)
  }

  /** It goes once more, by whatever way. */
  #again(why: string, begun: boolean): void {
    this.#sent = undefined
    const { headers } = this.#packet
    if (begun) {
      const attempt = readMeta(this.#packet).attempt + 1
      this.#packet = { ...this.#packet, headers: { ...headers, [Header.attempt]: attempt } }
    }
    this.#restamp()
    this.#trail?.add("rerouted", why)
    this.#events.onRerouted(why)
  }

  /** What leaves later than it was made has the time that is left of it, whatever clocks others have. */
  #restamp(): void {
    const core = this.#core
    const now = core.now()
    const left = Math.max(0, (readMeta(this.#packet).deadline ?? now) - now)
    const sent = Math.round(core.monotonic())
    const headers = { ...this.#packet.headers, [Header.timeout]: left, [Header.sent]: sent }
    this.#packet = { ...this.#packet, timestamp: now, expiration: left, headers }
  }
}

/** Why a call goes through the broker. */
const brokerReason = ({ lanes, settings }: CoreShape, type: string): string => {
  if (lanes !== undefined) {
    const why = settings.lane === "reply" ? 'the lane "reply" was asked for' : lanes.client.explain(type)
    return `through the broker, its reply may come straight: ${why}`
  }
  return `through the broker: ${settings.lane === "broker" ? 'the lane "broker" was asked for' : settings.noLanes}`
}
