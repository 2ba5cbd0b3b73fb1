/**
 * Follows calls whose way somebody wants to know: at the caller, and at the server, which tells the caller.
 *
 * Between `Caller` and `Serve`, which go their ways without it for every other call, and `Trail`. Sends nothing itself.
 */
import { Effect } from "effect"
import type { Delivery, HeaderValue } from "../transport/mod.ts"
import type { Origin } from "../wire/mod.ts"
import type { CallOptions } from "./Bus.ts"
import type { CoreShape } from "./Core.ts"
import type { Current } from "./Current.ts"
import type { Bound } from "./invoke.ts"
import type { Lane } from "./lanes/sendCall.ts"
import { readServerTrail, type ServerTrail, Trail, writeServerTrail } from "./Trail.ts"

/** A call that is followed. */
export interface Following {
  readonly trail: Trail
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
  { id, type, app }: Origin,
): Following | undefined => {
  if (onTrail === undefined && current?.trail === undefined) return undefined
  const trail = new Trail(monotonic(core))
  const from = current?.trail?.elapsed ?? 0
  let server: ServerTrail | undefined
  return {
    trail,
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

/** Follows a call from its arrival. */
export const arrival = (core: CoreShape, { straight, redelivered }: Delivery): Trail => {
  const trail = new Trail(monotonic(core))
  const way = straight === undefined ? "through the broker" : "straight, past the broker"
  trail.add("arrived", redelivered ? `${way}, not for the first time` : way)
  return trail
}

/** What the caller is told. */
export const tellOf = ({ label, core }: Bound, { hops, calls }: Trail): string => {
  const { host, pid } = core.machine
  return writeServerTrail({ handler: label, instance: core.instance, host, pid, hops, calls })
}

/** ms, as fine as the clock is, on one that nobody sets. */
const monotonic = ({ clock }: CoreShape) => () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
