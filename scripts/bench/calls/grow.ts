/**
 * How the cost of a call grows with its payload, with the servers and with the callers.
 *
 * One of the three is changed at a time. Each system is measured alone, since many servers or callers that only wait cost
 * something too. At most four processes serve and four ask: more servers or callers share them, each with its own
 * connections.
 */
import type { RuntimeName } from "../program.ts"
import type { Broker } from "./broker.ts"
import { compare, type Found, middle, type Plan, summary } from "./compare.ts"
import type { Shape } from "./pair.ts"
import type { Entry } from "./systems.ts"

const KiB = 1_024
const usual: Shape = { bytes: KiB, servers: 1, callers: 1 }

/** What is measured at each point of an axis. */
interface Figure {
  readonly title: string
  readonly value: (found: Found) => number
}

/** One thing that grows. */
interface Axis {
  readonly name: "payload" | "servers" | "callers"
  readonly title: string
  readonly points: ReadonlyArray<readonly [title: string, shape: Shape]>
  /** Calls in flight at a point. */
  readonly flight: (shape: Shape) => number
  readonly figures: ReadonlyArray<Figure>
}

const many: ReadonlyArray<Figure> = [
  { title: "calls/s", value: (found) => middle(found, ({ many }) => many.rate) },
  { title: "cpu/call, µs, without the broker", value: (found) => middle(found, ({ many }) => many.spent) },
]
const serial: Figure = { title: "p50 one by one, µs", value: (found) => middle(found, ({ serial }) => serial.p50) }
const resting: ReadonlyArray<Figure> = [
  { title: "resident memory of all processes, MB", value: ({ rest }) => rest?.resident ?? Number.NaN },
  {
    title: "processor time while nobody calls, with the broker, ms a second",
    value: ({ rest }) => rest?.spent ?? Number.NaN,
  },
]

const axes: ReadonlyArray<Axis> = [
  {
    name: "payload",
    title: "payload; one server, one caller, 16 in flight",
    points: [["16 B", 16], ["1 KiB", KiB], ["16 KiB", 16 * KiB], ["256 KiB", 256 * KiB], ["4 MiB", 4 * KiB * KiB]]
      .map(([title, bytes]) => [`${title}`, { ...usual, bytes: Number(bytes) }] as const),
    flight: () => 16,
    figures: [serial, ...many],
  },
  {
    name: "servers",
    title: "servers; one caller, 64 in flight",
    points: [1, 4, 16, 64].map((servers) => [`${servers}`, { ...usual, servers }] as const),
    flight: () => 64,
    figures: [serial, ...many, ...resting],
  },
  {
    name: "callers",
    title: "callers, each with one call at a time; one server",
    points: [1, 4, 16, 64, 256].map((callers) => [`${callers}`, { ...usual, callers }] as const),
    flight: ({ callers }) => callers,
    figures: [{ title: "p50, µs", value: (found) => middle(found, ({ many }) => many.p50) }, ...many, ...resting],
  },
]

/** Those that are measured when nobody says which. */
const usually: ReadonlySet<string> = new Set([
  "tcp",
  "zmtp",
  "amqplib",
  "warren-broker",
  "warren-reply",
  "warren-direct",
])

/** Measures and prints; returns the figures. */
export const grow = async (
  runtime: RuntimeName,
  entries: ReadonlyArray<Entry>,
  broker: Broker,
  options: {
    readonly quick: boolean
    /** Whether the systems were named. */
    readonly only: boolean
    readonly version: string
    /** One of the axes, instead of all. */
    readonly by: string | undefined
  },
  say: (what: string) => void,
): Promise<unknown> => {
  const { quick, only, version, by } = options
  const some = only ? entries : entries.filter(({ name }) => usually.has(name))
  const results: Record<string, Record<string, Record<string, unknown>>> = {}
  const pace = { rounds: quick ? 1 : 3, span: quick ? 300 : 1_000 }
  for (const { name, title, points, flight, figures } of axes) {
    if (by !== undefined && by !== name) continue
    const found: Array<ReadonlyArray<Found>> = []
    for (const [point, shape] of points) {
      const plan: Plan = { ...pace, shape, flight: flight(shape), rest: name !== "payload" }
      const all: Array<Found> = []
      for (const entry of some) {
        all.push(...await compare(runtime, [entry], broker, plan, (what) => say(`${title}, ${point}: ${what}`)))
      }
      found.push(all)
    }
    say("")
    const names = points.map(([point]) => point)
    for (const figure of figures) {
      console.log(`\n${runtime} ${version}, ${figure.title}, by ${title}`)
      console.log(row("", names))
      some.forEach((entry, i) => console.log(row(entry.title, found.map((at) => whole(figure.value(at[i]!))))))
    }
    const reasons = names.flatMap((point, at) =>
      found[at]!.flatMap(({ entry, reason }) => reason === undefined ? [] : [`- ${entry.title}, ${point}: ${reason}`])
    )
    for (const reason of reasons) console.log(reason)
    results[title] = Object.fromEntries(
      names.map((point, at) => [
        point,
        Object.fromEntries(found[at]!.map((one) => [one.entry.name, summary(one)])),
      ]),
    )
  }
  return { version, axes: results }
}

const whole = (value: number): string => Number.isNaN(value) ? "-" : Math.round(value).toLocaleString("en")

const row = (title: string, cells: ReadonlyArray<string>): string =>
  title.padEnd(26) + cells.map((cell) => cell.padStart(12)).join("")
