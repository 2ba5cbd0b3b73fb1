/**
 * `npm run bench -- embedded`: the embedded broker on each runtime beside RabbitMQ, asked by the same clients in turn.
 *
 * Starts a private RabbitMQ and an embedded broker on each runtime, every one a process of its own and with its data on disk,
 * and for each a worker and a client of Warren and of plain amqplib, on Bun. All are asked round by round, since the
 * machine's speed drifts. Then memory with many messages waiting, and how long a start takes. Aims: calls in half the time, as
 * many transient messages, half as many durable ones, ready within 50 ms. `--quick` for a short form; `--runtime bun|deno|node`;
 * `--only rates|memory|start`; `--rounds N`; `--client bun|node|deno`; `--profile folder` profiles every process.
 */
import { cpus, loadavg } from "node:os"
import process from "node:process"
import { payloadBytes, prefetch } from "./amqpCase.ts"
import { printFloor } from "./embedded/floor.ts"
import { printMemory } from "./embedded/memory.ts"
import { printRates } from "./embedded/rates.ts"
import { printStarts } from "./embedded/starting.ts"
import { startEmbedded, startRabbitBroker } from "./embedded/systems.ts"
import { flag } from "./figures.ts"
import type { RuntimeName } from "./program.ts"

/** Prints the tables. */
export const run = async (): Promise<void> => {
  const quick = process.argv.includes("--quick")
  const only = flag("--only")
  const wanted = flag("--runtime") as RuntimeName | undefined
  const runtimes: ReadonlyArray<RuntimeName> = wanted === undefined ? ["bun", "deno", "node"] : [wanted]
  const client = (flag("--client") ?? "bun") as RuntimeName
  const [cpu] = cpus()
  console.log(`npm run bench -- ${process.argv.slice(2).join(" ")}`)
  console.log(
    `${cpus().length} x ${cpu?.model} with a load of ${loadavg()[0]!.toFixed(1)}, ` +
      `${new Date().toISOString().slice(0, 10)}; ${payloadBytes} bytes of JSON, prefetch ${prefetch}`,
  )
  const wants = (part: string) => only === undefined || only === part
  if (wants("rates")) {
    const brokers = [await startRabbitBroker()]
    try {
      for (const runtime of runtimes) brokers.push(await startEmbedded(runtime))
      const rounds = Number(flag("--rounds") ?? (quick ? 3 : 7))
      await printRates(brokers, { client, quick, rounds })
      await printFloor(runtimes, client, rounds)
    } finally {
      for (const broker of brokers) await broker.stop()
    }
  }
  if (wants("memory")) {
    await printMemory([startRabbitBroker, ...runtimes.map((runtime) => () => startEmbedded(runtime))], client, quick)
  }
  if (wants("start")) await printStarts(runtimes, quick)
  console.log(`\nload at the end: ${loadavg()[0]!.toFixed(1)}`)
}

if (import.meta.main) await run()
