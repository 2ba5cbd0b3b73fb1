/**
 * One handler at its queue: what to declare for it, how to consume it, who dispatches.
 *
 * Chooses between `Serve` and `Listen` and derives names and limits; the host starts and stops posts.
 */
import { Result } from "effect"
import { makeCodec } from "../contract/mod.ts"
import type { Topology } from "../transport/mod.ts"
import { callTopology, listenerTopology, QueueName, scheduleTopology } from "../wire/mod.ts"
import type { Dispatcher } from "./Dispatcher.ts"
import type { CallHandler, Handler, Listener, ScheduledHandler } from "./Handler.ts"
import type { InboxShape } from "./Inbox.ts"
import type { Bound } from "./invoke.ts"
import { type Decode, listen } from "./Listen.ts"
import { TickSchema } from "./Schedules.ts"
import { serve } from "./Serve.ts"

/** One handler and its queue, for people. */
export interface Station {
  readonly app: string
  readonly file: string
  /** `warranty.register`. */
  readonly label: string
  readonly kind: Handler["kind"]
  /** `sales.orderPlaced`, or the schedule's text. */
  readonly subject: string
  readonly queue: string
  readonly concurrency: number
  /** Deliveries in hand now. */
  readonly inHand: () => number
}

/** One handler, ready to consume. */
export interface Post {
  readonly bound: Bound
  readonly dispatcher: Dispatcher
  readonly prefetch: number
  readonly topology: Topology
  readonly station: Station
}

/** With `orderBy` several messages of one key may wait here while other keys go on; so many for each place. */
const waitingPerPlace = 8

/** Makes the post of a handler. */
export const makePost = (bound: Bound, file: string, inbox: InboxShape): Post => {
  const { app, name, label, handler } = bound
  const concurrency = handler.concurrency ?? (handler.kind === "schedule" ? 1 : bound.core.settings.concurrency)
  const post = (
    queue: string,
    subject: string,
    prefetch: number,
    topology: Topology,
    dispatcher: Dispatcher,
  ): Post => ({
    bound,
    dispatcher,
    prefetch,
    topology,
    station: { app, file, label, kind: handler.kind, subject, queue, concurrency, inHand: dispatcher.size },
  })
  switch (handler.kind) {
    case "call": {
      const { type } = handler.contract
      const dispatcher = serve(bound as Bound<CallHandler>, concurrency)
      return post(QueueName.call(type), type, concurrency, callTopology(type), dispatcher)
    }
    case "listener": {
      const { type } = handler.contract
      const ordered = handler.orderBy !== undefined
      return post(
        QueueName.listener(app, name),
        type,
        ordered ? concurrency * waitingPerPlace : concurrency,
        listenerTopology(app, name, type, ordered),
        listen(bound as Bound<Listener>, concurrency, inbox, decodeWith(handler.contract.codec)),
      )
    }
    case "schedule": {
      const { text } = handler.timing
      const zone = handler.timing._tag === "Cron" ? ` ${handler.timing.timezone}` : ""
      return post(
        QueueName.schedule(app, name),
        `every ${text}${zone}`,
        concurrency,
        scheduleTopology(app, name),
        listen(bound as Bound<ScheduledHandler>, concurrency, inbox, decodeWith(makeCodec(TickSchema))),
      )
    }
  }
}

const decodeWith = (codec: ReturnType<typeof makeCodec>): Decode => (json) =>
  Result.mapError(
    codec.decode(json),
    (misfits) =>
      misfits.map(({ field, value, expected }) =>
        `${field === "" ? "the payload" : `field "${field}"`} is ${value}, expected ${expected}`
      ).join("; "),
  )
