/**
 * How long the embedded broker takes to start: its share within a process, alone, and as part of `warren run`.
 *
 * Part of `embedded.ts`. The share is what a process that has Warren loaded needs for the broker's modules and for opening it,
 * in a new process each time; the rest is from spawn to ready. Those that start it in `warren run` are compared with one that joins
 * a broker which is there, and with one that has its broker in memory: what they differ by is the host's work.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Sent } from "../amqpCase.ts"
import { ready } from "../amqpProcess.ts"
import { median as middle } from "../figures.ts"
import { type Member, root, runtimeFlags, type RuntimeName, runtimeProgram, startProgram } from "../program.ts"
import { ms, type Start, toReady } from "../starts.ts"

const main = join(root, "bin/warren.mjs")

interface Share {
  readonly url: string
  readonly loading: number
  readonly opening: number
}

/** Prints the tables. */
export const printStarts = async (runtimes: ReadonlyArray<RuntimeName>, quick: boolean): Promise<void> => {
  const rounds = quick ? 5 : 11
  const kept = quick ? 10_000 : 100_000
  const parent = await mkdtemp(join(tmpdir(), "warren-bench-"))
  try {
    console.log(`\nThe broker's share of a start: loading its modules + opening, ms, median of ${rounds} (fastest sum)`)
    console.log(row("", ["in memory", "new folder", "folder is there", `${kept.toLocaleString("en")} messages`]))
    for (const runtime of runtimes) {
      console.log(row(runtime, await sharesOf(runtime, join(parent, runtime), rounds, kept)))
    }
    console.log(`\nFrom spawn to ready, ms, median of ${rounds} (fastest), each in turn`)
    console.log(row("", ["broker alone", "run, in process", "run, joins", "run, hosts", "run, hosts in memory"]))
    for (const runtime of runtimes) {
      console.log(row(runtime, await startsOf(runtime, join(parent, `${runtime}-run`), rounds)))
    }
  } finally {
    await rm(parent, { recursive: true, force: true })
  }
}

const sharesOf = async (
  runtime: RuntimeName,
  folder: string,
  rounds: number,
  kept: number,
): Promise<ReadonlyArray<string>> => {
  let count = 0
  const host = async (at: string, ...more: ReadonlyArray<string>): Promise<[Member, Share]> => {
    const member = startProgram(runtime, "embedded/broker.ts", [at, ...more])
    const share = await member.ask<Share>()
    await member.ask()
    return [member, share]
  }
  const once = async (at: string, ...more: ReadonlyArray<string>): Promise<Share> => {
    const [member, share] = await host(at, ...more)
    await member.end()
    return share
  }
  const several = async (start: () => Promise<Share>): Promise<string> => {
    await start()
    const shares: Array<Share> = []
    for (let i = 0; i < rounds; i++) shares.push(await start())
    const of = (part: (share: Share) => number) => middle(shares.map(part)).toFixed(0)
    const least = Math.min(...shares.map(({ loading, opening }) => loading + opening)).toFixed(0)
    return `${of(({ loading }) => loading)} + ${of(({ opening }) => opening)} (${least})`
  }
  const full = async (): Promise<string> => {
    const [member, { url }] = await host(`${folder}-full`)
    const client = await ready("bun", "Plain", ["client", url])
    await client.ask<Sent>({ job: "fill", count: kept, into: "classic" })
    await client.end()
    await member.end()
    return several(() => once(`${folder}-full`))
  }
  return [
    await several(() => once(`${folder}-memory`, "ephemeral")),
    await several(() => once(`${folder}-${count++}`)),
    await several(() => once(`${folder}-old`)),
    await full(),
  ]
}

const startsOf = async (runtime: RuntimeName, folder: string, rounds: number): Promise<ReadonlyArray<string>> => {
  const warren = (...args: ReadonlyArray<string>) => [runtimeProgram(runtime), ...runtimeFlags(runtime), main, ...args]
  const other = startProgram(runtime, "embedded/broker.ts", [`${folder}-other`])
  await other.ask()
  const forms = [
    warren("broker", "--json", "--data", `${folder}-alone`),
    warren("run", "workers", "--broker", "in-process"),
    warren("run", "workers", "--data", `${folder}-other`),
    warren("run", "workers", "--data", `${folder}-own`),
    warren("run", "workers", "--data", `${folder}-none`, "--ephemeral"),
  ]
  const starts = forms.map((): Array<Start> => [])
  // the first round is not counted
  for (let round = -1; round < rounds; round++) {
    for (const [i, form] of forms.entries()) {
      const start = await toReady(form)
      if (round >= 0) starts[i]!.push(start)
    }
  }
  await other.end()
  return starts.map((some) => ms(some.toSorted((a, b) => a.ms - b.ms)))
}

const row = (title: string, cells: ReadonlyArray<string>): string =>
  [title.padEnd(6), ...cells.map((cell) => cell.padStart(24))].join("")
