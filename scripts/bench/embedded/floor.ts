/**
 * How long a call would take if its broker, its client and its worker did nothing: bytes go from process to process as they do
 * over a broker (`relay.ts`).
 *
 * Part of `embedded.ts`; what a call takes beyond it is AMQP, Warren and the broker.
 */
import type { Sent } from "../amqpCase.ts"
import { median } from "../figures.ts"
import { type RuntimeName, startProgram } from "../program.ts"

/** Prints a line a runtime. */
export const printFloor = async (
  runtimes: ReadonlyArray<RuntimeName>,
  client: RuntimeName,
  rounds: number,
): Promise<void> => {
  console.log(
    `\nThe way alone: a relay of bytes in place of the broker, ${client} at both ends, medians of ${rounds} rounds`,
  )
  for (const runtime of runtimes) {
    const relay = startProgram(runtime, "embedded/relay.ts", ["relay"])
    const { port } = await relay.ask<{ readonly port: number }>()
    await relay.ask()
    const ends = ["worker", "client"].map((part) => startProgram(client, "embedded/relay.ts", [part, String(port)]))
    for (const end of ends) await end.ask()
    const sent: Array<Sent> = []
    // the first two rounds warm up
    for (let round = -2; round < rounds; round++) {
      const one = await ends[1]!.ask<Sent>({ job: "call", count: 1_000, flight: 1 })
      if (round >= 0) sent.push(one)
    }
    for (const one of [...ends, relay]) await one.end()
    const [p50, p99] = (["p50", "p99"] as const).map((part) =>
      (median(sent.map((one) => one[part])) / 1_000).toFixed(3)
    )
    console.log(`  ${`on ${runtime}`.padEnd(10)} p50 ${p50} ms, p99 ${p99} ms`)
  }
}
