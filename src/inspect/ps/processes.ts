/**
 * Processes as `warren ps` lists them: what presence heard of each, and what each said of itself when it was asked.
 *
 * Pure. A process that did not answer is listed with what it had announced; one that only answered, where nobody is
 * announced (the broker is in this process), with that. Whoever asks and does nothing else is left out.
 */
import { isReservedTag } from "../../contract/mod.ts"
import type { Instance, Machine, Told } from "../../runtime/mod.ts"
import type { SentStats } from "../../wire/mod.ts"
import { announced, last, together, unknown } from "./figures.ts"
import type { Failure, PsApp, PsProcess } from "./PsReport.ts"

type Stats = Told<"stats">

/** What was found out. */
export interface Found {
  readonly at: number
  readonly instances: ReadonlyArray<Instance>
  readonly told: ReadonlyArray<Stats>
  /** The asking process, which nobody announces where there are no others. */
  readonly self: { readonly instance: string; readonly machine: Machine; readonly version: string }
}

/** All processes: those of the first app by name first, of each app the oldest first, and callers last. */
export const processesOf = ({ at, instances, told, self }: Found): ReadonlyArray<PsProcess> => {
  const answers = new Map(told.map((one) => [one.instance, one]))
  const listed = instances.map((one) => process(at, one, answers.get(one.instance)))
  const known = new Set(instances.map(({ instance }) => instance))
  const alone = told.filter(({ instance, isSelf }) => isSelf && !known.has(instance)).map((one) =>
    process(at, asInstance(at, one, self), one)
  )
  return [...listed, ...alone].filter(isWorthListing).toSorted(inOrder)
}

const isWorthListing = ({ isSelf, apps, sent }: PsProcess): boolean => !isSelf || apps.length > 0 || sent.length > 0

const inOrder = (a: PsProcess, b: PsProcess): number => {
  const [first, second] = [nameOf(a), nameOf(b)]
  if (first !== second) return first < second ? -1 : 1
  return a.startedAt - b.startedAt
}

// callers come after everybody who handles something
const nameOf = ({ apps, caller }: PsProcess): string => apps[0]?.app ?? `\u{10ffff}${caller ?? ""}`

const asInstance = (
  at: number,
  { instance, isSelf, answer }: Stats,
  { machine, version }: Found["self"],
): Instance => ({
  instance,
  apps: [...Map.groupBy(answer.handlers, ({ app }) => app)].map(([app, handlers]) => ({
    app,
    handlers: handlers.map((one) => ({ ...one, version: "", idempotent: false })),
  })),
  emits: [],
  calls: [],
  ...machine,
  version,
  startedAt: answer.startedAt,
  state: "running",
  every: 1_000,
  inHand: 0,
  handled: 0,
  failed: 0,
  life: answer.state === "draining" || answer.state === "gone" ? answer.state : "running",
  lastHeard: at,
  goneAt: undefined,
  isSelf,
})

const process = (at: number, one: Instance, told: Stats | undefined): PsProcess => {
  const { instance, isSelf, host, pid, runtime, version, lastHeard } = one
  const lag = told === undefined ? 0 : lagOf(told)
  const startedAt = one.startedAt - lag
  return {
    instance,
    isSelf,
    caller: one.apps.length > 0 ? null : told?.answer.apps[0] ?? null,
    apps: appsOf(one, told, lag),
    host,
    pid,
    runtime,
    version,
    startedAt,
    uptime: Math.max(0, (one.life === "running" || one.life === "draining" ? at : lastHeard) - startedAt),
    life: one.life,
    lastHeard,
    answers: told !== undefined,
    connection: told === undefined ? null : connectionOf(told),
    waiting: told?.answer.waiting ?? null,
    handlers: told?.answer.handlers ?? [],
    sent: told?.answer.sent ?? [],
    lastFailure: told === undefined ? null : last(told.answer.sent.flatMap((sent) => failureOf(sent, lag))),
  }
}

/** What keeps a message from its way is a failure; an error that the contract declares is an answer. */
const failureOf = ({ type, kind, lastFailed }: SentStats, lag: number): ReadonlyArray<Failure> => {
  if (lastFailed === undefined) return []
  const { at, error } = lastFailed
  return kind === "event" || isReservedTag(error.split(":")[0]!) ? [{ what: type, at: at - lag, error }] : []
}

/** By how much its clock is ahead, taken that its answer was made in the middle of the way; small is nothing. */
const lagOf = ({ answer, askedAt, heardAt }: Stats): number => {
  const lag = answer.now - (askedAt + heardAt) / 2
  return Math.abs(lag) > heardAt - askedAt + 5 ? Math.round(lag) : 0
}

const connectionOf = ({ answer: { connection } }: Stats): PsProcess["connection"] => ({
  state: connection.state.toLowerCase(),
  ...(connection.reason !== undefined && { reason: connection.reason }),
})

const appsOf = (one: Instance, told: Stats | undefined, lag: number): ReadonlyArray<PsApp> =>
  one.apps.map(({ app, handlers }) => {
    const own = told?.answer.handlers.filter((handler) => handler.app === app)
    return {
      app,
      handlers: handlers.length,
      unheld: own === undefined ? null : own.filter(({ held }) => !held).length,
      ...(own !== undefined ? together(own, lag) : one.apps.length === 1 ? announced(one) : unknown),
    }
  })
