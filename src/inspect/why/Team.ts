/**
 * Who is there: processes as presence, their own answers and the ledger know them, as one.
 *
 * Pure. A process that only asks is none of them. Times are on this process's clock, but for the ledger's.
 */
import type { Instance, Told } from "../../runtime/mod.ts"
import type { AnswerTo, HandlerStats, Ledger, LedgerApp, LedgerHandler, SentStats } from "../../wire/mod.ts"
import type { Finding } from "../Finding.ts"
import { lagOf, onOurClock } from "./clocks.ts"

/** What a process said of itself. */
export type Stats = AnswerTo<"stats">

/** One process that was heard. */
export interface Process {
  readonly instance: string
  readonly apps: ReadonlyArray<string>
  readonly life: Instance["life"]
  /** When it was heard last, ms since the epoch. */
  readonly lastHeard: number
  /** `host "h", pid 7`; `""`: it did not say. */
  readonly where: string
  /** What it does and did; `undefined`: it did not answer. */
  readonly stats: Stats | undefined
  /** By how much its clock is ahead of this process's, ms; its `stats` are corrected by it. */
  readonly lag: number
  readonly handles: ReadonlyArray<Handles>
  readonly emits: ReadonlyArray<string>
  readonly calls: ReadonlyArray<string>
}

/** A handler of a process. */
export interface Handles {
  readonly app: string
  readonly name: string
  readonly kind: "call" | "listener" | "schedule"
  readonly subject: string
  readonly queue: string
  readonly schema: string
}

/** A process at one handler. */
export interface Post {
  readonly process: Process
  readonly handler: HandlerStats
}

/** See the top of the file. */
export interface Team {
  readonly processes: ReadonlyArray<Process>
  readonly ledger: Finding<Ledger>
}

/** What was heard, joined. */
export const teamOf = (
  instances: ReadonlyArray<Instance>,
  told: ReadonlyArray<Told<"stats">>,
  ledger: Finding<Ledger>,
): Team => {
  const answers = new Map(told.map((one) => [one.instance, one]))
  const heard = new Map(instances.map((one) => [one.instance, one]))
  const processes = [...new Set([...heard.keys(), ...answers.keys()])].flatMap((instance): ReadonlyArray<Process> => {
    const [known, answer] = [heard.get(instance), answers.get(instance)]
    const lag = answer === undefined ? 0 : lagOf(answer)
    const stats = answer && onOurClock(answer.answer, lag)
    const isOwn = known?.isSelf === true || answer?.isSelf === true
    // whoever asks and does nothing else
    if (isOwn && (stats === undefined || stats.handlers.length + stats.sent.length === 0)) return []
    const announced = known?.apps.flatMap(({ app, handlers }) => handlers.map((one) => ({ app, ...one }))) ?? []
    const sent = (kind: SentStats["kind"]) => stats?.sent.flatMap((one) => one.kind === kind ? [one.type] : []) ?? []
    return [{
      instance,
      apps: stats?.apps ?? known?.apps.map(({ app }) => app) ?? [],
      life: stats === undefined ? known?.life ?? "missing" : stats.state === "draining" ? "draining" : "running",
      lastHeard: answer?.heardAt ?? known?.lastHeard ?? 0,
      where: known === undefined ? isOwn ? "this process" : "" : `host "${known.host}", pid ${known.pid}`,
      stats,
      lag,
      handles: stats?.handlers ?? announced,
      emits: [...new Set([...sent("event"), ...known?.emits ?? []])],
      calls: [...new Set([...sent("call"), ...known?.calls ?? []])],
    }]
  })
  return { processes, ledger }
}

/** Processes that may still be at work. */
export const living = ({ processes }: Team): ReadonlyArray<Process> => processes.filter(({ life }) => life !== "gone")

/** Processes at a queue, as they said themselves. */
export const posts = (team: Team, queue: string): ReadonlyArray<Post> =>
  living(team).flatMap((process) =>
    process.stats?.handlers.filter((one) => one.queue === queue).map((handler) => ({ process, handler })) ?? []
  )

/** Processes that handle something at a queue, whether they answered or not. */
export const serving = (team: Team, queue: string): ReadonlyArray<Process> =>
  living(team).filter(({ handles }) => handles.some((one) => one.queue === queue))

/** Apps of a process that have sent something of a type, as far as it says so. */
export const sendersOf = (
  { process, sent }: { readonly process: Process; readonly sent: SentStats },
): ReadonlyArray<string> => sent.apps === undefined || sent.apps.length === 0 ? process.apps : sent.apps

/** What the ledger says of an app. */
export const remembered = ({ ledger }: Team, app: string): LedgerApp | undefined =>
  ledger.known ? ledger.value.find((one) => one.app === app) : undefined

/** Handlers that the ledger knows, with their app. */
export const rememberedHandlers = ({ ledger }: Team): ReadonlyArray<LedgerHandler & { readonly app: string }> =>
  ledger.known ? ledger.value.flatMap(({ app, handlers }) => handlers.map((one) => ({ app, ...one }))) : []

/** Who sent something of a type, by the ledger. */
export const rememberedSenders = (
  { ledger }: Team,
  type: string,
): ReadonlyArray<{ readonly app: string; readonly seen: number }> =>
  ledger.known
    ? ledger.value.flatMap(({ app, sent }) => sent.flatMap((one) => one.type === type ? [{ app, seen: one.seen }] : []))
      .toSorted((a, b) => b.seen - a.seen)
    : []

/** Every type that anybody has spoken of. */
export const knownTypes = (team: Team): ReadonlySet<string> =>
  new Set([
    ...team.processes.flatMap(({ handles, emits, calls }) => [
      ...handles.flatMap(({ kind, subject }) => kind === "schedule" ? [] : [subject]),
      ...emits,
      ...calls,
    ]),
    ...rememberedHandlers(team).flatMap(({ kind, subject }) => kind === "schedule" ? [] : [subject]),
    ...(team.ledger.known ? team.ledger.value.flatMap(({ sent }) => sent.map(({ type }) => type)) : []),
  ])

/** Every app that anybody has heard of. */
export const knownApps = (team: Team): ReadonlySet<string> =>
  new Set([
    ...team.processes.flatMap(({ apps }) => apps),
    ...(team.ledger.known ? team.ledger.value.map(({ app }) => app) : []),
  ])

/** A process, for people; `app`: the one of its apps that is meant. */
export const nameOf = ({ apps, where, instance }: Process, app?: string): string =>
  `${app || apps.join(", ") || "a process"} (${where === "" ? `instance ${instance}` : where})`
