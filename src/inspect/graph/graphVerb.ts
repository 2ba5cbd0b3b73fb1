/**
 * The verb `graph`: who emits and who listens, who calls and who serves, by all that a scene knows.
 *
 * Processes tell what they handle and what they have sent, and which of their apps did; the ledger tells of apps that
 * were here; contracts of what is declared. That a process did not tell is a gap, in words. Reads no message, changes nothing.
 */
import { Effect } from "effect"
import type { Instance, Told } from "../../runtime/mod.ts"
import type { Ledger, LedgerApp } from "../../wire/mod.ts"
import { type Finding, unknown, valueOr } from "../Finding.ts"
import { readLedger } from "../ledger.ts"
import type { Scene } from "../Scene.ts"
import type { Asking } from "../Verb.ts"
import { type Graph, type GraphApp, graphOf, type GraphSchedule, type Use } from "./Graph.ts"

/** For the ledger, ms. */
const patience = 2_000

/** What was not seen for so long is remembered no more, ms. */
const memory = 35 * 86_400_000

/** Looks. */
const look = Effect.fnUntraced(function* (scene: Scene): Effect.fn.Return<Graph> {
  const { core, steward, place, contracts, listeners = [], servers = [] } = scene
  const [stats, ledger] = yield* Effect.all([
    core.enquiries.enquire("all", { kind: "stats" }),
    Effect.timeoutOrElse(readLedger(steward), {
      duration: patience,
      orElse: () => Effect.succeed(unknown<Ledger>(`it could not be read within ${patience} ms`)),
    }),
  ], { concurrency: "unbounded" })
  const instances = core.presence.list()
  const at = core.now()
  const now = [...stats.map(usesOfStats), ...silentOf(instances, stats).map((one) => usesOfSilent(one))].flat()
  const running = new Set(now.map(({ app }) => app))
  for (const { apps } of instances.filter(isThere)) for (const { app } of apps) running.add(app)
  const declared = [
    ...servers.map((one) => ({ ...one, kind: "call" as const })),
    ...listeners.map((one) => ({ ...one, kind: "event" as const })),
  ]
  return graphOf({
    at,
    source: place.kind === "in-process" ? "the broker inside the process" : `${place.server} at ${place.label}`,
    isRunning: true,
    members: [...contracts.values()].map(({ type, kind }) => ({ type, kind })),
    apps: [...running].map((app): GraphApp => ({ app, known: "now" })),
    uses: [
      ...now,
      ...declared.map(({ app, name, subject, kind }): Use => ({
        app,
        type: subject,
        kind,
        role: "handles",
        handler: name,
        known: "declared",
      })),
      ...valueOr(ledger, []).flatMap((one) => usesOfLedger(one, running, at)),
    ],
    schedules: schedulesOf(instances, stats),
    gaps: gapsOf(silentOf(instances, stats), ledger),
  })
})

const isThere = ({ life }: Instance): boolean => life !== "gone"

type Stats = Told<"stats">

const silentOf = (instances: ReadonlyArray<Instance>, stats: ReadonlyArray<Stats>): ReadonlyArray<Instance> => {
  const answered = new Set(stats.map(({ instance }) => instance))
  return instances.filter((one) => isThere(one) && !one.isSelf && !answered.has(one.instance))
}

/** What a handler handles now; of a schedule, nothing. */
const handling = (
  { name, kind, subject }: { readonly name: string; readonly kind: string; readonly subject: string },
  app: string,
): ReadonlyArray<Use> =>
  kind === "schedule"
    ? []
    : [{ app, type: subject, kind: kind === "call" ? "call" : "event", role: "handles", handler: name, known: "now" }]

const usesOfStats = ({ answer: { apps, handlers, sent } }: Stats): ReadonlyArray<Use> => [
  ...handlers.flatMap((one) => handling(one, one.app)),
  // one of before says not which of its apps it was
  ...sent.flatMap(({ type, kind, apps: by }) =>
    (by ?? [apps.join(" or ")]).map((app): Use => ({ app, type, kind, role: "sends", handler: "", known: "now" }))
  ),
]

/** One that did not answer has announced what it handles, and types that it sends. */
const usesOfSilent = ({ apps, emits, calls }: Instance): ReadonlyArray<Use> => {
  const sender = apps.map(({ app }) => app).join(" or ") || "a caller"
  const sends = (types: ReadonlyArray<string>, kind: "event" | "call") =>
    types.map((type): Use => ({
      app: sender,
      type,
      kind,
      role: "sends",
      handler: "",
      known: "now",
    }))
  return [
    ...apps.flatMap(({ app, handlers }) => handlers.flatMap((one) => handling(one, app))),
    ...sends(emits, "event"),
    ...sends(calls, "call"),
  ]
}

/** What an app handled and sent; a handler that its running app does not have any more is nobody's. */
const usesOfLedger = (
  { app, handlers, sent }: LedgerApp,
  running: ReadonlySet<string>,
  at: number,
): ReadonlyArray<Use> => [
  ...(running.has(app) ? [] : handlers).filter(({ seen }) => seen >= at - memory).flatMap((one) =>
    handling(one, app).map((use): Use => ({ ...use, known: "once", seen: one.seen }))
  ),
  ...sent.flatMap(({ type, kind, seen }): ReadonlyArray<Use> =>
    seen < at - memory ? [] : [{ app, type, kind, role: "sends", handler: "", known: "once", seen }]
  ),
]

const schedulesOf = (
  instances: ReadonlyArray<Instance>,
  stats: ReadonlyArray<Stats>,
): ReadonlyArray<GraphSchedule> =>
  [
    ...stats.flatMap(({ answer }) => answer.handlers),
    ...silentOf(instances, stats).flatMap(({ apps }) =>
      apps.flatMap(({ app, handlers }) => handlers.map((one) => ({ ...one, app })))
    ),
  ].flatMap(({ app, name, kind, subject }) =>
    kind === "schedule" ? [{ app, handler: name, timing: subject, known: "now" as const }] : []
  )

const gapsOf = (silent: ReadonlyArray<Instance>, ledger: Finding<Ledger>): ReadonlyArray<string> => [
  ...silent.map(({ apps, host, pid }) =>
    `${apps.map(({ app }) => app).join(", ") || "a caller"} (host "${host}", pid ${pid}) did not answer: ` +
    "what it sends is known as far as it announced it"
  ),
  ...(ledger.known ? [] : [`which apps were here before is not known: ${ledger.why}`]),
]

/** The verb. */
export const graph: Asking = { kind: "ask", name: "graph", looks: true, run: look }
