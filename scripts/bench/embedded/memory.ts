/**
 * What a broker holds while many messages of 1 KiB wait that nobody consumes, and how fast they came.
 *
 * Part of `embedded.ts`. Each broker is fresh; resident memory is the system's word, some seconds after the last message.
 */
import type { Pile, Sent } from "../amqpCase.ts"
import { ready } from "../amqpProcess.ts"
import type { RuntimeName } from "../program.ts"
import type { BenchBroker } from "./systems.ts"

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3_000))

const piles: ReadonlyArray<Pile> = ["quorum", "classic", "transient"]

/** Prints the table. */
export const printMemory = async (
  starts: ReadonlyArray<() => Promise<BenchBroker>>,
  client: RuntimeName,
  quick: boolean,
): Promise<void> => {
  const waiting = quick ? 20_000 : 100_000
  console.log(
    `\nResident memory, MB: ready, then with ${waiting.toLocaleString("en")} messages waiting (filled at … /s)`,
  )
  console.log([`${"".padEnd(20)}`, cell("ready"), ...piles.map(cell), cell("all deleted")].join(""))
  for (const start of starts) {
    const broker = await start()
    try {
      const member = await ready(client, "Plain", ["client", broker.url])
      await settled()
      const cells = [megabytes(await broker.resident())]
      for (const into of piles) {
        const { from, to } = await member.ask<Sent>({ job: "fill", count: waiting, into })
        await settled()
        const rate = Math.round(waiting / (to - from) * 1_000).toLocaleString("en")
        cells.push(`${megabytes(await broker.resident())} (${rate}/s)`)
        await member.ask({ job: "drop", into })
        await settled()
      }
      cells.push(megabytes(await broker.resident()))
      await member.end()
      console.log([broker.name.padEnd(20), ...cells.map(cell)].join(""))
    } finally {
      await broker.stop()
    }
  }
}

const megabytes = (size: number): string => `${Math.round(size)}`

const cell = (text: string): string => text.padStart(18)
