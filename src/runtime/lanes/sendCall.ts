/**
 * Sends one call by the fastest lane that works now, and follows it when that fails.
 *
 * Between `Caller`, which owns the call's deadline and outcome, and the lanes. A call that was not begun goes by another lane;
 * one that may have been goes again only if it may be run twice.
 */
import { Effect, type Exit } from "effect"
import type { Confirm, HeaderValue, Packet, TransportError } from "../../transport/mod.ts"
import { cancelPacket, Header, readMeta, type RefusalReason, routeTo } from "../../wire/mod.ts"
import type { CoreShape } from "../Core.ts"
import type { Trail } from "../Trail.ts"
import type { Sent, StraightReply } from "./LaneClient.ts"

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
  first: Packet,
  mayRepeat: boolean,
  events: CallEvents,
  trail: Trail | undefined,
): CallWay => {
  const { lanes, settings } = core
  let isOver = false
  let leaveBroker: (() => void) | undefined
  let sent: Sent | undefined
  /** What goes; where it goes once more after it may have been run, that is said. */
  let packet = first

  const byBroker = (): void => {
    if (isOver || leaveBroker !== undefined) return
    trail?.add("published", brokerReason(core, packet.type))
    const awaited = lanes?.client.expect((reply) => events.onReply("reply", errorOf(reply), reply))
    const publishing = core.runFork(core.outbox.publish(
      routeTo.call(packet.type),
      awaited === undefined || lanes === undefined
        ? packet
        : { ...packet, headers: { ...packet.headers, [Header.reply]: lanes.replyAddress(awaited.token) } },
      false,
    ))
    leaveBroker = () => {
      awaited?.forget()
      publishing.interruptUnsafe()
    }
    publishing.addObserver((exit) => {
      if (isOver) return
      trail?.add("confirmed", "the broker has it")
      events.onSent(awaited === undefined ? "broker" : "reply")
      events.onUnsent(exit)
    })
    // what it began may have ended the call
    if (isOver) leaveBroker()
  }

  /** What leaves later than it was made has the time that is left of it, whatever clocks others have. */
  const restamp = (): void => {
    const now = core.now()
    const left = Math.max(0, (readMeta(packet).deadline ?? now) - now)
    const headers = { ...packet.headers, [Header.timeout]: left, [Header.sent]: Math.round(core.monotonic()) }
    packet = { ...packet, timestamp: now, expiration: left, headers }
  }

  const again = (why: string, begun: boolean, go: () => void): void => {
    sent = undefined
    if (begun) packet = { ...packet, headers: { ...packet.headers, [Header.attempt]: readMeta(packet).attempt + 1 } }
    restamp()
    trail?.add("rerouted", why)
    events.onRerouted(why)
    go()
  }

  /** The lane that was asked for by name is waited for, once. */
  let mayWait = settings.lane === "direct"
  const without = (): void => {
    mayWait = false
    restamp()
    straight()
  }

  const straight = (): void => {
    if (isOver) return
    const reason = trail === undefined ? undefined : lanes?.client.explain(packet.type)
    sent = lanes?.client.send(packet, {
      onReply: (reply) => events.onReply("direct", errorOf(reply), reply),
      onRefused: (reason) => {
        if (reason !== "Stopped" || mayRepeat) return again(refusals[reason], reason === "Stopped", straight)
        events.onDead(`instance ${sent?.to} ended while it ran it`)
      },
      onLost: () => {
        if (!mayRepeat) return events.onCut("the link to its server was lost")
        sent?.forget()
        again("the link to its server was lost, and it may be run twice", true, byBroker)
      },
      onDead: events.onDead,
    })
    if (sent === undefined) return mayWait ? lanes?.client.whenReachable(packet.type, patience, without) : byBroker()
    trail?.add("sent straight", `to instance ${sent.to}, past the broker: ${reason}`)
    events.onSent("direct")
  }

  if (lanes === undefined || settings.lane === "reply") byBroker()
  else straight()

  return {
    leave: () => {
      isOver = true
      sent?.forget()
      leaveBroker?.()
    },
    cancel: () => {
      isOver = true
      const tellBroker = (): void => {
        const until = readMeta(packet).deadline ?? core.now()
        // not awaited: whoever interrupts must not wait for a broker
        core.runFork(Effect.ignore(core.transport.publish(
          routeTo.cancel(packet.type),
          cancelPacket(packet.id, packet.type, packet.app, core.now(), until),
        )))
      }
      const isTold = sent?.cancel(tellBroker) === true
      leaveBroker?.()
      if (!isTold) tellBroker()
    },
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

const errorOf = ({ error }: StraightReply): string | undefined => error === "" ? undefined : error
