/**
 * Which handlers there are: those that run, those that are remembered, and those of the modules at hand.
 *
 * Above presence, the ledger and the scene. Dead letters outlive the handlers that they come from, so it also says who is
 * named nearly like one that is gone, and who listens to the same.
 */
import { Effect } from "effect"
import { nearest } from "../../contract/mod.ts"
import { QueueName } from "../../wire/mod.ts"
import type { KnownHandler } from "../Known.ts"
import type { Scene } from "../Scene.ts"
import { gatherTeam } from "../why/gather.ts"
import { knownApps, living, rememberedHandlers } from "../why/Team.ts"

/** A handler that events or ticks come to. */
export interface RosterEntry extends KnownHandler {
  /** `app.name`. */
  readonly label: string
  /** Whether a process that is heard serves it. */
  readonly isRunning: boolean
}

/** See the top of the file. */
export interface Roster {
  readonly apps: ReadonlySet<string>
  readonly handlers: ReadonlyMap<string, RosterEntry>
}

/** Asks everybody. */
export const gatherRoster = Effect.fnUntraced(function* (scene: Scene): Effect.fn.Return<Roster> {
  const team = yield* gatherTeam(scene)
  const handlers = new Map<string, RosterEntry>()
  const add = (
    one: { readonly app: string; readonly name: string; readonly subject: string; readonly queue: string },
    schema: string,
    isRunning: boolean,
  ): void => {
    const { app, name, subject, queue } = one
    const label = `${app}.${name}`
    // calls are answered at once or not at all, and are no dead letters
    if (queue !== QueueName.call(subject) && !handlers.has(label)) {
      handlers.set(label, { app, name, subject, queue, schema, label, isRunning })
    }
  }
  for (const { handles } of living(team)) for (const one of handles) add(one, one.schema, true)
  const listeners = scene.listeners ?? []
  for (const one of listeners) add({ ...one, queue: QueueName.listener(one.app, one.name) }, "", false)
  for (const one of rememberedHandlers(team)) add(one, one.schema, false)
  return { apps: new Set([...knownApps(team), ...listeners.map(({ app }) => app)]), handlers }
})

/** The event that a handler takes; `undefined`: nobody knows it, or it is a schedule. */
export const subjectOf = ({ handlers }: Roster, label: string): string | undefined => {
  const found = handlers.get(label)
  return found === undefined || found.queue === QueueName.schedule(found.app, found.name) ? undefined : found.subject
}

/** Whom somebody may have meant: who is named nearly like it and takes the same, or who takes the same, or who is named so. */
export const meant = ({ handlers }: Roster, label: string, type: string): ReadonlyArray<string> => {
  const app = label.slice(0, label.indexOf("."))
  const all = [...handlers.values()].filter((one) => one.label !== label)
  const same = all.filter((one) => one.subject === type && one.app === app)
  // one that is only remembered may be gone as well
  const here = same.filter(({ isRunning }) => isRunning)
  const takers = (here.length > 0 ? here : same).map((one) => one.label)
  const near = nearest(label, all.map((one) => one.label))
  const both = near.filter((one) => takers.includes(one))
  return (both.length > 0 ? both : takers.length > 0 ? takers : near).slice(0, 3)
}
