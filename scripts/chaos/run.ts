/**
 * One run: starts the broker and the processes, carries out the plan, drains, and reads what is left.
 *
 * Between `main.ts` and the parts. Whatever happens, the processes and the broker are ended; what the processes wrote
 * is kept where something went wrong.
 */
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { laneOf, lanesOf } from "./calls.ts"
import { allReady, type Child, type ChildKind, childName, startChild } from "./children.ts"
import { files } from "./company.ts"
import { strike, type Window } from "./faults.ts"
import { type Evidence, judge, type Report } from "./judge.ts"
import { Ledger } from "./ledger.ts"
import { type LinkProxies, startLinkProxies } from "./links.ts"
import type { ChaosOptions } from "./options.ts"
import { describeFault, makePlan } from "./plan.ts"
import { readDead, readEffects } from "./remains.ts"
import { startTarget } from "./brokers.ts"
import type { Target } from "./Target.ts"

/** RabbitMQ 3.10 loses quorum queues that are younger than about 1.5 s at a SIGKILL, ms. */
const settling = 2_500

/** Without any progress for so long, nothing more is confirmed, ms. */
const stalled = 60_000

/**
 * The same for what waits in the queues, ms. Longer than three minutes: so long RabbitMQ waits until it repeats a message
 * that it was moving from a retry queue to its listener's when a node died (`dead_letter_worker_publisher_confirm_timeout`).
 */
const undrained = 240_000

/** s between two samples of a soak. */
const sampling = 5

/** Runs it; `say` is told how it goes. */
export const runChaos = async (options: ChaosOptions, say: (line: string) => void): Promise<Report> => {
  const folder = join(import.meta.dirname, "../../.warren/chaos", `${new Date().toISOString().replaceAll(":", "")}`)
  await mkdir(folder, { recursive: true })
  const children: Array<Child> = []
  const target = await startTarget(options, folder, children)
  const names = (kind: ChildKind, count: number) => Array.from({ length: count }, (_, index) => childName(kind, index))
  const links = await startLinkProxies(
    [...names("worker", options.workers), ...names("emitter", options.emitters), ...names("host", options.hosts)],
    options,
  )
  try {
    const report = judge(await carryOut(options, target, links, folder, children, say))
    const met = report.aims.every((aim) => aim.met)
    if (met) await rm(folder, { recursive: true, force: true })
    else say(`What the processes wrote is kept in ${folder}`)
    return report
  } finally {
    for (const child of children) child.end()
    await links.stop()
    await target.stop()
  }
}

const carryOut = async (
  options: ChaosOptions,
  target: Target,
  links: LinkProxies,
  folder: string,
  children: Array<Child>,
  say: (line: string) => void,
): Promise<Evidence> => {
  const troubles: Array<string> = []
  const trouble = (what: string) => {
    troubles.push(what)
    say(`trouble: ${what}`)
  }
  const ledger = new Ledger(folder)
  const places = { runtime: options.runtime, folder, env: links.env, onLoss: trouble }
  const start = (kind: ChildKind, count: number): ReadonlyArray<Child> => {
    const started = Array.from({ length: count }, (_, index) =>
      startChild(places, kind, {
        ...target.place(kind, index),
        index,
        emitters: options.emitters,
        rate: options.rate,
        callRate: options.callRate,
        sampling: options.form === "soak" ? sampling : 0,
      }))
    children.push(...started)
    return started
  }
  const hosts = start("host", options.hosts)
  const workers = start("worker", options.workers)
  if (await allReady([...hosts, ...workers], 60_000) === undefined) {
    throw new Error(`The workers are not ready; see ${folder}`)
  }
  if (options.brokerKills > 0 && options.on === "rabbitmq") await delay(settling)
  const emitters = start("emitter", options.emitters)
  if (await allReady(emitters, 60_000) === undefined) throw new Error(`The emitters are not ready; see ${folder}`)
  const from = Date.now()

  const plan = makePlan(options)
  const windows: Array<Window> = []
  const open: Array<Evidence["open"][number]> = []
  const until = from + options.minutes * 60_000
  let planned = plan.length
  for (const { calm, fault } of plan) {
    if (options.form === "soak" && Date.now() > until) {
      planned = windows.length
      break
    }
    await delay(calm)
    try {
      open.push(await target.open())
      const window = await strike(fault, { target, workers, children, links })
      windows.push(window)
      ledger.read()
      const seconds = ((Date.now() - from) / 1_000).toFixed(0).padStart(5)
      say(
        `${seconds} s: ${
          describeFault(fault)
        }; ${ledger.confirmed.size()} confirmed, ${ledger.missingCount()} in hand, ${ledger.calls.ended.length} calls`,
      )
      if (window.ready !== undefined) continue
      const waiting = children.filter((child) => !child.isReady()).map(({ name }) => name).join(", ")
      trouble(`after ${describeFault(fault)}, not ready again: ${waiting || "none for long enough"}`)
    } catch (error) {
      trouble(`${describeFault(fault)}: ${error instanceof Error ? error.message : error}`)
    }
    break
  }
  await fill(options, ledger, until, trouble)
  // the last fault is got over in this time
  await delay(options.calm[1])
  const to = Date.now()

  const stop = async (some: ReadonlyArray<Child>) => {
    const ends = await Promise.allSettled(some.map((child) => child.stop(40_000)))
    for (const end of ends) if (end.status === "rejected") trouble((end.reason as Error).message)
  }
  await stop(emitters)
  await drain(ledger, target, say, trouble)
  await stop(workers)
  ledger.read()
  return {
    options,
    ledger,
    windows,
    planned,
    from,
    to,
    open,
    mechanisms: links.mechanisms(),
    troubles,
    effects: await readEffects(join(folder, files.effects)),
    dead: await readDead(await target.address()),
  }
}

/** Goes on until enough is confirmed and enough time has passed. */
const fill = async (
  options: ChaosOptions,
  ledger: Ledger,
  until: number,
  trouble: (what: string) => void,
): Promise<void> => {
  let before = -1
  let at = Date.now()
  for (;;) {
    ledger.read()
    const count = ledger.confirmed.size()
    if (count >= options.events && fewestCalls(ledger, options) >= options.calls && Date.now() >= until) return
    if (count !== before) at = Date.now()
    if (Date.now() - at > stalled) return trouble(`nothing was confirmed for ${stalled} ms`)
    before = count
    await delay(500)
  }
}

/** Calls by the lane that has the fewest. */
const fewestCalls = ({ calls: { ended } }: Ledger, options: ChaosOptions): number => {
  const counts = Object.fromEntries(lanesOf(options).map((lane) => [lane, 0]))
  for (const { n } of ended) counts[laneOf(n, options)]! += 1
  return Math.min(...Object.values(counts))
}

/** Waits until the workers have nothing left to do. */
const drain = async (
  ledger: Ledger,
  target: Target,
  say: (line: string) => void,
  trouble: (what: string) => void,
): Promise<void> => {
  const began = Date.now()
  let at = Date.now()
  let before = ""
  let told = Date.now()
  for (;;) {
    ledger.read()
    const depths = [...await target.depths()].filter(([name, count]) =>
      /^warren\.(on|retry)\./.test(name) && count !== 0
    )
    const missing = ledger.missingCount()
    const state = `${ledger.lines} ${JSON.stringify(depths)}`
    if (state !== before) at = Date.now()
    before = state
    if (depths.length === 0 && missing === 0) {
      return say(`drained in ${((Date.now() - began) / 1_000).toFixed(1)} s`)
    }
    const left = depths.map(([name, count]) => `${name} ${count}`).join(", ") || "no queue"
    // what is missing although every queue is empty does not come any more
    if (Date.now() - at > (depths.length === 0 ? 10_000 : undrained)) {
      return trouble(`not drained: ${missing} are missing, and there is something in ${left}`)
    }
    if (Date.now() - told >= 10_000) {
      say(`draining: ${missing} are missing, and there is something in ${left}`)
      told = Date.now()
    }
    await delay(500)
  }
}
