/**
 * Asks `warren why` about a set-up: in this process, with all that can be seen or with AMQP alone, and on the command line.
 *
 * Set-ups share a broker and a machine, so each is shown only what is its own of other virtual hosts and beacons. What
 * management tells is passed on as it is, or as old as it may be: figures lag behind by seconds.
 */
import { Effect, Option, Redacted } from "effect"
import { join } from "node:path"
import { openScene } from "../../../src/cli/scene.ts"
import { quietly } from "../../../src/cli/joining.ts"
import { type Scene, verbs } from "../../../src/inspect/mod.ts"
import type { Insight, QueueFacts, QueueInsight, Surveyor } from "../../../src/transport/mod.ts"
import { warren } from "../../cli/support.ts"
import type { Report } from "./Report.ts"
import type { Ask, Mode, SetUp } from "./SetUp.ts"
import { type Situation, workersFolder } from "./Situation.ts"

/** How old figures lie: as of before anybody came, or as of the worst moment of a burst. */
export type Age = "now" | "before" | "burst"

/** An answer, and how long it took from nothing to the answer, ms. */
export interface Answered {
  readonly report: Report
  readonly ms: number
}

/** Where modules are; none: everybody's. */
const modules = (workers: SetUp["workers"]): string => workers ? join(workersFolder, workers) : workersFolder

/** The management API, where it is not where everybody looks for it. */
const named = ({ managementUrl }: Situation) => Option.fromUndefinedOr(managementUrl)

/** Asks in this process: joins the broker, asks, leaves. */
export const askHere = async (
  at: Situation,
  { workers }: Pick<SetUp, "workers">,
  ask: Ask,
  mode: Mode,
  age: Age = "now",
): Promise<Answered> => {
  const began = performance.now()
  const report = await Effect.runPromise(quietly(Effect.gen(function* () {
    const scene = yield* openScene({
      broker: Redacted.make(at.url()),
      management: mode === "amqp" ? Option.some("off") : Option.map(named(at), (url) => Redacted.make(url)),
      workers: Option.some(modules(workers)),
    }, { isTolerant: true })
    const verb = verbs.get("why")
    if (verb?.kind !== "ask") throw new Error('There is no verb "why"')
    return (yield* verb.run(isolated(scene, at, age, workers === null), ask)) as Report
  })))
  return { report, ms: performance.now() - began }
}

/** Asks on the command line; the exit code, and what was printed. */
export const askThere = async (
  at: Situation,
  { workers }: Pick<SetUp, "workers">,
  { subject, to, from, id }: Ask,
): Promise<{ readonly code: number | string; readonly text: string; readonly ms: number }> => {
  const began = performance.now()
  const flags = Object.entries({ to, from, id }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value]
  )
  const asked = warren([
    "why",
    subject,
    ...flags,
    "--broker",
    at.url(),
    ...Option.match(named(at), { onNone: () => [], onSome: (management) => ["--management", management] }),
    "--workers",
    modules(workers),
  ], { env: { WARREN_BEACONS: "off" } })
  const code = await asked.ended
  return { code, text: asked.stdout() + asked.stderr(), ms: performance.now() - began }
}

const isolated = (scene: Scene, at: Situation, age: Age, isBare: boolean): Scene => {
  const { insight } = scene.surveyor
  const surveyor: Surveyor = { ...scene.surveyor, insight: insight && aged(own(insight, at), age) }
  const survey: Surveyor["survey"] = (request) =>
    Effect.map(scene.surveyor.survey(request), (found) => ({ ...found, queues: found.queues.map(old(age)) }))
  return {
    ...scene,
    surveyor: insight === undefined ? scene.surveyor : { ...surveyor, survey },
    ...(isBare && { contracts: new Map() }),
    ...(scene.beacons !== undefined && {
      beacons: Effect.map(scene.beacons, (all) => all.filter(({ broker }) => at.owns(broker.vhost, broker.addresses))),
    }),
  }
}

/** Without what other set-ups have on the same broker. */
const own = (insight: Insight, { owns }: Situation): Insight => ({
  ...insight,
  connections: Effect.map(insight.connections, (all) => all.filter(({ vhost }) => owns(vhost))),
  elsewhere: (prefix) => Effect.map(insight.elsewhere(prefix), (all) => all.filter(({ vhost }) => owns(vhost))),
})

/** A queue's figures as they may still be told, some seconds later. */
const old = (age: Age) => <Q extends QueueFacts>(queue: Q): Q => {
  switch (age) {
    case "now":
      return queue
    case "before":
      return { ...queue, ready: 0, unacked: 0, consumers: 0 }
    case "burst":
      return { ...queue, ready: 5_000, unacked: 64 }
  }
}

const aged = (insight: Insight, age: Age): Insight => {
  if (age === "now") return insight
  const rates = age === "before"
    ? { published: null, delivered: null, acked: null, redelivered: null }
    : { published: 900, delivered: 0, acked: 0, redelivered: 0 }
  const holders = (queue: QueueInsight) => age === "before" ? [] : queue.holders
  return {
    ...insight,
    queue: (name) =>
      Effect.map(insight.queue(name), (queue) => queue && { ...old(age)(queue), rates, holders: holders(queue) }),
    connections: age === "before" ? Effect.succeed([]) : insight.connections,
  }
}
