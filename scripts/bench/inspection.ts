/**
 * `npm run bench -- inspection`: what presence, ledger and figures cost a loaded system, and what looking at it costs.
 *
 * Events confirmed and handled, and calls, in process and over one private RabbitMQ: with inspection as everybody has it, without
 * it, and while `ps --watch`, `why` and `tap` look on. All are asked in turn, round by round, in several generations of processes.
 * `--quick` for a short form; `--generations N`; `--rounds N`; `--only process|broker`; `--runtime bun|node|deno`; `--against
 * <folder>`: another version of Warren too, with its `node_modules` (this bench's program is copied into its `scripts/bench`).
 */
import { cpSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join, relative, resolve } from "node:path"
import process from "node:process"
import type { Sent } from "./amqpCase.ts"
import { calls, events } from "./amqpPair.ts"
import { type Broker, type Host, startBroker } from "./calls/broker.ts"
import { spentByProcess } from "./calls/pair.ts"
import { flag, median } from "./figures.ts"
import { type Ratio, ratioOf } from "./inspection/ratios.ts"
import { type Member, type RuntimeName, startProgram } from "./program.ts"

const quick = process.argv.includes("--quick")
const runtime = (flag("--runtime") ?? "bun") as RuntimeName
const only = flag("--only")
const against = flag("--against")
const generations = Number(flag("--generations") ?? (quick ? 2 : 6))
const rounds = Number(flag("--rounds") ?? 4)

/** How long a turn takes about, ms: of the sides, in process and over a broker, and of whoever looks on every two seconds. */
const spans = quick ? { process: 200, broker: 200, watched: 1_000 } : { process: 250, broker: 400, watched: 2_000 }
/** Messages in flight. */
const flight = 64

const kinds = ["events", "calls"] as const
type Kind = (typeof kinds)[number]
type SideName = "off" | "on" | "before"
const sides: ReadonlyArray<SideName> = against === undefined ? ["off", "on"] : ["off", "on", "before"]
const watchers = ["ps", "why", "tap"] as const

/** What one turn gave. */
interface Turn {
  /** Messages a second. */
  readonly rate: number
  /** Processor time of a message, µs: of the processes; and of the broker. */
  readonly spent: number
  readonly broker: number
}

/** A side that can be asked. */
interface Side {
  readonly measure: (kind: Kind, count: number) => Promise<Turn>
  readonly end: () => Promise<void>
}

/** Ratios by what is compared; each generation has its own list. */
type Found = Map<string, Array<Array<number>>>

/** Prints the tables. */
export const run = async (): Promise<void> => {
  console.log(`npm run bench -- ${process.argv.slice(2).join(" ")}`)
  const load = loadavg()[0]!.toFixed(1)
  console.log(
    `${runtime}, ${cpus().length} x ${cpus()[0]?.model} with a load of ${load}, ${
      new Date().toISOString().slice(0, 10)
    }; ` +
      `${generations} generations of processes, ${rounds} rounds each, ${flight} in flight`,
  )
  if (only !== "broker") {
    const found: Found = new Map()
    const rates: Found = new Map()
    for (let i = 0; i < generations; i++) await generation(i, found, rates, spans.process, alone)
    print("in process", found, rates)
  }
  if (only === "process") return
  const broker = await startBroker()
  try {
    const hosts = new Map<SideName, Host>()
    for (const side of sides) hosts.set(side, await broker.newHost())
    const found: Found = new Map()
    const rates: Found = new Map()
    for (let i = 0; i < generations; i++) {
      await generation(
        i,
        found,
        rates,
        spans.broker,
        (side) => over(broker, hosts.get(side)!, side),
        hosts.get("on")!.url,
      )
    }
    print(`over RabbitMQ ${broker.version}`, found, rates)
  } finally {
    await broker.stop()
  }
}

/** One generation: processes start, warm up, are asked in turn, and end. `watched`: the broker on which somebody looks on. */
const generation = async (
  number: number,
  found: Found,
  rates: Found,
  span: number,
  start: (side: SideName) => Promise<Side>,
  watched?: string,
): Promise<void> => {
  const all = new Map<SideName, Side>()
  let observer: Member | undefined
  const note = (into: Found, what: string, value: number) => {
    const lists = into.get(what) ?? Array.from({ length: generations }, (): Array<number> => [])
    lists[number]!.push(value)
    into.set(what, lists)
  }
  const compare = (kind: Kind, what: string, one: Turn, other: Turn) => {
    note(found, `${kind}|${what}|rate`, one.rate / other.rate)
    const [spent, than] = [one, other].map((turn) => turn.spent + (Number.isNaN(turn.broker) ? 0 : turn.broker))
    note(found, `${kind}|${what}|processor`, spent! / than!)
  }
  try {
    for (const side of sides) all.set(side, await start(side))
    const counts = await warmUp(all, span)
    for (let round = 0; round < rounds; round++) {
      for (const kind of kinds) {
        const turns = new Map<SideName, Turn>()
        for (const side of orderOf(number * rounds + round)) {
          const turn = await all.get(side)!.measure(kind, counts[kind])
          turns.set(side, turn)
          note(rates, `${kind}|${side}|rate`, turn.rate)
          note(rates, `${kind}|${side}|spent`, turn.spent)
          note(rates, `${kind}|${side}|broker`, turn.broker)
        }
        compare(kind, "on : off", turns.get("on")!, turns.get("off")!)
        const before = turns.get("before")
        if (before !== undefined) compare(kind, "on : before", turns.get("on")!, before)
      }
    }
    if (watched === undefined) return
    const on = all.get("on")!
    observer = startProgram(runtime, "inspection/observer.ts", [watched])
    await observer.ask()
    for (const kind of kinds) {
      let before = await on.measure(kind, counts[kind])
      for (const what of watchers) {
        const many = Math.round(counts[kind] * spans.watched / span)
        await observer.ask({ job: "watch", what })
        const turn = await on.measure(kind, many)
        await observer.ask({ job: "rest" })
        const after = await on.measure(kind, counts[kind])
        const mean = (of: keyof Turn) => (before[of] + after[of]) / 2
        compare(kind, what, turn, { rate: mean("rate"), spent: mean("spent"), broker: mean("broker") })
        before = after
      }
    }
  } finally {
    await Promise.all([observer?.end(), ...[...all.values()].map((side) => side.end())])
  }
}

/** Whoever goes first is not always the same. */
const orderOf = (round: number): ReadonlyArray<SideName> => {
  const turned = [...sides.slice(round % sides.length), ...sides.slice(0, round % sides.length)]
  return Math.floor(round / sides.length) % 2 === 0 ? turned : turned.toReversed()
}

/** Runs everything hot, and finds how many messages take so long. */
const warmUp = async (all: ReadonlyMap<SideName, Side>, span: number): Promise<Record<Kind, number>> => {
  const counts = { events: 200, calls: 200 }
  for (let round = 0; round < 4; round++) {
    for (const kind of kinds) {
      let rate = 0
      for (const side of all.values()) rate = Math.max(rate, (await side.measure(kind, counts[kind])).rate)
      counts[kind] = Math.max(200, Math.round(rate * span / 1_000))
    }
  }
  return counts
}

const startMember = async (side: SideName, part: "worker" | "client" | "alone", broker?: string): Promise<Member> => {
  const program = join("inspection", "member.ts")
  const mode = side === "off" ? "off" : "on"
  const args = [part, mode, ...(broker === undefined ? [] : [broker])]
  const member = startProgram(runtime, side === "before" ? copied(program) : program, args)
  await member.ask()
  return member
}

/** The program in another version of Warren, from here. */
const copied = (program: string): string => {
  const there = join(resolve(against!), "scripts", "bench", program)
  cpSync(join(import.meta.dirname, program), there)
  return relative(import.meta.dirname, there)
}

const alone = async (side: SideName): Promise<Side> => {
  const member = await startMember(side, "alone")
  const spent = async () => (await member.ask<{ readonly spent: number }>({ job: "cpu" })).spent
  return {
    measure: async (kind, count) => {
      const before = await spent()
      const { from, to } = await member.ask<Sent>({ job: kind === "events" ? "emit" : "call", count, flight })
      return { rate: count / (to - from) * 1_000, spent: (await spent() - before) / count, broker: Number.NaN }
    },
    end: () => member.end(),
  }
}

const over = async (broker: Broker, host: Host, side: SideName): Promise<Side> => {
  const pair = {
    worker: await startMember(side, "worker", host.url),
    client: await startMember(side, "client", host.url),
  }
  return {
    measure: async (kind, count) => {
      const before = spentByProcess(broker.pid)
      const [rate, spent] = await (kind === "events" ? events(count, flight) : calls("call", count, flight))(pair)
      return { rate: rate!, spent: spent!, broker: (spentByProcess(broker.pid) - before) / count }
    },
    end: async () => void (await Promise.all([pair.worker.end(), pair.client.end()])),
  }
}

const print = (where: string, found: Found, rates: Found): void => {
  const middle = (what: string) => median((rates.get(what) ?? []).flat())
  const wide = (text: string) => text.padStart(16)
  console.log(`\n${where.padEnd(30)}${["a second", "µs of processes", "µs of broker"].map(wide).join("")}`)
  for (const kind of kinds) {
    for (const side of sides) {
      const [rate, spent, broker] = ["rate", "spent", "broker"].map((of) => middle(`${kind}|${side}|${of}`))
      const figures = [Math.round(rate!).toLocaleString("en"), micro(spent!), micro(broker!)]
      console.log(`${`${kind}, ${titles[side]}`.padEnd(30)}${figures.map(wide).join("")}`)
    }
  }
  console.log(
    `\n${where.padEnd(44)}${["median", "middle half", "mean", "95 % certain", "pairs"].map(wide).join("")}`,
  )
  for (const [what, lists] of found) {
    const [kind = "", compared = "", of = ""] = what.split("|")
    const title = `${kind}, ${questions[compared] ?? compared}: ${of === "rate" ? "a second" : "processor"}`
    console.log(`${title.padEnd(44)}${cells(ratioOf(lists)).map(wide).join("")}`)
  }
}

const titles = { off: "without inspection", on: "with it", before: "the other version" } as const

const questions: Readonly<Record<string, string>> = {
  "on : off": "with : without",
  "on : before": "with : other version",
  ps: "ps --watch : nobody",
  why: "why every 2 s : nobody",
  tap: "tap : nobody",
}

const cells = ({ median, quarters, mean, from, to, pairs }: Ratio): ReadonlyArray<string> => [
  share(median),
  `${share(quarters[0])}..${share(quarters[1])}`,
  share(mean),
  `${share(from)}..${share(to)}`,
  String(pairs),
]

const share = (ratio: number): string => ratio.toFixed(3)

const micro = (µs: number): string => Number.isNaN(µs) ? "-" : µs.toFixed(1)

if (import.meta.main) await run()
