/**
 * `npm run bench -- calls`: what a call costs, from raw TCP over ZeroMQ and HTTP to RabbitMQ, on each runtime.
 *
 * Starts a private broker and, for each runtime, servers and callers of every system in processes of their own; then asks
 * all in turn, round by round: compare the ratios of one run. `--quick` for a short form; `--runtime bun|deno|node`; `--only
 * name,name`; `--rounds N`; `--bytes N`; `--json file`; `--grow [--by payload|servers|callers]` for several sizes; `--boxes` for
 * what CURVE costs. `--profile folder` profiles every process.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import process from "node:process"
import { payloadBytes } from "./amqpCase.ts"
import { startBroker } from "./calls/broker.ts"
import { printBoxes } from "./calls/boxes.ts"
import { compare, type Plan, summary } from "./calls/compare.ts"
import { grow } from "./calls/grow.ts"
import { installPackages } from "./calls/packages.ts"
import { entries, type Entry } from "./calls/systems.ts"
import { tableOf } from "./calls/table.ts"
import { flag } from "./figures.ts"
import { type RuntimeName, runtimeProgram } from "./program.ts"

const quick = process.argv.includes("--quick")

const plan: Plan = {
  rounds: Number(flag("--rounds") ?? (quick ? 3 : 7)),
  span: quick ? 250 : 700,
  shape: { bytes: Number(flag("--bytes") ?? payloadBytes), servers: 1, callers: 1 },
  flight: 64,
}

/** The systems that were asked for; what their packages lack is said by a reason. */
const chosen = (): ReadonlyArray<Entry> => {
  const names = flag("--only")?.split(",")
  const wrong = names?.find((name) => !entries.some((entry) => entry.name === name))
  if (wrong !== undefined) {
    throw new Error(`There is no system "${wrong}"; expected some of ${entries.map(({ name }) => name).join(", ")}`)
  }
  const some = names === undefined ? entries : entries.filter(({ name }) => names.includes(name))
  const missing = some.some((entry) => entry.package !== undefined) ? installPackages() : undefined
  if (missing === undefined) return some
  return some.map((entry) =>
    entry.package === undefined ? entry : { ...entry, cannot: { bun: missing, deno: missing, node: missing } }
  )
}

const versionOf = (runtime: RuntimeName): string =>
  /\d+\.\d+\.\d+/.exec(execFileSync(runtimeProgram(runtime), ["--version"], { encoding: "utf8" }))?.[0] ?? "?"

/** Prints the tables. */
export const run = async (): Promise<void> => {
  const wanted = flag("--runtime") as RuntimeName | undefined
  const only = flag("--only") !== undefined
  const growing = process.argv.includes("--grow")
  const all: ReadonlyArray<RuntimeName> = growing ? ["bun"] : ["bun", "deno", "node"]
  const runtimes = wanted === undefined ? all : [wanted]
  const say = (what: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${what}`))
  const results: Record<string, unknown> = {}
  if (process.argv.includes("--boxes")) return printBoxes(wanted === undefined ? ["bun", "deno", "node"] : [wanted])
  const some = chosen()
  // others at work blur all that follows
  const load = loadavg()[0]!.toFixed(1)
  const broker = await startBroker()
  try {
    const [cpu] = cpus()
    const machine = `${cpus().length} x ${cpu?.model}`
    const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`
    console.log(command)
    console.log(
      `RabbitMQ ${broker.version}, ${machine} with a load of ${load}, ${new Date().toISOString().slice(0, 10)}`,
    )
    if (!growing) console.log(`${plan.shape.bytes} bytes a payload; medians of ${plan.rounds} interleaved rounds`)
    for (const runtime of runtimes) {
      const runtimeVersion = versionOf(runtime)
      if (growing) {
        results[runtime] = await grow(
          runtime,
          some,
          broker,
          { quick, only, version: runtimeVersion, by: flag("--by") },
          say,
        )
        continue
      }
      const found = await compare(runtime, some, broker, plan, say)
      say("")
      for (const line of tableOf(runtime, runtimeVersion, plan.flight, found)) console.log(line)
      results[runtime] = {
        version: runtimeVersion,
        systems: Object.fromEntries(found.map((one) => [one.entry.name, summary(one)])),
      }
    }
    const file = flag("--json")
    if (file !== undefined) {
      writeFileSync(
        file,
        `${JSON.stringify({ command, machine, load, rabbit: broker.version, plan, runtimes: results }, null, 2)}\n`,
      )
    }
  } finally {
    await broker.stop()
  }
}

if (import.meta.main) await run()
