/**
 * `npm run bench -- crowd`: what presence, ledger and inspection cost among up to 1,000 instances, and how that grows.
 *
 * One private RabbitMQ and a crowd that grows in it, fifty instances in a process of the operating system; each size is left in
 * peace and measured. It ends after four minutes; sizes for which there was no time are left out. `--minutes 10`; `--quick` for small
 * ones; `--sizes 50,100`; `--silent`: nobody takes part in inspection, which shows what is left then; `--runtime bun|node|deno`.
 */
import { cpus, loadavg } from "node:os"
import process from "node:process"
import { type Rabbit, startRabbit } from "../rabbitmq.ts"
import { spentByProcess } from "./calls/pair.ts"
import { appOf, appsOf, type Observed, together, type Traffic } from "./crowd/shape.ts"
import { exponent, flag } from "./figures.ts"
import { type Member, type RuntimeName, startProgram } from "./program.ts"

const quick = process.argv.includes("--quick")
const silent = process.argv.includes("--silent")
const runtime = (flag("--runtime") ?? "bun") as RuntimeName
const sizes = (flag("--sizes") ?? (quick ? "25,50,100" : "125,250,500,1000")).split(",").map(Number)

/**
 * As RabbitMQ's own guide has it for many connections: otherwise each takes as much memory as the system would buffer for it,
 * megabytes on a loopback line.
 */
const config = [
  "vm_memory_high_watermark.absolute = 6GB",
  "tcp_listen_options.sndbuf = 32768",
  "tcp_listen_options.recbuf = 32768",
]

/** How long the whole may take, ms: sizes for which there is no time are left out. */
const budget = Number(flag("--minutes") ?? (quick ? 2 : 4)) * 60_000 - 15_000
/** How long a crowd is left in peace before it is measured, and measured, ms. */
const pause = quick ? 6_000 : 8_000
const span = (size: number): number => quick ? 10_000 : Math.min(40_000, 15_000 * Math.max(1, size / 250))

/** Figures of one size by their titles. */
type Row = Map<string, number>

/** Prints the table. */
export const run = async (): Promise<void> => {
  const load = loadavg()[0]!.toFixed(1)
  const rabbit = await startRabbit({ config })
  const members: Array<Member> = []
  const rows: Array<Row> = []
  try {
    const version = (await rabbit.evaluate(`rabbit_misc:version().`)).replaceAll('"', "")
    console.log(`npm run bench -- ${process.argv.slice(2).join(" ")}`)
    console.log(
      `RabbitMQ ${version}, ${runtime}, ${cpus().length} x ${cpus()[0]?.model} with a load of ${load}, ` +
        `${new Date().toISOString().slice(0, 10)}${silent ? "; nobody takes part in inspection" : ""}`,
    )
    const began = performance.now()
    for (const size of sizes) {
      const row = new Map<string, number>()
      rows.push(row)
      const isDone = await Promise.race([measure(rabbit, members, size, row), late(began + budget)])
      if (isDone) continue
      console.log(`\n${size} instances: there was not enough time (--minutes)`)
      break
    }
  } finally {
    print(rows)
    // none says goodbye to all the others, and nobody is left to hear it
    await Promise.all(members.map((member) => member.kill()))
    await rabbit.stop()
  }
}

/** How often `why` is asked; the answers' median is shown. */
const asked = 5

let instances = 0
let empty = 0

/** Resolves at that time, on the clock of `performance`. */
const late = (at: number): Promise<false> =>
  new Promise((resolve) => setTimeout(() => resolve(false), at - performance.now()).unref())

const measure = async (rabbit: Rabbit, members: Array<Member>, size: number, row: Row): Promise<true> => {
  const say = (what: string) =>
    void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${size} instances: ${what}`))
  row.set("apps", appsOf(size))
  const before = { ...await allOf(members), broker: spentByProcess(rabbit.pid) }
  const from = performance.now()
  const passed = () => (performance.now() - from) / 1_000

  say("starting")
  const newcomers: Array<Member> = []
  for (; instances < size;) {
    const count = Math.min(together, size - instances)
    const args = [rabbit.url, String(instances), String(count), ...(silent ? ["silent"] : [])]
    newcomers.push(startProgram(runtime, "crowd/member.ts", args))
    instances += count
  }
  members.push(...newcomers)
  const bare = await Promise.all(newcomers.map((member) => member.ask<{ readonly resident: number }>()))
  empty += bare.reduce((sum, { resident }) => sum + resident, 0)
  await Promise.all(newcomers.map((member) => member.ask()))
  row.set("all are ready after, s", passed())
  if (!silent) {
    for (;;) {
      const { known } = await allOf(members)
      say(`each knows ${known}`)
      row.set("each knows at least", known)
      if (known >= size) break
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    row.set("each knows each after, s", passed())
  }
  const known = { ...await allOf(members), broker: spentByProcess(rabbit.pid) }
  row.set("notices delivered until then", known.heard - before.heard)
  row.set("ledger written until then", known.written - before.written)
  row.set("processor time of all instances, s", (known.spent - before.spent) / 1e6)
  row.set("processor time of the broker, s", (known.broker - before.broker) / 1e6)

  say("pausing")
  await new Promise((resolve) => setTimeout(resolve, pause))
  const bytesBefore = { at: performance.now(), bytes: await bytesOf(rabbit) }
  const start = { at: performance.now(), ...await allOf(members), broker: spentByProcess(rabbit.pid) }
  say("resting")
  await new Promise((resolve) => setTimeout(resolve, span(size)))
  const end = { at: performance.now(), ...await allOf(members), broker: spentByProcess(rabbit.pid) }
  const bytesAfter = { at: performance.now(), bytes: await bytesOf(rabbit) }
  const seconds = (end.at - start.at) / 1_000
  const bytes = (bytesAfter.bytes - bytesBefore.bytes) / (bytesAfter.at - bytesBefore.at) * 1_000
  row.set("at rest: notices published a second", (end.sent - start.sent) / seconds)
  row.set("at rest: notices delivered a second", (end.heard - start.heard) / seconds)
  row.set("at rest: delivered to each a second", (end.heard - start.heard) / seconds / size)
  row.set("at rest: KB a second from the broker", bytes / 1_000)
  row.set("at rest: ledger written, times a minute", (end.written - start.written) / seconds * 60)
  row.set("at rest: % of a core, an instance", (end.spent - start.spent) / seconds / 1e4 / size)
  row.set("at rest: % of a core, the broker", (end.broker - start.broker) / seconds / 1e4)

  const held = await Promise.all(members.map((member) => member.ask<{ readonly resident: number }>({ job: "memory" })))
  const resident = held.reduce((sum, { resident }) => sum + resident, 0)
  row.set("memory, MB an instance", (resident - empty) / size)
  row.set("memory, MB of the broker", Number(await rabbit.evaluate("erlang:memory(total).")) / 2 ** 20)
  if (silent) return true

  say("being asked")
  const subject = appOf(0)
  const observer = startProgram(runtime, "crowd/observer.ts", [rabbit.url, `${subject}.placed`, subject])
  members.push(observer)
  await observer.ask()
  const ps = await observer.ask<Observed>({ job: "ps" })
  const whys: Array<Observed> = []
  for (let i = 0; i < asked; i++) whys.push(await observer.ask<Observed>({ job: "why" }))
  const median = (of: (one: Observed) => number) => whys.map(of).sort((a, b) => a - b)[asked >> 1]!
  row.set("ps: first answer, ms", ps.first)
  row.set("ps: next one, ms", ps.again)
  row.set("ps: processes listed", ps.listed)
  row.set("ps: that answered", ps.answered)
  row.set("why: first answer, ms", median(({ first }) => first))
  row.set("why: next one, ms", median(({ again }) => again))
  row.set("ledger, KB", ps.ledger / 1_000)
  // the path is whole
  const wrong = whys.filter(({ verdict }) => verdict !== "whole")
  for (const { amiss, verdict } of wrong) console.log(`\n${size} instances: why says "${verdict}": ${amiss}`)
  row.set(`why: right answers of ${asked}`, asked - wrong.length)
  members.splice(members.indexOf(observer), 1)
  await observer.end()
  return true
}

/** What all have done so far, and the least that anybody knows; processor time in µs. */
const allOf = async (members: ReadonlyArray<Member>): Promise<Traffic & { readonly spent: number }> => {
  const all = await Promise.all(members.map(async (member) => ({
    ...await member.ask<Traffic>({ job: "traffic" }),
    ...await member.ask<{ readonly spent: number }>({ job: "cpu" }),
  })))
  const sum = (of: "sent" | "heard" | "written" | "spent") => all.reduce((total, one) => total + one[of], 0)
  return {
    sent: sum("sent"),
    heard: sum("heard"),
    written: sum("written"),
    spent: sum("spent"),
    known: Math.min(...all.map(({ known }) => known)),
  }
}

/** Bytes that the broker has written to its connections. */
const bytesOf = async (rabbit: Rabbit): Promise<number> =>
  Number(
    await rabbit.evaluate(
      `lists:sum([case catch inet:getstat(P, [send_oct]) of {ok, [{send_oct, S}]} -> S; _ -> 0 end || ` +
        `P <- erlang:ports(), erlang:port_info(P, name) =:= {name, "tcp_inet"}]).`,
    ),
  )

const print = (rows: ReadonlyArray<Row>): void => {
  if (rows.length === 0) return
  const titles = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  const done = sizes.slice(0, rows.length)
  const cell = (text: string) => text.padStart(12)
  console.log(`\n${"instances".padEnd(44)}${done.map((size) => cell(String(size))).join("")}${cell("grows as")}`)
  for (const title of titles) {
    const values = rows.map((row) => row.get(title) ?? Number.NaN)
    const grows = exponent(done, values)
    const growth = Number.isNaN(grows) ? "-" : `N^${grows.toFixed(2)}`
    console.log(`${title.padEnd(44)}${values.map((value) => cell(show(value))).join("")}${cell(growth)}`)
  }
}

const show = (value: number): string => {
  if (Number.isNaN(value)) return "-"
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString("en")
  return value.toPrecision(value < 1 ? 2 : 3)
}

if (import.meta.main) await run()
