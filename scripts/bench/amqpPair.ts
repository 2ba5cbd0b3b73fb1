/**
 * A worker and a client with RabbitMQ between them, and what is measured of both: messages a second, and what each costs.
 *
 * Between the benches that ask them in turn (`amqp.ts`, `inspection.ts`) and the processes.
 */
import type { Sent } from "./amqpCase.ts"
import type { Member } from "./amqpProcess.ts"

/** The two processes. */
export interface Pair {
  readonly worker: Member
  readonly client: Member
}

/** µs of processor time of both processes so far. */
const spent = async ({ worker, client }: Pair): Promise<number> => {
  const each = [worker, client].map((member) => member.ask<{ readonly spent: number }>({ job: "cpu" }))
  return (await Promise.all(each)).reduce((sum, { spent }) => sum + spent, 0)
}

/** Messages a second, and the processor time of each in both processes together, µs. */
const rate = (count: number, send: (pair: Pair) => Promise<number>) => async (pair: Pair) => {
  const before = await spent(pair)
  const ms = await send(pair)
  return [count / ms * 1_000, (await spent(pair) - before) / count]
}

/** Events, confirmed and handled. */
export const events = (count: number, flight: number) =>
  rate(count, async ({ worker, client }) => {
    await worker.ask({ job: "receive", count })
    const received = worker.ask<{ readonly at: number }>()
    const { from, to } = await client.ask<Sent>({ job: "emit", count, flight })
    const { at } = await received
    return Math.max(at, to) - from
  })

/** Calls, answered. */
export const calls = (job: "call" | "callDirect", count: number, flight: number) =>
  rate(count, async ({ client }) => {
    const { from, to } = await client.ask<Sent>({ job, count, flight })
    return to - from
  })
