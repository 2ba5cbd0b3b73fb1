/**
 * Counts what handlers and callers do, from the facts of the journal.
 *
 * One fact costs two map look-ups and a few additions (measured: 30 to 50 ns on the three runtimes). Part of `Meter`;
 * what goes over the wire is counted in `Traffic`. Keeps figures since the start, never payloads.
 */
import type { Entry, Fact } from "../runtime/mod.ts"
import { Durations, seconds } from "./Durations.ts"
import type { Distribution, Family, Point } from "./Family.ts"

/** Types told apart; foreign senders can make up any number of them, and the rest counts as one. */
export const mostTypes = 10_000

/** What stands for the types beyond. */
export const rest = "(other)"

/** What is known of one type at one handler, or at whoever calls and emits outside handlers. */
interface Row {
  readonly type: string
  /** `warranty.register`, or the app. */
  readonly who: string
  readonly counts: Record<Fact, number>
  readonly handling: Durations
  /** By lane; one that was never taken has none. */
  readonly calling: Map<string, Durations>
  /** Runs that have begun and not ended. */
  inHand: number
}

/** Deeds since the start. */
export class Deeds {
  readonly #rows = new Map<string, Map<string, Row>>()

  /** Counts a fact. */
  record(entry: Entry): void {
    const row = this.#rowOf(entry.type, entry.handler ?? entry.app)
    row.counts[entry.fact]++
    if (entry.fact === "started") row.inHand++
    else if (entry.ms !== undefined) measure(row, entry, entry.ms)
  }

  /** Everything so far. */
  families(): ReadonlyArray<Family> {
    return familiesOf([...this.#rows.values()].flatMap((byWho) => [...byWho.values()]))
  }

  #rowOf(type: string, who: string): Row {
    let byWho = this.#rows.get(type)
    if (byWho === undefined) {
      if (this.#rows.size >= mostTypes && type !== rest) return this.#rowOf(rest, who)
      this.#rows.set(type, byWho = new Map())
    }
    let row = byWho.get(who)
    if (row === undefined) byWho.set(who, row = newRow(type, who))
    return row
  }
}

const newRow = (type: string, who: string): Row => ({
  type,
  who,
  // every fact from the start: the shape of the object stays one, and counting needs no check
  counts: {
    emitted: 0,
    unheard: 0,
    "not-emitted": 0,
    started: 0,
    handled: 0,
    failed: 0,
    retry: 0,
    dead: 0,
    skipped: 0,
    returned: 0,
    called: 0,
    answered: 0,
    refused: 0,
    "stray-reply": 0,
    rerouted: 0,
    cancelled: 0,
    tick: 0,
    "clock-skew": 0,
    drift: 0,
  },
  handling: new Durations(),
  calling: new Map(),
  inHand: 0,
})

/** What has a duration has run, or was called, before. */
const measure = (row: Row, { fact, lane = "broker" }: Entry, ms: number): void => {
  switch (fact) {
    case "handled":
    case "failed":
    case "cancelled":
    case "returned":
    case "skipped":
      row.inHand--
      return row.handling.add(ms)
    case "answered":
    case "refused":
      return callingBy(row, lane).add(ms)
  }
}

const callingBy = ({ calling }: Row, lane: string): Durations => {
  let durations = calling.get(lane)
  if (durations === undefined) calling.set(lane, durations = new Durations())
  return durations
}

type Rows = ReadonlyArray<Row>

const familiesOf = (rows: Rows): ReadonlyArray<Family> => [
  counter(rows, "warren_events_total", "Events emitted, by who heard them", "by", {
    emitted: "heard",
    unheard: "unheard",
    "not-emitted": "failed",
  }),
  counter(rows, "warren_deliveries_total", "What became of messages; a retried or dead one has failed too", "handler", {
    handled: "handled",
    failed: "failed",
    retry: "retried",
    dead: "dead",
    skipped: "skipped",
    returned: "returned",
    cancelled: "cancelled",
  }),
  counter(rows, "warren_calls_total", "Calls made, and how they ended", "by", {
    called: "made",
    answered: "answered",
    refused: "refused",
  }),
  counter(
    rows,
    "warren_oddities_total",
    "What should be rare: late replies, calls that changed their lane, clocks or schemas that disagree",
    "by",
    {
      "stray-reply": "stray-reply",
      rerouted: "rerouted",
      "clock-skew": "clock-skew",
      drift: "drift",
    },
  ),
  counter(rows, "warren_ticks_total", "Ticks that schedules made", "handler", { tick: "made" }),
  gauge(rows, "warren_handlers_in_hand", "Messages that handlers work on", "handler", handles, ({ inHand }) => inHand),
  gauge(
    rows,
    "warren_calls_pending",
    "Calls that await their reply",
    "by",
    calls,
    ({ counts }) => counts.called - counts.answered - counts.refused,
  ),
  histogram(
    rows,
    "warren_handler_duration_seconds",
    "How long handlers ran",
    ({ type, who, handling }) => handling.points({ type, handler: who }),
  ),
  histogram(
    rows,
    "warren_call_duration_seconds",
    "How long callers waited, by the lane of the call",
    ({ type, who, calling }) => [...calling].flatMap(([lane, durations]) => durations.points({ type, by: who, lane })),
  ),
]

const handles = ({ counts }: Row): boolean => counts.started > 0
const calls = ({ counts }: Row): boolean => counts.called > 0

const counter = (
  rows: Rows,
  name: string,
  help: string,
  who: string,
  outcomes: Partial<Record<Fact, string>>,
): Family => ({
  name,
  help,
  type: "counter",
  points: rows.flatMap((row) =>
    (Object.entries(outcomes) as ReadonlyArray<[Fact, string]>)
      .filter(([fact]) => row.counts[fact] > 0)
      .map(([fact, outcome]): Point => ({
        labels: { type: row.type, [who]: row.who, outcome },
        value: row.counts[fact],
      }))
  ),
})

const gauge = (
  rows: Rows,
  name: string,
  help: string,
  who: string,
  concerns: (row: Row) => boolean,
  value: (row: Row) => number,
): Family => ({
  name,
  help,
  type: "gauge",
  points: rows.filter(concerns).map((row) => ({ labels: { type: row.type, [who]: row.who }, value: value(row) })),
})

const histogram = (
  rows: Rows,
  name: string,
  help: string,
  points: (row: Row) => ReadonlyArray<Distribution>,
): Family => ({
  name,
  help,
  type: "histogram",
  bounds: seconds,
  points: rows.flatMap(points),
})
