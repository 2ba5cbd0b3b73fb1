/**
 * What both sides of the AMQP bench share: the payload, the names of the jobs, and how a process is told what to do.
 *
 * Below `amqpWarren.ts` and `amqpPlain.ts`, which are processes, and `amqp.ts`, which starts them and asks them in turn.
 * A process reads one job a line from its standard input, answers with one line of JSON, and ends with its input.
 */
import process from "node:process"
import { createInterface } from "node:readline"

/** What travels: its JSON has 1,024 bytes. */
export interface Order {
  readonly orderId: string
  readonly customer: string
  readonly sku: string
  readonly quantity: number
  readonly note: string
}

/** Bytes of the payload's JSON. */
export const payloadBytes = 1_024

const bare: Order = { orderId: "o-100200300", customer: "c-4711", sku: "P-100", quantity: 3, note: "" }

/** The payload; a new object each time, as a program would make it. */
export const order = (): Order => ({ ...bare, note })
const note = "n".repeat(payloadBytes - JSON.stringify(bare).length)

/** Deliveries at work in the worker at most, and so its prefetch, on both sides. */
export const prefetch = 100

/** One job for a process; `flight`: so many at a time. */
export type Job =
  | { readonly job: "emit" | "emitClassic" | "call" | "callDirect"; readonly count: number; readonly flight: number }
  | { readonly job: "pass"; readonly count: number }
  | { readonly job: "receive"; readonly count: number }
  | { readonly job: "fill"; readonly count: number; readonly into?: Pile }
  | { readonly job: "drop"; readonly into: Pile }
  | { readonly job: "memory" | "cpu" | "traffic" | "ps" | "why" | "rest" }
  | { readonly job: "watch"; readonly what: "ps" | "why" | "tap" }

/** A queue that is filled: durable with persistent messages, of either type, or with transient ones. */
export type Pile = "quorum" | "classic" | "transient"

/** What a sender says of its work: ms since the epoch, and µs of each one's latency. */
export interface Sent {
  readonly from: number
  readonly to: number
  readonly p50: number
  readonly p99: number
}

/** What a process holds, MB. */
export interface Held {
  readonly resident: number
  readonly heap: number
}

/** Does something `count` times, `flight` at a time, and times each; `once` is told which of those in flight it is. */
export const repeat = async (
  count: number,
  flight: number,
  once: (lane: number) => Promise<unknown>,
): Promise<Sent> => {
  const latencies = new Float64Array(count)
  let started = 0
  const lane = async (_: unknown, which: number) => {
    while (started < count) {
      const i = started++
      const began = performance.now()
      await once(which)
      latencies[i] = performance.now() - began
    }
  }
  const from = Date.now()
  await Promise.all(Array.from({ length: Math.min(flight, count) }, lane))
  const to = Date.now()
  latencies.sort()
  const at = (share: number) => latencies[Math.floor(count * share)]! * 1_000
  return { from, to, p50: at(0.5), p99: at(0.99) }
}

/** Counts what was acked, and says when it was as many as expected. */
export class Count {
  #seen = 0
  #expected = Number.POSITIVE_INFINITY
  #done: ((at: number) => void) | undefined
  /** One more is through; its ack is written in this turn of the event loop. */
  readonly add = (): void => {
    if (++this.#seen === this.#expected) setImmediate(() => this.#done?.(Date.now()))
  }
  /** ms since the epoch when so many have come from now on. */
  readonly reach = (count: number): Promise<number> => {
    this.#seen = 0
    this.#expected = count
    return new Promise((resolve) => this.#done = resolve)
  }
}

const held = (): Held => {
  const { rss, heapUsed } = process.memoryUsage()
  return { resident: rss / 2 ** 20, heap: heapUsed / 2 ** 20 }
}

/** µs of processor time that this process has taken so far. */
const spent = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

const common = (job: Job): Promise<unknown> | undefined => {
  if (job.job === "memory") return Promise.resolve(held())
  return job.job === "cpu" ? Promise.resolve({ spent: spent() }) : undefined
}

/** Does the jobs that come on standard input, each at once, until it ends; `work` does those of its own part. */
export const obey = async (work: (job: Job) => Promise<unknown> | undefined = () => undefined): Promise<void> => {
  console.log(JSON.stringify({ ready: true }))
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line) as Job
    const result = common(job) ?? work(job)
    if (result === undefined) throw new Error(`Cannot do "${job.job}": this process has another part`)
    // whoever receives is told so before it has all, since only then the other side may begin
    if (job.job === "receive") console.log(JSON.stringify({ receiving: true }))
    result.then((value) => console.log(JSON.stringify(value)), fail)
  }
}

const fail = (error: unknown): void => {
  console.error(error)
  process.exit(1)
}
