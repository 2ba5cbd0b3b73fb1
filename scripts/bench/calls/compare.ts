/**
 * Every system on one runtime, side by side: all are started, then asked in turn, round by round.
 *
 * The machine's speed drifts, so only what was measured in the same round is compared: ratios are medians of the rounds'
 * ratios. Who goes first changes from round to round.
 */
import { median } from "../figures.ts"
import type { RuntimeName } from "../program.ts"
import type { Broker } from "./broker.ts"
import { type Absent, type Measured, type Pair, type Rest, type Shape, startPair } from "./pair.ts"
import type { Entry } from "./systems.ts"

/** What a round finds of one system: one call at a time, and many. */
export interface Round {
  readonly serial: Measured
  readonly many: Measured
}

/** What is known of one system. */
export interface Found {
  readonly entry: Entry
  /** None: it does not run here, and why. */
  readonly rounds: ReadonlyArray<Round>
  readonly reason?: string
  /** What it costs while nobody asks, where the plan wants to know. */
  readonly rest?: Rest
}

/** How it is measured. */
export interface Plan {
  readonly rounds: number
  /** ms of one measurement, about. */
  readonly span: number
  readonly shape: Shape
  /** Calls in flight, when there are many. */
  readonly flight: number
  /** Whether to look what it costs while nobody asks. */
  readonly rest?: boolean
}

/** Rounds before those that count. */
const warming = 5

/** How many calls fill a span. */
class Counts {
  readonly #span: number
  readonly #flight: number
  serial = 30
  many: number

  constructor({ span, flight }: Plan) {
    this.#span = span
    this.#flight = flight
    this.many = 4 * flight
  }

  learn({ serial, many }: Round): void {
    this.serial = this.#fit(serial.rate, 10)
    this.many = this.#fit(many.rate, 2 * this.#flight)
  }

  #fit(rate: number, least: number): number {
    return Math.round(Math.min(1_000_000, Math.max(least, rate * this.#span / 1_000)))
  }
}

interface Running {
  readonly entry: Entry
  readonly pair: Pair
  readonly rounds: Array<Round>
  readonly counts: Counts
}

/** Measures systems; `say` is told of each round. */
export const compare = async (
  runtime: RuntimeName,
  entries: ReadonlyArray<Entry>,
  broker: Broker,
  plan: Plan,
  say: (what: string) => void,
): Promise<ReadonlyArray<Found>> => {
  const pairs: Array<Running> = []
  const absent = new Map<Entry, Absent>()
  try {
    for (const entry of entries) {
      say(`${runtime}: starting ${entry.title}`)
      const pair = await startPair(runtime, entry, broker, plan.shape)
      if ("reason" in pair) absent.set(entry, pair)
      else pairs.push({ entry, pair, rounds: [], counts: new Counts(plan) })
    }
    // the first rounds warm up, and find how many calls fill a span
    for (let round = -warming; round < plan.rounds; round++) {
      say(`${runtime}: round ${round + warming + 1} of ${plan.rounds + warming}`)
      const from = (round + warming) % Math.max(1, pairs.length)
      for (const { entry, pair, rounds, counts } of [...pairs.slice(from), ...pairs.slice(0, from)]) {
        if (absent.has(entry)) continue
        try {
          const found = {
            serial: await pair.measure(counts.serial, 1),
            many: await pair.measure(counts.many, plan.flight),
          }
          if (round >= 0) rounds.push(found)
          else counts.learn(found)
        } catch (error) {
          absent.set(entry, { reason: error instanceof Error ? error.message : String(error) })
        }
      }
    }
    return await Promise.all(entries.map(async (entry): Promise<Found> => {
      const reason = absent.get(entry)?.reason
      if (reason !== undefined) return { entry, rounds: [], reason }
      const { pair, rounds } = pairs.find((one) => one.entry === entry)!
      return { entry, rounds, ...(plan.rest === true ? { rest: await pair.rest() } : {}) }
    }))
  } finally {
    await Promise.all(pairs.map(({ pair }) => pair.end()))
  }
}

/** The middle of a figure over the rounds. */
export const middle = (found: Found, figure: (round: Round) => number): number => median(found.rounds.map(figure))

/** The middle of how many times greater a figure is than another system's in the same round. */
export const ratio = (found: Found, other: Found | undefined, figure: (round: Round) => number): number =>
  median(
    found.rounds.map((round, i) => figure(round) / (other?.rounds[i] === undefined ? NaN : figure(other.rounds[i]))),
  )

/** What is kept of it, for programs. */
export const summary = (found: Found): unknown => {
  const { title, broker } = found.entry
  if (found.reason !== undefined) return { title, reason: found.reason }
  return {
    title,
    p50: middle(found, ({ serial }) => serial.p50),
    p99: middle(found, ({ serial }) => serial.p99),
    serialCpu: middle(found, ({ serial }) => serial.spent),
    rate: middle(found, ({ many }) => many.rate),
    cpu: middle(found, ({ many }) => many.spent),
    broker: broker === true ? middle(found, ({ many }) => many.broker) : null,
    ...(found.rest === undefined ? {} : { rest: found.rest }),
    rounds: found.rounds,
  }
}
