/**
 * What a question is about: an event's listeners or a call's servers, among those who run and those who are remembered.
 *
 * Pure. Where nobody fits there is no target, and the link `listener` says what there is instead.
 */
import type { ContractSpec } from "../../contract/mod.ts"
import { QueueName } from "../../wire/mod.ts"
import { readQueueName } from "../queueNames.ts"
import type { ModuleListener } from "../Scene.ts"
import type { Surroundings, Target } from "./Evidence.ts"
import type { Question } from "./Question.ts"
import { living, rememberedHandlers, type Team } from "./Team.ts"

/** Listeners that one question looks at. */
const most = 8

/** An app and, where it was named, its handler. */
export const addressee = ({ to }: Question): { readonly app?: string; readonly handler?: string } => {
  if (to === undefined) return {}
  const dot = to.indexOf(".")
  return dot < 0 ? { app: to } : { app: to.slice(0, dot), handler: to.slice(dot + 1) }
}

/** Whether a name is an event's or a call's, as far as anybody knows. */
export const kindOf = (
  type: string,
  contracts: ReadonlyMap<string, ContractSpec>,
  team: Team,
): "event" | "call" | undefined => {
  const contract = contracts.get(type)
  if (contract !== undefined) return contract.kind
  const handles = [...team.processes.flatMap(({ handles }) => handles), ...rememberedHandlers(team)]
  const handler = handles.find(({ subject, kind }) => subject === type && kind !== "schedule")
  if (handler !== undefined) return handler.kind === "call" ? "call" : "event"
  if (team.processes.some(({ calls }) => calls.includes(type))) return "call"
  if (team.processes.some(({ emits }) => emits.includes(type))) return "event"
  const sent = team.ledger.known ? team.ledger.value.flatMap((app) => app.sent) : []
  return sent.find((one) => one.type === type)?.kind
}

/** Who is asked about; those who run go before those who once did. */
export const targetsOf = (question: Question, kind: "event" | "call", team: Team): ReadonlyArray<Target> => {
  const { subject } = question
  const { app, handler } = addressee(question)
  if (kind === "call") {
    const server = living(team).flatMap(({ handles }) => handles).find((one) => isCall(one, subject)) ??
      rememberedHandlers(team).find((one) => isCall(one, subject))
    return [{ kind, app: server?.app ?? app ?? "", handler: server?.name ?? "", queue: QueueName.call(subject) }]
  }
  const fits = (
    one: { readonly app: string; readonly name: string; readonly kind: string; readonly subject: string },
  ) =>
    one.kind === "listener" && one.subject === subject && (app === undefined || one.app === app) &&
    (handler === undefined || one.name === handler)
  const running = living(team).flatMap(({ handles }) => handles).filter(fits)
  const once = rememberedHandlers(team).filter(fits)
  // a handler that its running app does not have any more is nobody's
  const isGone = (of: string) => living(team).some(({ handles }) => handles.some((one) => one.app === of))
  const all = [...running, ...once.filter((one) => !isGone(one.app))]
  const byQueue = new Map(all.map((one) => [one.queue, one]))
  return [...byQueue.values()].slice(0, most).map((one): Target => ({
    kind,
    app: one.app,
    handler: one.name,
    queue: one.queue,
  }))
}

/**
 * Listeners that nobody who runs or is remembered speaks of: of the modules at hand, and by the names of bound queues. There
 * was one only where its queue is.
 */
export const supposedTargets = (
  question: Question,
  team: Team,
  listeners: ReadonlyArray<ModuleListener>,
  bindings: Surroundings["bindings"],
): ReadonlyArray<Target> => {
  const { subject } = question
  const { app, handler } = addressee(question)
  const bound = bindings.known ? bindings.value : []
  const byName = bound.flatMap(({ queue, key }) => {
    const { role, app, rest } = readQueueName(queue)
    return role === "listener" && key === subject ? [{ app, name: rest, subject }] : []
  })
  const fits = [...listeners, ...byName].filter((one) =>
    one.subject === subject && (app === undefined || one.app === app) &&
    (handler === undefined || one.name === handler) && !living(team).some(({ apps }) => apps.includes(one.app))
  )
  const byQueue = new Map(fits.map(({ app, name }) => [QueueName.listener(app, name), { app, handler: name }]))
  return [...byQueue].slice(0, most).map(([queue, one]): Target => ({ kind: "event", ...one, queue }))
}

const isCall = ({ kind, subject }: { readonly kind: string; readonly subject: string }, type: string): boolean =>
  kind === "call" && subject === type
