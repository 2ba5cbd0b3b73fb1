/**
 * What came of the calls of a run: by the lane they were to go by, and by their kind.
 *
 * Pure; part of `judge.ts`. A call counts as made in peace when no fault window overlaps it.
 */
import { callOf, type CallPlan, emitterOf, kinds, type LaneName, laneOf, lanes, lanesOf, meant } from "./calls.ts"
import { childName } from "./children.ts"
import { patience } from "./company.ts"
import type { Called, Expired } from "./callLedger.ts"
import { endOf, type Window } from "./faults.ts"
import type { Ledger } from "./ledger.ts"
import type { ChaosOptions } from "./options.ts"

/** A handler may be found to begin so late, ms: whoever looks at a clock acts a little later. */
export const tolerance = 5

/** The figures of some calls. */
export interface CallFigures {
  readonly made: number
  /** Without those that were given up, which are no failures. */
  readonly waited: number
  readonly answered: number
  /** Those that were answered, by the lane they went by. */
  readonly by: Readonly<Record<string, number>>
  /** By the tag of the error; `hung` and `gave-up` are such. */
  readonly failed: Readonly<Record<string, number>>
}

/** Of all calls of a run. */
export interface CallsReport {
  /** By the lane that was asked for: all of them, and those made in peace. */
  readonly byLane: Readonly<Partial<Record<LaneName, { readonly all: CallFigures; readonly inPeace: CallFigures }>>>
  readonly byKind: Readonly<Record<CallPlan["kind"], CallFigures>>
  readonly inPeace: CallFigures
  /** Calls without an outcome {@link patience} ms after their deadline, in which their process was not standing still. */
  readonly hung: number
  /** The longest that a call took beyond its deadline, ms, standstills included; negative: none did. */
  readonly longest: number
  /** Handlers that began after the deadline, by more than {@link tolerance}; the first ones, and the latest, ms. */
  readonly expired: { readonly count: number; readonly first: ReadonlyArray<Expired>; readonly latest: number }
  /** Handlers that began twice with a call that may not be run twice; the first numbers. */
  readonly ranTwice: { readonly count: number; readonly first: ReadonlyArray<string> }
  /** Those that did and may. */
  readonly repeated: number
  /** Calls with no outcome or with several. */
  readonly oddOutcomes: number
  /** Handlers that came to their end, in peace, although their caller had given up long before. */
  readonly ranOn: number
  readonly rerouted: Readonly<Record<string, number>>
}

/** Judges them. */
export const judgeCalls = (
  ledger: Ledger,
  options: Pick<ChaosOptions, "lane" | "emitters">,
  windows: ReadonlyArray<Window>,
): CallsReport => {
  const { calls } = ledger
  const inPeace = calls.ended.filter((call) => isInPeace(call, windows))
  const lanesAsked = lanesOf(options)
  const ofLane = (some: ReadonlyArray<Called>, lane: LaneName) => some.filter(({ n }) => laneOf(n, options) === lane)
  const ended = new Set(calls.ended.map(({ n }) => n))
  const unended = [...calls.made.numbers()].filter((n) => !ended.has(n)).length
  const over = ({ n, from, to }: Called) => to - from - callOf(n).timeout
  const still = ({ n, from, to }: Called) => {
    const times = calls.stood.get(childName("emitter", emitterOf(n, options.emitters))) ?? []
    return times.reduce(
      (sum, [began, ended]) => sum + Math.max(0, Math.min(to, ended) - Math.max(from + callOf(n).timeout, began)),
      0,
    )
  }
  const isLate = (call: Called) => over(call) > patience && over(call) - still(call) > patience
  const expired = calls.expired.filter(({ by }) => by > tolerance)
  const twice = (["charge", "relay"] as const).flatMap((handler) =>
    [...calls.of(handler).numbers(2)].map((n) => `${n} by ${handler}`)
  )
  return {
    byLane: Object.fromEntries(lanesAsked.map((lane) => [lane, {
      all: callFigures(ofLane(calls.ended, lane)),
      inPeace: callFigures(ofLane(inPeace, lane)),
    }])),
    byKind: Object.fromEntries(
      kinds.map((kind) => [kind, callFigures(calls.ended.filter(({ n }) => callOf(n).kind === kind))]),
    ) as CallsReport["byKind"],
    inPeace: callFigures(inPeace),
    hung: unended + calls.ended.filter((call) => call.outcome === "hung" || isLate(call)).length,
    longest: calls.ended.reduce((longest, call) => Math.max(longest, over(call)), Number.NEGATIVE_INFINITY),
    expired: {
      count: expired.length,
      first: expired.slice(0, 10),
      latest: calls.expired.reduce((latest, { by }) => Math.max(latest, by), 0),
    },
    ranTwice: { count: twice.length, first: twice.slice(0, 10) },
    repeated: calls.of("look").size(2),
    oddOutcomes: calls.again.length +
      calls.ended.filter(({ outcome, outcomes }) => outcome !== "hung" && outcomes !== 1).length,
    ranOn: inPeace.filter((call) => ranOn(call, ledger, windows)).length,
    rerouted: Object.fromEntries(calls.rerouted),
  }
}

/** Of the calls made and answered in a time, the share that went by the lane it was meant to; `undefined`: there were none. */
export const laneShare = (
  { calls }: Ledger,
  options: Pick<ChaosOptions, "lane" | "emitters">,
  after: number,
  before: number,
): number | undefined => {
  const some = calls.ended.filter(({ from, to, outcome }) => from > after && to < before && outcome === "answered")
  const went = some.filter(({ n, lane }) => lane === meant[laneOf(n, options)])
  return some.length === 0 ? undefined : went.length / some.length
}

const isInPeace = ({ from, to }: Pick<Called, "from" | "to">, windows: ReadonlyArray<Window>): boolean =>
  windows.every((window) => to < window.from || from > endOf(window))

/** Its handler was not ended, in all the time in which nothing kept the word from it that its caller had given up. */
const ranOn = ({ n, from, outcome }: Called, ledger: Ledger, windows: ReadonlyArray<Window>): boolean => {
  const { kind, takes, givesUp } = callOf(n)
  return givesUp !== undefined && outcome === "gave-up" && ledger.of(kind).at(n) > 0 &&
    isInPeace({ from, to: from + takes }, windows)
}

const callFigures = (calls: ReadonlyArray<Called>): CallFigures => {
  const failed: Record<string, number> = {}
  const by: Record<string, number> = Object.fromEntries(lanes.slice(1).map((lane) => [lane, 0]))
  for (const { outcome, lane } of calls) {
    if (outcome === "answered") by[lane] = (by[lane] ?? 0) + 1
    else failed[outcome] = (failed[outcome] ?? 0) + 1
  }
  return {
    made: calls.length,
    waited: calls.length - (failed["gave-up"] ?? 0),
    answered: calls.filter(({ outcome }) => outcome === "answered").length,
    by,
    failed,
  }
}
