/**
 * What each fault of the plan does, and the window it opens.
 *
 * Between `run.ts` and what can be done to the broker (`Target.ts`). A window begins with the fault and ends 2 s after every process
 * has been ready again (its connection is up, no alarm, and each of its consumers is held): what was in flight in it is
 * not judged as made in peace.
 */
import { setTimeout as delay } from "node:timers/promises"
import { allReady, type Child, childName } from "./children.ts"
import type { LinkProxies } from "./links.ts"
import type { Fault, Place } from "./plan.ts"
import type { Target } from "./Target.ts"

/** When a fault struck, was over, and when everybody was ready again. ms since the epoch. */
export interface Window {
  readonly fault: Fault
  readonly from: number
  /** The broker takes connections again, or whatever the fault took away is back. */
  readonly over: number
  /** `undefined`: somebody was not ready again within {@link longest}. */
  readonly ready: number | undefined
}

/** Longest wait for everybody to be ready again, ms. */
export const longest = 60_000

/** After readiness, ms. */
export const margin = 2_000

/** When a window ends. */
export const endOf = ({ ready, over }: Window): number => (ready ?? over + longest) + margin

/** Before the processes are asked whether they are ready: they may not yet have noticed, ms. */
const notice = 300

/** What faults are made to. */
export interface Victims {
  readonly target: Target
  readonly workers: ReadonlyArray<Child>
  /** Workers and emitters. */
  readonly children: ReadonlyArray<Child>
  readonly links: LinkProxies
}

/** Does it, and waits until it is over and everybody is ready. */
export const strike = async (fault: Fault, { target, workers, children, links }: Victims): Promise<Window> => {
  const from = Date.now()
  switch (fault.kind) {
    case "kill-broker":
      await target.kill(fault)
      break
    case "kill-worker":
      await workers[fault.worker % workers.length]!.replace()
      break
    case "close-connections":
      await target.closeConnections()
      break
    case "pause-broker":
      await target.pause(fault)
      break
    case "alarm":
      await target.alarm(fault)
      break
    case "cut":
      await target.cut(fault)
      break
    case "pause-worker":
      await workers[fault.worker % workers.length]!.pause(fault.away)
      break
    case "cut-links":
      for (const proxy of links.of(nameOf(fault.to))) proxy.cut(fault.away)
      await delay(fault.away)
      break
    case "delay-links":
      for (const proxy of links.of(nameOf(fault.to))) proxy.delay(fault.by)
      await delay(fault.away)
      for (const proxy of links.of(nameOf(fault.to))) proxy.delay(0)
      // the last of it has come by then
      await delay(fault.by)
      break
    case "half-open":
      for (const proxy of links.of(nameOf(fault.to))) {
        proxy.hold(fault.ways === "both" ? ["in", "out"] : [fault.ways], fault.loses)
      }
      await delay(fault.away)
      for (const proxy of links.of(nameOf(fault.to))) proxy.release()
      break
  }
  const over = Date.now()
  await delay(notice)
  const ready = await allReady(children, longest)
  return { fault, from, over, ready: ready === undefined ? undefined : Math.max(ready, over) }
}

const nameOf = (place: Place): string | undefined => place === "all" ? undefined : childName(place.kind, place.index)
