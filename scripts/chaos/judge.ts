/**
 * What came of a run: its figures, and whether each aim was met.
 *
 * Pure: between what was written down (`ledger.ts`, `remains.ts`, the windows of `faults.ts`) and what is printed
 * (`report.ts`). An aim that could not be measured is missed.
 */
import { type Aim, aimsOf } from "./aims.ts"
import { type CallsReport, judgeCalls, laneShare } from "./callJudge.ts"
import { app, fateOf, keysEach, listeners } from "./company.ts"
import { endOf, type Window } from "./faults.ts"
import { type Growth, growthOf } from "./growth.ts"
import type { Ledger } from "./ledger.ts"
import type { ChaosOptions } from "./options.ts"
import { describeFault } from "./plan.ts"
import type { DeadLetter } from "./remains.ts"
import { type Recovery, recovery } from "./throughput.ts"

/** Everything that is known at the end. */
export interface Evidence {
  readonly options: ChaosOptions
  readonly ledger: Ledger
  readonly effects: ReadonlyMap<number, number>
  readonly dead: ReadonlyArray<DeadLetter>
  readonly windows: ReadonlyArray<Window>
  readonly planned: number
  /** When the emitters began, and when they were asked to stop. */
  readonly from: number
  readonly to: number
  /** Connections and channels in each quiet moment before a fault. */
  readonly open: ReadonlyArray<{ readonly connections: number; readonly channels: number }>
  /** Links that were opened, by their mechanism. */
  readonly mechanisms: ReadonlyMap<string, number>
  /** What went wrong besides: processes that ended by themselves, a fault that could not be made, queues not drained. */
  readonly troubles: ReadonlyArray<string>
}

/** The figures of one listener. */
export interface ListenerFigures {
  readonly handled: number
  readonly lost: number
  /** Events handled more than once. */
  readonly twice: number
}

/** How one fault was got over. */
export interface FaultFigures {
  readonly fault: string
  /** s after the beginning of the run. */
  readonly at: number
  /** s until the fault was over, and from then until everybody was ready; `undefined`: somebody was not. */
  readonly lasted: number
  readonly ready: number | undefined
  readonly confirmed: Recovery
  readonly handled: Recovery
  /** Of the calls that were answered in peace before the next fault, the share that went by the lane it was meant to. */
  readonly lane: number | undefined
}

/** A run's figures. */
export interface Report {
  readonly seconds: number
  readonly confirmed: number
  readonly unconfirmed: Readonly<Record<string, number>>
  readonly listeners: Readonly<Record<string, ListenerFigures>>
  readonly lost: number
  /** Events, by their number and who missed them; the first ones. */
  readonly lostFirst: ReadonlyArray<string>
  readonly effectsTwice: number
  readonly outOfOrder: number
  readonly dead: { readonly planned: number; readonly repeated: number; readonly innocent: ReadonlyArray<DeadLetter> }
  readonly calls: CallsReport
  /** Emits and calls. */
  readonly hung: number
  readonly faults: ReadonlyArray<FaultFigures>
  readonly growth: ReadonlyArray<Growth>
  readonly open: Evidence["open"]
  readonly links: Readonly<Record<string, number>>
  readonly troubles: ReadonlyArray<string>
  readonly aims: ReadonlyArray<Aim>
}

/** Judges a run. */
export const judge = (evidence: Evidence): Report => {
  const { options, ledger, effects, dead, windows } = evidence
  const confirmed = [...ledger.confirmed.numbers()]
  const buried = new Map<number, number>()
  const innocent = dead.filter(({ n, handler }) => handler !== `${app}.stumbling` || fateOf(n) !== "dies")
  for (const letter of dead) {
    if (!innocent.includes(letter)) buried.set(letter.n, (buried.get(letter.n) ?? 0) + 1)
  }
  const missing = {
    ...Object.fromEntries(listeners.map((listener) => [listener, ledger.missing(listener)])),
    effect: confirmed.filter((n) => !effects.has(n)),
    stumbling: [
      ...ledger.missing("stumbling"),
      ...confirmed.filter((n) => fateOf(n) === "dies" && !buried.has(n)),
    ],
  } as Readonly<Record<string, ReadonlyArray<number>>>
  const figures = Object.fromEntries(listeners.map((listener) => [listener, {
    handled: ledger.of(listener).size(),
    lost: missing[listener]?.length ?? 0,
    twice: ledger.of(listener).size(2),
  }]))
  const both = [...ledger.of("stumbling").numbers()].filter((n) => buried.has(n)).length
  const lost = Object.values(missing).reduce((sum, numbers) => sum + numbers.length, 0) + innocent.length
  const hungEmits = ledger.unconfirmed.get("hung") ?? 0
  const calls = judgeCalls(ledger, options, windows)
  const report: Omit<Report, "aims"> = {
    seconds: (evidence.to - evidence.from) / 1_000,
    confirmed: confirmed.length,
    unconfirmed: Object.fromEntries(ledger.unconfirmed),
    listeners: figures,
    lost,
    lostFirst: Object.entries(missing).flatMap(([listener, numbers]) => numbers.map((n) => `${n} by ${listener}`))
      .slice(0, 20),
    effectsTwice: [...effects.values()].filter((times) => times > 1).length,
    outOfOrder: outOfOrder(ledger, options.emitters * keysEach),
    dead: {
      planned: buried.size,
      repeated: [...buried.values()].filter((times) => times > 1).length,
      innocent: innocent.slice(0, 20),
    },
    calls,
    hung: hungEmits + calls.hung,
    faults: windows.map((window, i) => ({
      lane: laneShare(ledger, options, endOf(window), windows[i + 1]?.from ?? evidence.to),
      fault: describeFault(window.fault),
      at: (window.from - evidence.from) / 1_000,
      lasted: (window.over - window.from) / 1_000,
      ready: window.ready === undefined ? undefined : (window.ready - window.over) / 1_000,
      confirmed: recovery(ledger.series.confirmed, window.from, window.over, windows[i + 1]?.from ?? evidence.to),
      handled: recovery(ledger.series.handled, window.from, window.over, windows[i + 1]?.from ?? evidence.to),
    })),
    growth: growthOf(ledger.samples, (evidence.to - evidence.from) * 0.8),
    open: evidence.open,
    links: Object.fromEntries(evidence.mechanisms),
    troubles: evidence.troubles,
  }
  return { ...report, aims: aimsOf(evidence, report, both) }
}

/** Events that were first handled before an earlier one of their key was. */
const outOfOrder = (ledger: Ledger, keys: number): number => {
  const latest = new Map<number, number>()
  let count = 0
  for (const n of ledger.of("ordered").numbers()) {
    const at = ledger.order.get(n) ?? 0
    const before = latest.get(n % keys) ?? 0
    if (at < before) count++
    latest.set(n % keys, Math.max(at, before))
  }
  return count
}
