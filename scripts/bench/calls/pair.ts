/**
 * A system at work: processes with its servers, processes with its callers, and what both cost.
 *
 * Between `compare.ts` and `grow.ts`, which ask, and `member.ts`, which is such a process. Processor time is the operating
 * system's word: what each process has spent, and of the broker what `/proc` says of it.
 */
import { readFileSync } from "node:fs"
import type { Sent } from "../amqpCase.ts"
import { type Member, type RuntimeName, startProgram } from "../program.ts"
import type { Broker } from "./broker.ts"
import type { SystemOptions } from "./System.ts"
import type { Entry } from "./systems.ts"

/** How many of what. */
export interface Shape {
  readonly bytes: number
  readonly servers: number
  readonly callers: number
}

/** What one measurement found. */
export interface Measured {
  /** µs from asking to the answer. */
  readonly p50: number
  readonly p99: number
  /** Calls a second. */
  readonly rate: number
  /** µs of processor time a call, of servers and callers together. */
  readonly spent: number
  /** µs of the broker's processor time a call. */
  readonly broker: number
}

/** What a system costs while nobody asks. */
export interface Rest {
  /** Resident memory of all its processes, MB. */
  readonly resident: number
  /** ms of processor time a second, of its processes and the broker. */
  readonly spent: number
}

/** A running system. */
export interface Pair {
  /** Asks so many times, so many at a time. */
  readonly measure: (count: number, flight: number) => Promise<Measured>
  /** What it costs while nobody asks. */
  readonly rest: () => Promise<Rest>
  readonly end: () => Promise<void>
}

/** A system that does not run here. */
export interface Absent {
  readonly reason: string
}

/** At most so many processes of each kind; more servers or callers share them. */
const mostProcesses = 4

/** How long a system is left in peace to see what it costs then, ms: processes announce themselves every 5 s. */
const restFor = 5_000

/** How long processes may take to be ready, ms. */
const patience = 120_000

/** Starts a system; says why it cannot. */
export const startPair = async (
  runtime: RuntimeName,
  entry: Entry,
  broker: Broker,
  { bytes, servers, callers }: Shape,
): Promise<Pair | Absent> => {
  const reason = entry.cannot?.[runtime]
  if (reason !== undefined) return { reason }
  const host = await broker.newHost()
  const started: Array<Member> = []
  const endBy = async (how: "end" | "kill") => {
    await Promise.all(started.map((member) => member[how]()))
    await host.remove()
  }
  /** So many servers or callers, in as few processes as is usual. */
  const start = async (part: string, count: number, addresses: ReadonlyArray<string>) => {
    const processes = Math.min(count, mostProcesses)
    const members = Array.from({ length: processes }, () => {
      const curve = entry.curve === true
      const options: SystemOptions = { broker: host.url, curve, bytes, members: count / processes }
      const args = [entry.file, part, JSON.stringify(options), ...addresses]
      return startProgram(runtime, "calls/member.ts", args, { WARREN_BROKER: host.url, ...entry.env })
    })
    started.push(...members)
    const found = await Promise.all(members.map((member) => within(ready(member), `its ${part} was not ready`)))
    return { members, addresses: found.flat() }
  }
  try {
    const serving = await start("server", servers, [])
    const asking = await start("client", callers, [...new Set(serving.addresses)])
    const all = [...serving.members, ...asking.members]
    return {
      measure: async (count, flight) => {
        const processes = asking.members.length
        const job = { job: "call", count: Math.ceil(count / processes), flight: Math.ceil(flight / processes) } as const
        const [before, brokerBefore] = [await spentBy(all), spentByProcess(broker.pid)]
        const sent = await Promise.all(asking.members.map((member) => member.ask<Sent>(job)))
        const [after, brokerAfter] = [await spentBy(all), spentByProcess(broker.pid)]
        const calls = job.count * processes
        const ms = Math.max(...sent.map(({ to }) => to)) - Math.min(...sent.map(({ from }) => from))
        return {
          p50: mean(sent.map(({ p50 }) => p50)),
          p99: mean(sent.map(({ p99 }) => p99)),
          rate: calls / ms * 1_000,
          spent: (after - before) / calls,
          broker: (brokerAfter - brokerBefore) / calls,
        }
      },
      rest: async () => {
        const [before, brokerBefore] = [await spentBy(all), spentByProcess(broker.pid)]
        const from = performance.now()
        await new Promise((resolve) => setTimeout(resolve, restFor))
        const spent = await spentBy(all) - before + (spentByProcess(broker.pid) - brokerBefore || 0)
        const seconds = (performance.now() - from) / 1_000
        const held = all.map((member) => member.ask<{ readonly resident: number }>({ job: "memory" }))
        return {
          resident: sum((await Promise.all(held)).map(({ resident }) => resident)),
          spent: spent / 1_000 / seconds,
        }
      },
      end: () => endBy("end"),
    }
  } catch (error) {
    // it may be far from obeying
    await endBy("kill")
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Waits for the two lines with which a process begins: where it serves, and that it obeys. */
const ready = async (member: Member): Promise<ReadonlyArray<string>> => {
  const first = await member.ask<{ readonly addresses: ReadonlyArray<string> } | { readonly failed: string }>()
  if ("failed" in first) throw new Error(first.failed)
  await member.ask()
  return first.addresses
}

const within = async <A>(promise: Promise<A>, what: string): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${patience / 1_000} s`)), patience)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)

const mean = (values: ReadonlyArray<number>): number => sum(values) / values.length

/** µs of processor time that processes have spent so far. */
const spentBy = async (members: ReadonlyArray<Member>): Promise<number> =>
  sum((await Promise.all(members.map((member) => member.ask<{ readonly spent: number }>({ job: "cpu" }))))
    .map(({ spent }) => spent))

/** µs in a tick of the system's clock, in which `/proc` counts. */
const tick = 10_000

/** µs of processor time of a process that does not tell; NaN where there is no `/proc`, and of a broker in a container. */
export const spentByProcess = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // the name, in brackets, may hold spaces
    if (!stat.includes("(beam")) return Number.NaN
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) * tick
  } catch {
    return Number.NaN
  }
}
