/**
 * Follows calls whose way somebody wants to know: at the caller, and at the server, which tells the caller.
 *
 * Between `Caller` and `Serve`, which go their ways without it for every other call, and `Trail`. Sends nothing itself.
 */
import { Effect } from "effect"
import type { Delivery, HeaderValue, Verdict } from "../transport/mod.ts"
import type { CallOptions } from "./Bus.ts"
import type { CoreShape } from "./Core.ts"
import type { Current } from "./Current.ts"
import type { Departure } from "./departure.ts"
import type { Followed } from "./Follows.ts"
import type { Bound } from "./invoke.ts"
import type { Lane } from "./lanes/sendCall.ts"
import { readServerTrail, type ServerTrail, Trail, writeServerTrail } from "./Trail.ts"

/** A call that is followed. */
export interface Following {
  readonly trail: Trail
  /** Whether its server is to tell with the reply. */
  readonly isAsked: boolean
  /** The reply has come. */
  readonly replied: (lane: Lane, hops: HeaderValue | undefined) => void
  /** The call is over: whoever wanted to know is told. */
  readonly end: (fact: string, error: string | undefined) => void
}

/** Follows a call if it is wanted: by whoever makes it, or because the call is followed that it is part of. */
export const follow = (
  core: CoreShape,
  current: Current | undefined,
  { onTrail }: CallOptions,
  { origin: { id, type, app, cause }, handler, followed }: Departure,
): Following | undefined => {
  const isAsked = onTrail !== undefined || current?.trail !== undefined
  if (!isAsked && followed === undefined) return undefined
  const trail = new Trail(core.monotonic, ({ what, detail }) => {
    if (ways.has(what)) followed?.tell(what, { cause, handler, detail })
  })
  const from = current?.trail?.elapsed ?? 0
  let server: ServerTrail | undefined
  return {
    trail,
    isAsked,
    replied: (lane, hops) => {
      server = readServerTrail(hops)
      trail.add("replied", lane === "broker" ? "through the broker" : "straight, past the broker")
    },
    end: (fact, error) => {
      trail.add(fact, error)
      // what is noted later, such as a confirm that comes after the reply, is no part of it
      const hops = [...trail.hops]
      const told = { call: type, id, app, from, hops, ...(server !== undefined && { server }) }
      current?.trail?.addCall(told)
      try {
        onTrail?.(told)
      } catch (error) {
        // the call has its outcome, whatever becomes of who wanted to know its way
        core.runFork(Effect.logError(`The way of a call to "${type}" could not be told`, error))
      }
    },
  }
}

/** What is noted of the way and the journal is not told. */
const ways: ReadonlySet<string> = new Set(["sent straight", "published", "confirmed", "replied"])

/** Follows a call from its arrival. */
export const arrival = (core: CoreShape, delivery: Delivery): Trail => {
  const trail = new Trail(core.monotonic)
  trail.add("arrived", wayOf(delivery))
  return trail
}

/** Holds a message that somebody follows, from its arrival until `release`. `value`: what its header says. */
export const holdDelivery = (
  { core, app, label }: Bound,
  delivery: Delivery,
  value: HeaderValue,
  cause: string | undefined,
): Followed | undefined => {
  const { packet, queue } = delivery
  const followed = core.follows.hold(value, packet, app)
  followed?.tell("delivered", { handler: label, queue, cause, detail: wayOf(delivery) })
  return followed
}

/** A followed message leaves the hand of its handler, with this verdict. */
export const release = (
  followed: Followed,
  { label }: Bound,
  { queue, straight }: Delivery,
  verdict: Verdict,
): void => {
  followed.tell(straight !== undefined && verdict === "ack" ? "done" : verdicts[verdict], { handler: label, queue })
  followed.end()
}

const verdicts: { readonly [verdict in Verdict]: string } = {
  ack: "acked",
  requeue: "given back",
  reject: "rejected",
}

const wayOf = ({ straight, redelivered }: Delivery): string => {
  const way = straight === undefined ? "through the broker" : "straight, past the broker"
  return redelivered ? `${way}, not for the first time` : way
}

/** What the caller is told. */
export const tellOf = ({ label, core }: Bound, { hops, calls }: Trail): string => {
  const { host, pid } = core.machine
  return writeServerTrail({ handler: label, instance: core.instance, host, pid, hops, calls })
}
