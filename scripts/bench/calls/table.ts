/**
 * How the figures of the calls bench are printed: one block a runtime, one row a system.
 *
 * Pure: figures in, lines out.
 */
import type { RuntimeName } from "../program.ts"
import { type Found, middle, ratio, type Round } from "./compare.ts"
import { limit, rival } from "./systems.ts"

interface Column {
  readonly title: string
  readonly unit: string
  readonly value: (found: Found, others: ReadonlyArray<Found>) => string
}

const whole = (value: number): string => {
  if (Number.isNaN(value)) return "-"
  return value < 20 ? value.toFixed(1) : Math.round(value).toLocaleString("en")
}

const times = (value: number): string => Number.isNaN(value) ? "-" : `${value.toFixed(2)} x`

const plain = (title: string, unit: string, figure: (round: Round) => number): Column => ({
  title,
  unit,
  value: (found) => whole(middle(found, figure)),
})

const against = (title: string, name: string, figure: (round: Round) => number): Column => ({
  title,
  unit: `x ${name}`,
  value: (found, others) => times(ratio(found, others.find(({ entry }) => entry.name === name), figure)),
})

const columns: ReadonlyArray<Column> = [
  plain("p50", "µs", ({ serial }) => serial.p50),
  plain("p99", "µs", ({ serial }) => serial.p99),
  plain("cpu/call", "µs", ({ serial }) => serial.spent),
  plain("calls/s", "", ({ many }) => many.rate),
  plain("cpu/call", "µs", ({ many }) => many.spent),
  {
    title: "broker",
    unit: "µs",
    value: (found) => found.entry.broker === true ? whole(middle(found, ({ many }) => many.broker)) : "-",
  },
  against("p50", limit, ({ serial }) => serial.p50),
  against("p50", rival, ({ serial }) => serial.p50),
  against("calls/s", limit, ({ many }) => many.rate),
  against("calls/s", rival, ({ many }) => many.rate),
  against("cpu/call", rival, ({ many }) => many.spent),
]

/** How many of the columns are of one call at a time, and how many of many. */
const groups = (flight: number): ReadonlyArray<readonly [title: string, columns: number]> => [
  ["one by one", 3],
  [`${flight} in flight`, 3],
  ["ratios: one by one", 2],
  [`${flight} in flight`, 3],
]

const width = 11
const first = 26

const row = (title: string, cells: ReadonlyArray<string>): string =>
  title.padEnd(first) + cells.map((cell) => cell.padStart(width)).join("")

/** The lines of one runtime. */
export const tableOf = (
  runtime: RuntimeName,
  version: string,
  flight: number,
  found: ReadonlyArray<Found>,
): ReadonlyArray<string> => [
  "",
  `${runtime} ${version}`.padEnd(first) +
  groups(flight).map(([title, columns]) => title.padStart(width * columns)).join(""),
  row("", columns.map(({ title }) => title)),
  row("", columns.map(({ unit }) => unit)),
  ...found.map((one) => row(one.entry.title, columns.map(({ value }) => value(one, found)))),
  ...found.flatMap(({ entry, reason }) => reason === undefined ? [] : [`- ${entry.title}: ${reason}`]),
]
