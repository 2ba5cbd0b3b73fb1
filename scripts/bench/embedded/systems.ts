/**
 * The brokers of the bench: RabbitMQ, and the embedded one on a runtime, each a process of its own with its data on disk.
 *
 * Below `embedded.ts` and its parts. What a broker spends and holds is the operating system's word.
 */
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startRabbit } from "../../rabbitmq.ts"
import { type RuntimeName, startProgram } from "../program.ts"
import { residentOf } from "../starts.ts"

/** A broker that runs. */
export interface BenchBroker {
  readonly name: string
  readonly url: string
  /** µs of processor time so far. */
  readonly spent: () => Promise<number>
  /** Resident memory, MB. */
  readonly resident: () => Promise<number>
  readonly stop: () => Promise<void>
}

/** µs in a tick of the system's clock, in which `/proc` counts. */
const tick = 10_000

const spentBy = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // the name, in brackets, may hold spaces
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) * tick
  } catch {
    return Number.NaN
  }
}

/** Much, since this is about time: who publishes must not be told to wait for memory. */
const memory = "vm_memory_high_watermark.absolute = 8GB"

/** RabbitMQ. */
export const startRabbitBroker = async (): Promise<BenchBroker> => {
  const rabbit = await startRabbit({ config: [memory] })
  const version = (await rabbit.evaluate(`rabbit_misc:version().`)).replaceAll('"', "")
  return {
    name: `RabbitMQ ${version}`,
    url: rabbit.url,
    spent: () => Promise.resolve(spentBy(rabbit.pid)),
    resident: () => Promise.resolve((residentOf(rabbit.pid) ?? Number.NaN) / 1024),
    stop: rabbit.stop,
  }
}

/** The embedded broker, with a data folder of its own beside RabbitMQ's. */
export const startEmbedded = async (runtime: RuntimeName): Promise<BenchBroker> => {
  const folder = await mkdtemp(join(tmpdir(), "warren-bench-"))
  const member = startProgram(runtime, "embedded/broker.ts", [join(folder, "broker")])
  const { url } = await member.ask<{ readonly url: string }>()
  await member.ask()
  return {
    name: `on ${runtime}`,
    url,
    spent: async () => (await member.ask<{ readonly spent: number }>({ job: "cpu" })).spent,
    resident: async () => (await member.ask<{ readonly resident: number }>({ job: "memory" })).resident,
    stop: async () => {
      await member.end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
