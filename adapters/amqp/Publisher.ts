/**
 * Publishes on one confirm channel, with everything `mandatory`, and tells of each packet what became of it.
 *
 * Between `AmqpTransport.ts` and `Connection.ts`. RabbitMQ gives an unroutable message back before it confirms it, on
 * the same channel and in the order of publishing: a return belongs to the oldest unconfirmed publish of the same route
 * and id that has none yet, so nothing needs to be added to the message. A missing exchange would close the channel
 * under everybody's feet, so each exchange is looked up once, elsewhere, before its first use.
 */
import { Effect, Semaphore } from "effect"
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
import { type BrokerFailure, missing, reason, transportError } from "./Failure.ts"
import { fromPacket, tooLong } from "./properties.ts"

/** Body bytes at most: RabbitMQ 4.x takes no more by default. */
export const maxBytes = 16 * 1024 * 1024

/** The publishing half of the transport. */
export interface Publisher {
  readonly publish: (route: Route, packet: Packet) => Effect.Effect<Confirm, TransportError>
}

/** A publish on its way. */
interface Pending {
  readonly route: Route
  readonly id: string
  returned: boolean
}

/** Makes a publisher; `exchanges` holds the names that are known to exist, and grows. */
export const make = (connection: Connection, exchanges: Set<string>): Effect.Effect<Publisher, BrokerFailure> =>
  Effect.gen(function* () {
    const opening = yield* Semaphore.make(1)
    // in the order of publishing; the oldest match of a return stands first
    const unreturned = new Set<Pending>()
    const onReturn = (message: Returned) => {
      for (const pending of unreturned) {
        const { id, route } = pending
        if (id === message.id && route.key === message.key && route.exchange === message.exchange) {
          pending.returned = true
          unreturned.delete(pending)
          return
        }
      }
    }
    const open = connection.openChannel("confirm", { onReturn })
    let channel = yield* open

    // A channel that the broker closed is replaced by whoever publishes next.
    const live = opening.withPermit(
      Effect.suspend(() => channel.isOpen() ? Effect.succeed(channel) : Effect.map(open, (opened) => channel = opened)),
    )

    const known = (exchange: string) =>
      onOwnChannel(
        connection,
        transportError("publish", exchange),
        (own) => Effect.mapError(own.checkExchange(exchange), transportError("publish", exchange)),
      ).pipe(Effect.andThen(Effect.sync(() => exchanges.add(exchange))))

    const send = (channel: Channel, route: Route, packet: Packet) =>
      Effect.callback<Confirm, TransportError>((resume) => {
        const pending: Pending = { route, id: packet.id, returned: false }
        const done = (outcome: Outcome) => {
          unreturned.delete(pending)
          if (outcome === "ack") return resume(Effect.succeed(pending.returned ? "unroutable" : "routed"))
          if (outcome === "lost" && missing(channel.closedBy() ?? nothing) === route.exchange) {
            exchanges.delete(route.exchange)
          }
          resume(fail(route, outcome === "nack" ? full : lost(channel, route)))
        }
        unreturned.add(pending)
        try {
          channel.publish(route.exchange, route.key, packet.body, fromPacket(packet), done)
        } catch (cause) {
          unreturned.delete(pending)
          resume(fail(route, unwritten(cause, packet)))
        }
        // an interrupted publish stays until its confirm, so that its return is not taken for another's
      })

    const publish = (route: Route, packet: Packet) => {
      const size = packet.body.byteLength
      if (size > maxBytes) return fail(route, new TooLarge({ size, limit: maxBytes }))
      const long = tooLong(packet, route.exchange, route.key)
      if (long !== undefined) return fail(route, new TooLarge(long))
      if (channel.isOpen() && exchanges.has(route.exchange)) return send(channel, route, packet)
      return (exchanges.has(route.exchange) ? Effect.void : known(route.exchange)).pipe(
        Effect.andThen(Effect.mapError(live, transportError("publish", route.exchange || route.key))),
        Effect.flatMap((channel) => send(channel, route, packet)),
      )
    }
    return { publish: (route, packet) => Effect.suspend(() => publish(route, packet)) }
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
