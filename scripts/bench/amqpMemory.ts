/**
 * What a worker holds while its queue is long, and with many listeners; and how long the latter take to start.
 *
 * Part of `amqp.ts`. Resident memory and heap are the process's own word; the broker's is what Erlang has allocated.
 */
import type { Rabbit } from "../rabbitmq.ts"
import type { Held, Sent } from "./amqpCase.ts"
import { ready, type RuntimeName, start } from "./amqpProcess.ts"

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3_000))

/** Prints the table of one runtime. */
export const printMemory = async (
  runtime: RuntimeName,
  rabbit: Pick<Rabbit, "url" | "evaluate">,
  quick: boolean,
): Promise<void> => {
  const { url } = rabbit
  const waiting = quick ? 20_000 : 100_000
  const listeners = quick ? 100 : 1_000
  const row = async (title: string, held: Held, more = "") => {
    const broker = Number(await rabbit.evaluate("erlang:memory(total).")) / 2 ** 20
    const figures = [held.resident, held.heap, broker].map((size) => `${Math.round(size)} MB`.padStart(16)).join("")
    console.log(`${title.padEnd(36)}${figures}${more.padStart(20)}`)
  }
  console.log(
    `\n${`memory, ${runtime}`.padEnd(36)}${["resident", "heap", "broker"].map((t) => t.padStart(16)).join("")}`,
  )

  const before = await ready(runtime, "Warren", ["pile", url])
  await settled()
  await row("one listener, nothing waiting", await before.ask({ job: "memory" }))
  await before.end()

  const client = await ready(runtime, "Warren", ["client", url])
  const { from, to } = await client.ask<Sent>({ job: "fill", count: waiting })
  await client.end()
  const pile = await ready(runtime, "Warren", ["pile", url])
  await settled()
  const filled = `filled at ${Math.round(waiting / (to - from) * 1_000).toLocaleString("en")}/s`
  await row(`one listener, ${waiting.toLocaleString("en")} waiting`, await pile.ask({ job: "memory" }), filled)
  await pile.end()
  await rabbit.evaluate(deleting("warren.on.pile."))

  for (const what of ["declared", "already there"]) {
    const many = start(runtime, "Warren", ["listeners", url, String(listeners)])
    const { started } = await many.ask<{ readonly started: number }>()
    await many.ask()
    await settled()
    const took = `${(started / 1_000).toFixed(1)} s to start`
    await row(`${listeners.toLocaleString("en")} listeners, ${what}`, await many.ask({ job: "memory" }), took)
    await many.end()
  }
  await rabbit.evaluate(deleting("warren.on.listeners."))
}

/** Deletes the queues whose names begin so, that the next runtime finds none. */
const deleting = (prefix: string): string =>
  `[rabbit_amqqueue:delete(Q, false, false, <<"bench">>) || Q <- rabbit_amqqueue:list(), ` +
  `binary:match(element(4, amqqueue:get_name(Q)), <<"${prefix}">>) =:= {0, ${prefix.length}}], ok.`
