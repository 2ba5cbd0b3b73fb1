/**
 * The calls of a chaos run: what is planned for each of them, and by which lane it is to go.
 *
 * Pure; shared by emitters, workers and the judge, as `company.ts` is for events. A call's number is all that is known of it:
 * who makes it, what it asks for, how long it may take and what its handler does follow from that.
 */
import type { ChaosOptions } from "./options.ts"

/** The lanes that a process can be told to use. */
export const lanes = ["auto", "direct", "reply", "broker"] as const

/** One of them. */
export type LaneName = typeof lanes[number]

/** The calls of the api, by their names. */
export const kinds = ["look", "charge", "relay"] as const

/** What is planned for a call. */
export interface CallPlan {
  readonly kind: typeof kinds[number]
  /** Its deadline, ms. */
  readonly timeout: number
  /** How long its handler takes, ms. */
  readonly takes: number
  /** Its caller gives up after so many ms; `undefined`: it waits. */
  readonly givesUp: number | undefined
}

/** Callers in one emitter, each of which makes one call at a time. */
export const callersEach = 16

/** Spreads numbers, so that the callers, who take turns at them, do not each get one kind of call only. */
const spread = (n: number): number => {
  const mixed = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 12)) >>> 0
}

/** The plan of a call. */
export const callOf = (n: number): CallPlan => {
  const chance = spread(n)
  const kind = (["look", "charge", "look", "charge", "look", "charge", "look", "relay"] as const)[chance % 8]!
  const rare = (chance >>> 5) % 64
  // the handler of one that is given up must be ended: it has all the time to be found running
  if (rare === 0 && kind !== "relay") return { kind, timeout: 5_000, takes: 2_000, givesUp: 100 }
  return {
    kind,
    // a process that is stopped for some seconds has calls in hand that expire meanwhile
    timeout: (chance >>> 3) % 4 === 0 ? 1_000 : 5_000,
    // some are always at work, to be killed with their server
    takes: rare % 16 === 1 ? 300 : kind === "charge" ? 5 : 0,
    givesUp: undefined,
  }
}

/** Which emitter makes a call. */
export const emitterOf = (n: number, emitters: number): number => Math.floor(n % (emitters * callersEach) / callersEach)

/** The lane that the process with an index among its like is told to use. `all`: they take turns. */
export const laneAt = (lane: ChaosOptions["lane"], index: number): LaneName =>
  lane === "all" ? lanes[index % lanes.length]! : lane

/** What a call goes by that is told to use a lane, when nothing is wrong. */
export const meant: { readonly [lane in LaneName]: "direct" | "reply" | "broker" } = {
  auto: "direct",
  direct: "direct",
  reply: "reply",
  broker: "broker",
}

/** The lane that a call is to go by. */
export const laneOf = (n: number, { lane, emitters }: Pick<ChaosOptions, "lane" | "emitters">): LaneName =>
  laneAt(lane, emitterOf(n, emitters))

/** The lanes that calls of a run are to go by. */
export const lanesOf = ({ lane, emitters }: Pick<ChaosOptions, "lane" | "emitters">): ReadonlyArray<LaneName> =>
  lanes.filter((name) => Array.from({ length: emitters }, (_, index) => laneAt(lane, index)).includes(name))
