/**
 * The way out of a process: publishes at once while the broker takes messages, and waits, in order, while it does not.
 *
 * Between the verbs (`Emitter`, `Caller`, `Serve`), which know deadlines, and the transport, which knows none. What
 * waits was never sent and leaves when it is interrupted; so much and no more may wait. An event or a reply whose
 * confirm was lost is sent once more with the same id, a call never.
 */
import { Effect } from "effect"
import {
  type Confirm,
  Disconnected,
  type Packet,
  Rejected,
  type Route,
  type Status,
  type Transport,
  TransportError,
} from "../transport/mod.ts"

/** The way out. */
export interface Outbox {
  /** Publishes, as things are when it is called, so run it at once; `again`: also a second time, when the connection was lost before the confirm. */
  readonly publish: (route: Route, packet: Packet, again: boolean) => Effect.Effect<Confirm, TransportError>
  /** Why the broker takes nothing now; `undefined`: it does. */
  readonly obstacle: () => string | undefined
  /** How many wait. */
  readonly waiting: () => number
  /** Told of each change of the connection, in order. */
  readonly follow: (status: Status) => void
}

/** What may wait for the broker; beyond it a publish fails at once. Messages, and bytes of their bodies. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

/** Memory that waiting messages may take. */
export const waitingBytes = 64 * 1024 * 1024

/** Before a lost confirm is asked for again: the status that tells of the loss may come a moment later. */
const pause = "20 millis"

interface Waiting {
  readonly bytes: number
  readonly go: (way: Effect.Effect<void, TransportError>) => void
}

/** An outbox over a transport that is connected; it follows what the transport says of itself. */
export const makeOutbox = (transport: Transport["Service"], room: Room): Outbox => {
  const waiting = new Set<Waiting>()
  let bytes = 0
  let obstacle: string | undefined
  let closed = false

  const turn = (route: Route, packet: Packet) =>
    Effect.callback<void, TransportError>((resume) => {
      if (closed) return resume(refuse(route, new Disconnected({ detail: "the connection is closed" })))
      if (waiting.size >= room.messages || bytes >= room.bytes) {
        const detail = `${waiting.size} messages of this process wait already, because ${obstacle}`
        return resume(refuse(route, new Rejected({ detail })))
      }
      const entry: Waiting = { bytes: packet.body.byteLength, go: resume }
      waiting.add(entry)
      bytes += entry.bytes
      return Effect.sync(() => leave(entry))
    })

  const leave = (entry: Waiting): void => {
    if (waiting.delete(entry)) bytes -= entry.bytes
  }

  const publish = (route: Route, packet: Packet, again: boolean): Effect.Effect<Confirm, TransportError> => {
    const send = again
      ? Effect.catch(
        transport.publish(route, packet),
        (error): Effect.Effect<Confirm, TransportError> =>
          error.reason._tag === "Disconnected" && !closed
            ? Effect.andThen(Effect.sleep(pause), Effect.suspend(() => publish(route, packet, again)))
            : Effect.fail(error),
      )
      : transport.publish(route, packet)
    return obstacle === undefined && waiting.size === 0 ? send : Effect.andThen(turn(route, packet), send)
  }

  /** Lets everyone go on, in order; those too that begin to wait meanwhile: nobody would tell them later. */
  const release = (way: (entry: Waiting) => Effect.Effect<void, TransportError>): void => {
    for (const entry of waiting) {
      leave(entry)
      entry.go(way(entry))
    }
  }

  return {
    publish,
    obstacle: () => obstacle,
    waiting: () => waiting.size,
    follow: (status) => {
      switch (status._tag) {
        case "Ready":
          obstacle = undefined
          return release(() => Effect.void)
        case "Blocked":
          obstacle = `the broker takes no messages for now (${status.reason})`
          return
        case "Closed":
          closed = true
          obstacle = "the connection is closed"
          return release(() =>
            refuse({ exchange: "", key: "broker" }, new Disconnected({ detail: "the connection is closed" }))
          )
        case "Connecting":
        case "Disconnected":
          obstacle = "there is no connection to the broker" +
            (status._tag === "Disconnected" ? ` (${status.reason})` : "")
      }
    },
  }
}

const refuse = (route: Route, reason: Disconnected | Rejected) =>
  Effect.fail(new TransportError({ operation: "publish", target: route.exchange || route.key, reason }))
