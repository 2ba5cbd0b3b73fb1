/**
 * Publishes on one confirm channel, with everything `mandatory`, and tells of each packet what became of it.
 *
 * Between `AmqpTransport.ts` and `Connection.ts`. RabbitMQ gives an unroutable message back before it confirms it, on
 * the same channel and in the order of publishing: a return belongs to the oldest unconfirmed publish of the same route
 * and id that has none yet, so nothing needs to be added to the message. A missing exchange would close the channel
 * under everybody's feet, so each exchange is looked up once, elsewhere, before its first use. So many unconfirmed at a
 * time and no more: the others wait their turn, in order, in a room with a limit. Confirms come in batches, as the broker
 * sends them; nothing is ever sent twice from here.
 */
import { Effect, Semaphore } from "effect"
import { Ring } from "../../src/collections/mod.ts"
import {
  type Confirm,
  Disconnected,
  type Packet,
  type Reason,
  Rejected,
  type Route,
  TooLarge,
  TransportError,
} from "../../src/transport/mod.ts"
import type { Channel, Connection, Outcome, Returned } from "./Connection.ts"
import { onOwnChannel } from "./declare.ts"
import { type BrokerFailure, failure, missing, reason, transportError } from "./Failure.ts"
import { fromPacket, tooLong } from "./properties.ts"

/** Body bytes at most: RabbitMQ 4.x takes no more by default. */
export const maxBytes = 16 * 1024 * 1024

/** The publishing half of the transport. */
export interface Publisher {
  readonly publish: (route: Route, packet: Packet) => Effect.Effect<Confirm, TransportError>
  /** Publishes on this connection from now on; `exchanges` are known to exist there. */
  readonly attach: (connection: Connection, exchanges: Iterable<string>) => Effect.Effect<void, BrokerFailure>
  /** Exchanges that were declared. */
  readonly know: (exchanges: Iterable<string>) => void
}

/** A publish on its way, or waiting for its turn. */
class Pending extends Ring {
  readonly route: Route
  readonly packet: Packet
  readonly resume: (exit: Effect.Effect<Confirm, TransportError>) => void
  returned = false

  constructor(route: Route, packet: Packet, resume: Pending["resume"]) {
    super()
    this.route = route
    this.packet = packet
    this.resume = resume
  }
}

/** Unconfirmed at a time: enough to fill any line, and few enough to be lost together. */
const window = { publishes: 2_000, bytes: 32 * 1024 * 1024 }
/** Waiting for a place in the window, beyond which nothing more is taken. */
const room = { publishes: 100_000, bytes: 256 * 1024 * 1024 }

/** A count of publishes and of their bytes. */
class Load {
  publishes = 0
  bytes = 0
  add({ packet }: Pending): void {
    this.publishes++
    this.bytes += packet.body.byteLength
  }
  remove({ packet }: Pending): void {
    this.publishes--
    this.bytes -= packet.body.byteLength
  }
  /** Whether one more fits; the first always does, however large. */
  fits(limit: typeof window): boolean {
    return this.publishes === 0 || (this.publishes < limit.publishes && this.bytes < limit.bytes)
  }
}

/** Makes a publisher that has no connection yet. */
export const make = (): Publisher => {
  const opening = Semaphore.makeUnsafe(1)
  const exchanges = new Set<string>([""])
  // in the order of publishing; the oldest match of a return stands first
  const unreturned = new Ring()
  const waiting = new Set<Pending>()
  const unconfirmed = new Load()
  const queued = new Load()
  let connection: Connection | undefined
  let channel: Channel | undefined

  const onReturn = (message: Returned) => {
    for (let { first: one } = unreturned; one instanceof Pending; one = one.next) {
      const { packet: { id }, route } = one
      if (id === message.id && route.key === message.key && route.exchange === message.exchange) {
        one.returned = true
        return one.leave()
      }
    }
  }

  const open = Effect.suspend(() =>
    connection === undefined ? Effect.fail(never) : connection.openChannel("confirm", { onReturn })
  ).pipe(Effect.map((opened) => channel = opened))

  // A channel that the broker closed is replaced by whoever publishes next.
  const live = opening.withPermit(
    Effect.suspend(() => channel?.isOpen() === true ? Effect.succeed(channel) : open),
  )

  const known = (exchange: string) =>
    Effect.suspend(() =>
      connection === undefined ? Effect.fail(transportError("publish", exchange)(never)) : onOwnChannel(
        connection,
        transportError("publish", exchange),
        (own) => Effect.mapError(own.checkExchange(exchange), transportError("publish", exchange)),
      )
    ).pipe(Effect.andThen(Effect.sync(() => exchanges.add(exchange))))

  const send = (pending: Pending, on: Channel): void => {
    const { route, packet, resume } = pending
    const done = (outcome: Outcome) => {
      pending.leave()
      unconfirmed.remove(pending)
      if (outcome === "ack") resume(pending.returned ? unroutable : routed)
      else {
        if (outcome === "lost" && missing(on.closedBy() ?? nothing) === route.exchange) exchanges.delete(route.exchange)
        resume(fail(route, outcome === "nack" ? full : lost(on, route)))
      }
      if (waiting.size > 0) next()
    }
    unreturned.add(pending)
    unconfirmed.add(pending)
    try {
      on.publish(route.exchange, route.key, packet.body, fromPacket(packet), done)
    } catch (cause) {
      pending.leave()
      unconfirmed.remove(pending)
      resume(fail(route, unwritten(cause, packet)))
    }
  }

  /** Sends those whose turn has come; on a channel that has ended, all fail. */
  const next = (): void => {
    while (waiting.size > 0 && unconfirmed.fits(window)) {
      const pending = waiting.values().next().value!
      waiting.delete(pending)
      queued.remove(pending)
      if (channel?.isOpen() === true) send(pending, channel)
      else pending.resume(fail(pending.route, channel === undefined ? notYet : lost(channel, pending.route)))
    }
  }

  /** An interrupted publish that was sent stays until its confirm, so that its return is not taken for another's. */
  const submit = (on: Channel, route: Route, packet: Packet) =>
    Effect.callback<Confirm, TransportError>((resume) => {
      const pending = new Pending(route, packet, resume)
      if (waiting.size === 0 && unconfirmed.fits(window)) return send(pending, on)
      if (!queued.fits(room)) return resume(fail(route, tooMany(queued.publishes)))
      waiting.add(pending)
      queued.add(pending)
      return Effect.sync(() => {
        if (waiting.delete(pending)) queued.remove(pending)
      })
    })

  const publish = (route: Route, packet: Packet) => {
    const size = packet.body.byteLength
    if (size > maxBytes) return fail(route, new TooLarge({ size, limit: maxBytes }))
    const long = tooLong(packet, route.exchange, route.key)
    if (long !== undefined) return fail(route, new TooLarge(long))
    if (channel?.isOpen() === true && exchanges.has(route.exchange)) return submit(channel, route, packet)
    return (exchanges.has(route.exchange) ? Effect.void : known(route.exchange)).pipe(
      Effect.andThen(Effect.mapError(live, transportError("publish", route.exchange || route.key))),
      Effect.flatMap((on) => submit(on, route, packet)),
    )
  }

  return {
    publish: (route, packet) => Effect.suspend(() => publish(route, packet)),
    attach: (to, declared) =>
      Effect.suspend(() => {
        connection = to
        exchanges.clear()
        exchanges.add("")
        for (const exchange of declared) exchanges.add(exchange)
        return Effect.asVoid(opening.withPermit(open))
      }),
    know: (names) => {
      for (const name of names) exchanges.add(name)
    },
  }
}

const routed = Effect.succeed<Confirm>("routed")
const unroutable = Effect.succeed<Confirm>("unroutable")

const never = failure(new Error("there is no connection to the broker yet"))
const notYet = new Disconnected({ detail: never.text })

const tooMany = (count: number) =>
  new Rejected({
    detail: `it was not sent, since ${count} publishes of this process wait for the broker already; publish slower`,
  })

const nothing = { _tag: "BrokerFailure", code: undefined, text: "" } as const

const full = new Rejected({ detail: "a queue on its way is full or could not store it" })

const fail = (route: Route, reason: Reason) =>
  Effect.fail(new TransportError({ operation: "publish", target: route.exchange || route.key, reason }))

// A refusal names the exchange it is about; every other publish on the channel just lost its confirm.
const lost = (channel: Channel, route: Route): Reason => {
  const why = channel.closedBy()
  if (why === undefined) return new Disconnected({ detail: "the connection was lost before the broker confirmed" })
  if (why.text.includes(`exchange '${route.exchange || "amq.default"}'`)) return reason(why, route.exchange)
  return new Disconnected({ detail: `the publish channel was closed before the broker confirmed: ${why.text}` })
}

/** The library's scratch space for properties; the only thing it cannot write down is a larger header table. */
const headerBytes = 65_536

const unwritten = (cause: unknown, packet: Packet): Reason =>
  cause instanceof RangeError
    ? new TooLarge({ size: JSON.stringify(packet.headers).length, limit: headerBytes })
    : new Disconnected({ detail: cause instanceof Error ? cause.message : String(cause) })
