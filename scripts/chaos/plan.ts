/**
 * The faults of a run, in their order, with the quiet before each: made from the options and their seed alone.
 *
 * Above it `run.ts`, which carries it out; what a fault does is in `faults.ts`. One fault at a time: the next one begins
 * a while after everything is ready again, so that it is known which calls were made in peace and how fast the
 * throughput comes back.
 */
import type { ChaosOptions } from "./options.ts"
import { makeRandom, type Random } from "./random.ts"

/** One fault. Times in ms. */
export type Fault =
  /**
   * SIGKILL; in a cluster, to the node that leads the queues; of an embedded one to the process that hosts it, or to `everybody`
   * who could. Started again after `away`.
   */
  | { readonly kind: "kill-broker"; readonly away: number; readonly everybody?: boolean }
  /** SIGKILL; started again at once. */
  | { readonly kind: "kill-worker"; readonly worker: number }
  /** The broker closes every client's connection. */
  | { readonly kind: "close-connections" }
  /** SIGSTOP, and SIGCONT after `away`. */
  | { readonly kind: "pause-broker"; readonly node: number; readonly away: number }
  /** The memory alarm, which blocks publishers. */
  | { readonly kind: "alarm"; readonly away: number }
  /** A node is cut off the others. */
  | { readonly kind: "cut"; readonly node: number; readonly away: number }
  /** SIGSTOP, and SIGCONT after `away`. */
  | { readonly kind: "pause-worker"; readonly worker: number; readonly away: number }
  /** Links are reset; new ones are refused for so long. */
  | { readonly kind: "cut-links"; readonly to: Place; readonly away: number }
  /** What goes over links comes later, for so long. */
  | { readonly kind: "delay-links"; readonly to: Place; readonly by: number; readonly away: number }
  /**
   * Links carry nothing, or nothing in one direction, and nobody closes them. Then what was held up is carried after all, or it
   * is lost and they are reset.
   */
  | {
    readonly kind: "half-open"
    readonly to: Place
    readonly ways: "in" | "out" | "both"
    readonly loses: boolean
    readonly away: number
  }

/** A fault of one kind. */
export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { readonly kind: Kind }>

/** The processes whose links are meant: those through which others reach one of them, or all. */
export type Place = { readonly kind: "worker" | "emitter"; readonly index: number } | "all"

/** A fault and the quiet before it, ms. */
export interface Step {
  readonly calm: number
  readonly fault: Fault
}

/** The node of a cluster, whatever the seed: the three take turns. */
const nodes = 3

/** Makes the plan. */
export const makePlan = (options: ChaosOptions): ReadonlyArray<Step> => {
  const random = makeRandom(options.seed)
  const kinds = options.form === "soak" ? soakKinds(options, random) : random.shuffle(kindsOf(options))
  return kinds.map((kind) => ({
    calm: random.between(...options.calm),
    fault: faultOf(kind, options, random),
  }))
}

const kindsOf = (options: ChaosOptions): ReadonlyArray<Fault["kind"]> => {
  const times = (count: number, kind: Fault["kind"]) => Array.from({ length: count }, () => kind)
  return [
    ...times(options.brokerKills, "kill-broker"),
    ...times(options.workerKills, "kill-worker"),
    ...times(options.closes, "close-connections"),
    ...times(options.pauses, "pause-broker"),
    ...times(options.alarms, "alarm"),
    ...times(options.cluster ? options.cuts : 0, "cut"),
    ...times(options.workerPauses, "pause-worker"),
    // there are no links past the broker where nobody goes past it
    ...(options.lane === "broker" ? [] : [
      ...times(options.linkCuts, "cut-links"),
      ...times(options.linkDelays, "delay-links"),
      ...times(options.halfOpens, "half-open"),
    ]),
  ]
}

/** What a fault takes besides the quiet, about; a soak is filled by it. */
const usualSeconds = 5

/** The mixture of the options, round after round, until the time is full. */
const soakKinds = (options: ChaosOptions, random: Random): ReadonlyArray<Fault["kind"]> => {
  const mean = (options.calm[0] + options.calm[1]) / 2_000 + usualSeconds
  const count = Math.ceil(options.minutes * 60 / mean)
  const round = kindsOf(options)
  const kinds: Array<Fault["kind"]> = []
  while (round.length > 0 && kinds.length < count) kinds.push(...random.shuffle(round))
  return kinds.slice(0, count)
}

const faultOf = (kind: Fault["kind"], options: ChaosOptions, random: Random): Fault => {
  const short = options.form === "short"
  switch (kind) {
    case "kill-broker":
      return {
        kind,
        away: random.between(0, short ? 500 : 4_000),
        ...(options.on === "embedded" && { everybody: random.between(0, 2) === 0 }),
      }
    case "kill-worker":
      // in a soak the memory of the others is watched over the whole time
      return { kind, worker: options.form === "soak" ? options.workers - 1 : random.between(0, options.workers - 1) }
    case "close-connections":
      return { kind }
    case "pause-broker":
      return { kind, node: random.between(0, nodes - 1), away: random.between(1_500, short ? 2_500 : 8_000) }
    case "alarm":
      return { kind, away: random.between(1_000, short ? 1_500 : 6_000) }
    case "cut":
      return { kind, node: random.between(0, nodes - 1), away: random.between(3_000, 8_000) }
    case "pause-worker":
      return { kind, worker: random.between(0, options.workers - 1), away: pauseOf(random, short) }
    case "cut-links":
      return { kind, to: placeOf(options, random), away: random.between(0, 1) * random.between(0, short ? 500 : 3_000) }
    case "delay-links":
      return {
        kind,
        to: placeOf(options, random),
        by: random.between(5, short ? 200 : 600),
        away: random.between(1_500, short ? 2_000 : 6_000),
      }
    case "half-open":
      return {
        kind,
        to: placeOf(options, random),
        ways: (["in", "out", "both"] as const)[random.between(0, 2)]!,
        loses: random.between(0, 1) === 0,
        // some are found by heartbeats, after 3 s, and some are over before that
        away: random.between(1_000, short ? 2_500 : 7_000),
      }
  }
}

/** Most pauses are shorter than the broker's patience; of the long ones it takes the process for lost. */
const pauseOf = (random: Random, isShort: boolean): number =>
  !isShort && random.between(0, 5) === 0 ? random.between(25_000, 32_000) : random.between(500, isShort ? 2_500 : 8_000)

/** Calls that go straight use links to workers, replies that do use links to emitters. */
const placeOf = ({ lane, workers, emitters }: ChaosOptions, random: Random): Place => {
  const chance = random.between(0, 3)
  const kind = lane === "direct" ? "worker" : lane === "reply" ? "emitter" : chance < 2 ? "worker" : "emitter"
  const index = random.between(0, (kind === "worker" ? workers : emitters) - 1)
  return random.between(0, 2) === 0 ? "all" : { kind, index }
}

/** A fault in words. */
export const describeFault = (fault: Fault): string => {
  const seconds = "away" in fault && fault.away > 0 ? ` for ${(fault.away / 1_000).toFixed(1)} s` : ""
  const which = "worker" in fault ? ` ${fault.worker + 1}` : "node" in fault ? ` (node ${fault.node + 1})` : ""
  const to = "to" in fault ? fault.to === "all" ? " of all" : ` of ${fault.to.kind} ${fault.to.index + 1}` : ""
  return `${fault.kind}${which}${to}${how(fault)}${seconds}`
}

const how = (fault: Fault): string => {
  if (fault.kind === "kill-broker" && fault.everybody !== undefined) {
    return fault.everybody ? " and whoever could take over" : ", another takes over"
  }
  if (fault.kind === "delay-links") return ` by ${fault.by} ms`
  if (fault.kind !== "half-open") return ""
  const ways = { in: " (towards it)", out: " (away from it)", both: "" }[fault.ways]
  return `${ways}, ${fault.loses ? "losing all" : "held up"}`
}

/** The plan in words, a line a fault. */
export const describePlan = (steps: ReadonlyArray<Step>): ReadonlyArray<string> =>
  steps.map(({ calm, fault }, i) =>
    `${String(i + 1).padStart(3)}. after ${(calm / 1_000).toFixed(1).padStart(4)} s: ${describeFault(fault)}`
  )
