/**
 * `npm run bench -- amqp`: Warren beside plain amqplib on one RabbitMQ, events, calls and memory.
 *
 * Starts a private broker and, for each runtime, a worker and a client of either side; then asks both sides in turn,
 * round by round, since the machine's speed drifts: compare the columns of one run. Aims: at least 90 % of plain amqplib.
 * `--quick` for a short form, `--runtime bun|node|deno` for one runtime only, `--only events|calls|memory`.
 */
import { cpus } from "node:os"
import process from "node:process"
import { startRabbit } from "../rabbitmq.ts"
import { payloadBytes, prefetch, type Sent } from "./amqpCase.ts"
import { printMemory } from "./amqpMemory.ts"
import { flag, median, percent } from "./figures.ts"
import { calls, events, type Pair } from "./amqpPair.ts"
import { ready, type RuntimeName, type Side } from "./amqpProcess.ts"

const quick = process.argv.includes("--quick")
const only = flag("--only")
const rounds = Number(flag("--rounds") ?? (quick ? 3 : 7))
const scale = quick ? 0.25 : 1

type Unit = "/s" | "ms" | "µs"

/** One line of the table; `more`: other figures of the same rounds. */
interface Case {
  readonly title: string
  readonly kind: "events" | "calls"
  readonly side?: "Plain"
  readonly unit: Unit
  readonly measure: (pair: Pair) => Promise<ReadonlyArray<number>>
  readonly more?: ReadonlyArray<readonly [title: string, unit: Unit]>
}

const latency = (job: "call" | "callDirect", count: number) => async ({ client }: Pair) => {
  const { p50, p99 } = await client.ask<Sent>({ job, count, flight: 1 })
  return [p50 / 1_000, p99 / 1_000]
}

const some = (count: number): number => Math.round(count * scale)

const cases: ReadonlyArray<Case> = [
  {
    title: "events, 64 in flight",
    more: [["processor time of an event", "µs"]],
    kind: "events",
    unit: "/s",
    measure: events(some(8_000), 64),
  },
  {
    title: "events, 1,000 in flight",
    more: [["processor time of such an event", "µs"]],
    kind: "events",
    unit: "/s",
    measure: events(some(12_000), 1_000),
  },
  {
    title: "calls, 64 in flight",
    more: [["processor time of a call", "µs"]],
    kind: "calls",
    unit: "/s",
    measure: calls("call", some(6_000), 64),
  },
  {
    title: "call one by one, p50",
    more: [["call one by one, p99", "ms"]],
    kind: "calls",
    unit: "ms",
    measure: latency("call", some(1_000)),
  },
  {
    title: "direct reply-to, 64 in flight",
    more: [["processor time of such a call", "µs"]],
    kind: "calls",
    side: "Plain",
    unit: "/s",
    measure: calls("callDirect", some(6_000), 64),
  },
  {
    title: "direct reply-to one by one, p50",
    more: [["direct reply-to one by one, p99", "ms"]],
    kind: "calls",
    side: "Plain",
    unit: "ms",
    measure: latency("callDirect", some(1_000)),
  },
]

/** Prints the tables. */
export const run = async (): Promise<void> => {
  const wanted = flag("--runtime")
  const runtimes: ReadonlyArray<RuntimeName> = wanted === undefined ? ["bun", "node"] : [wanted as RuntimeName]
  const rabbit = await startRabbit()
  try {
    const version = (await rabbit.evaluate(`rabbit_misc:version().`)).replaceAll('"', "")
    const [cpu] = cpus()
    console.log(
      `RabbitMQ ${version}, ${cpus().length} x ${cpu?.model}; ${payloadBytes} bytes of JSON, prefetch ${prefetch}; ` +
        `medians of ${rounds} interleaved rounds`,
    )
    for (const runtime of runtimes) {
      if (only !== "memory") await compare(runtime, rabbit.url)
      if (only === undefined || only === "memory") await printMemory(runtime, rabbit, quick)
    }
  } finally {
    await rabbit.stop()
  }
}

const compare = async (runtime: RuntimeName, url: string): Promise<void> => {
  const pair = async (side: Side): Promise<Pair> => {
    const worker = await ready(runtime, side, ["worker", url])
    return { worker, client: await ready(runtime, side, ["client", url]) }
  }
  const pairs = { Warren: await pair("Warren"), Plain: await pair("Plain") }
  const figures = new Map<string, Array<number>>()
  try {
    // the first two rounds warm up
    for (let round = -2; round < rounds; round++) {
      for (const one of cases) {
        if (only !== undefined && only !== one.kind) continue
        // whoever goes first is not always the same
        const order: ReadonlyArray<Side> = round % 2 === 0 ? ["Warren", "Plain"] : ["Plain", "Warren"]
        for (const side of one.side === undefined ? order : [one.side]) {
          const values = await one.measure(pairs[side])
          if (round >= 0) lines(one).forEach(([title], i) => add(figures, `${side} ${title}`, values[i]!))
        }
      }
    }
  } finally {
    await Promise.all(Object.values(pairs).flatMap(({ worker, client }) => [worker.end(), client.end()]))
  }
  console.log(`\n${runtime.padEnd(36)}${["Warren", "amqplib", "ratio", "of each round"].map(cell).join("")}`)
  for (const one of cases) {
    for (const [title, unit] of lines(one)) print(title, unit, figures)
  }
}

const lines = ({ title, unit, more = [] }: Case): ReadonlyArray<readonly [string, Unit]> => [[title, unit], ...more]

const add = (figures: Map<string, Array<number>>, name: string, value: number): void =>
  void figures.set(name, [...figures.get(name) ?? [], value])

const print = (title: string, unit: Unit, figures: Map<string, ReadonlyArray<number>>): void => {
  const warren = figures.get(`Warren ${title}`)
  const plain = figures.get(`Plain ${title}`)
  if (plain === undefined) return
  const shown = (values: ReadonlyArray<number> | undefined) => values === undefined ? "-" : show(median(values), unit)
  // of rates Warren's share, of times how much longer Warren takes
  const ratios = (warren ?? []).map((value, i) => value / plain[i]!)
  const ratio = warren === undefined ? "-" : percent(median(warren) / median(plain))
  const spread = warren === undefined ? "-" : `${percent(Math.min(...ratios))} to ${percent(Math.max(...ratios))}`
  console.log(`${title.padEnd(36)}${[shown(warren), shown(plain), ratio, spread].map(cell).join("")}`)
}

const show = (value: number, unit: Unit): string => {
  switch (unit) {
    case "/s":
      return `${Math.round(value).toLocaleString("en")}/s`
    case "µs":
      return `${Math.round(value)} µs`
    case "ms":
      return `${value.toFixed(2)} ms`
  }
}

const cell = (text: string): string => text.padStart(16)

if (import.meta.main) await run()
