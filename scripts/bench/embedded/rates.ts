/**
 * Messages and calls over each broker, by the same clients: how many a second, how long one takes, and what the broker spends.
 *
 * Part of `embedded.ts`. Every case is asked of every broker before the next one, and whoever is first is another one in each
 * round. The ratio is that of the same round to RabbitMQ, the first of the brokers.
 */
import process from "node:process"
import type { Sent } from "../amqpCase.ts"
import { type Member, ready } from "../amqpProcess.ts"
import { median, percent } from "../figures.ts"
import type { RuntimeName } from "../program.ts"
import type { BenchBroker } from "./systems.ts"

/** How it is asked. */
export interface RateOptions {
  readonly client: RuntimeName
  readonly quick: boolean
  readonly rounds: number
}

/** A worker and a client of one broker. */
interface Pair {
  readonly worker: Member
  readonly client: Member
}

/** One broker with those who use it. */
interface Bed {
  readonly broker: BenchBroker
  readonly Warren: Pair
  readonly Plain: Pair
}

type Unit = "/s" | "ms" | "µs"

/** What is measured; of each round one figure for each of `lines`. */
interface Case {
  readonly lines: ReadonlyArray<readonly [title: string, unit: Unit]>
  readonly measure: (bed: Bed) => Promise<ReadonlyArray<number>>
}

/** Messages a second, and what the broker spends on one. */
const flow = (
  title: string,
  side: "Warren" | "Plain",
  count: number,
  send: (pair: Pair) => Promise<number>,
): Case => ({
  lines: [[title, "/s"], [`  the broker's processor time`, "µs"]],
  measure: async (bed) => {
    const before = await bed.broker.spent()
    const ms = await send(bed[side])
    return [count / ms * 1_000, (await bed.broker.spent() - before) / count]
  },
})

const received = (count: number, send: (client: Member) => Promise<Sent>) => async ({ worker, client }: Pair) => {
  await worker.ask({ job: "receive", count })
  const through = worker.ask<{ readonly at: number }>()
  const { from, to } = await send(client)
  const { at } = await through
  return Math.max(at, to) - from
}

const latency = (title: string, side: "Warren" | "Plain", job: "call" | "callDirect", count: number): Case => ({
  lines: [[`${title}, p50`, "ms"], [`${title}, p99`, "ms"]],
  measure: async (bed) => {
    const { p50, p99 } = await bed[side].client.ask<Sent>({ job, count, flight: 1 })
    return [p50 / 1_000, p99 / 1_000]
  },
})

const casesOf = (quick: boolean): ReadonlyArray<Case> => {
  const some = (count: number) => Math.round(count * (quick ? 0.25 : 1))
  const events = (title: string, side: "Warren" | "Plain", job: "emit" | "emitClassic", flight: number, each: number) =>
    flow(title, side, some(each), received(some(each), (client) => client.ask({ job, count: some(each), flight })))
  const passing = some(16_000)
  const calling = some(4_000)
  return [
    events("durable, quorum queue, 64 in flight", "Plain", "emit", 64, 6_000),
    events("durable, quorum queue, 1,000 in flight", "Plain", "emit", 1_000, 8_000),
    events("durable, classic queue, 64 in flight", "Plain", "emitClassic", 64, 6_000),
    events("durable, classic queue, 1,000 in flight", "Plain", "emitClassic", 1_000, 8_000),
    events("Warren's events, 64 in flight", "Warren", "emit", 64, 6_000),
    events("Warren's events, 1,000 in flight", "Warren", "emit", 1_000, 8_000),
    flow(
      "transient, not confirmed",
      "Plain",
      passing,
      received(passing, (client) => client.ask({ job: "pass", count: passing })),
    ),
    flow("Warren's calls, 64 in flight", "Warren", calling, async ({ client }) => {
      const { from, to } = await client.ask<Sent>({ job: "call", count: calling, flight: 64 })
      return to - from
    }),
    latency("Warren's call, one by one", "Warren", "call", some(800)),
    latency("direct reply-to, one by one", "Plain", "callDirect", some(800)),
  ]
}

/** Prints the table. */
export const printRates = async (brokers: ReadonlyArray<BenchBroker>, options: RateOptions): Promise<void> => {
  const { client, rounds, quick } = options
  const beds: Array<Bed> = []
  const pair = async (side: "Warren" | "Plain", url: string): Promise<Pair> => {
    const worker = await ready(client, side, ["worker", url])
    return { worker, client: await ready(client, side, ["client", url]) }
  }
  const cases = casesOf(quick)
  const figures = new Map<string, Array<number>>()
  try {
    for (const broker of brokers) {
      beds.push({ broker, Warren: await pair("Warren", broker.url), Plain: await pair("Plain", broker.url) })
    }
    // the first two rounds warm up
    for (let round = -2; round < rounds; round++) {
      for (const one of cases) {
        const turn = (round + 2) % beds.length
        for (const bed of [...beds.slice(turn), ...beds.slice(0, turn)]) {
          say(`round ${round + 1} of ${rounds}: ${one.lines[0]![0]}, ${bed.broker.name}`)
          const values = await one.measure(bed)
          if (round < 0) continue
          one.lines.forEach((_, i) => {
            const key = `${cases.indexOf(one)} ${i} ${bed.broker.name}`
            figures.set(key, [...figures.get(key) ?? [], values[i]!])
          })
        }
      }
    }
    say("")
  } finally {
    const members = beds.flatMap(({ Warren, Plain }) => [Warren.worker, Warren.client, Plain.worker, Plain.client])
    await Promise.all(members.map((member) => member.end()))
  }
  const [first, ...others] = brokers.map(({ name }) => name)
  console.log(`\nMedians of ${rounds} interleaved rounds, clients on ${client}; ratios to RabbitMQ, of the same round`)
  console.log([`${"".padEnd(40)}`, cell(first!), ...others.map((name) => cell(name) + cell("ratio"))].join(""))
  cases.forEach(({ lines }, at) =>
    lines.forEach(([title, unit], i) => {
      const of = (name: string) => figures.get(`${at} ${i} ${name}`)!
      const base = of(first!)
      const cells = others.map((name) => {
        const ratios = of(name).map((value, round) => value / base[round]!)
        return cell(show(median(of(name)), unit)) + cell(percent(median(ratios)))
      })
      console.log([title.padEnd(40), cell(show(median(base), unit)), ...cells].join(""))
    })
  )
}

/** What goes on, where somebody looks on. */
const say = (what: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${what}`))

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
