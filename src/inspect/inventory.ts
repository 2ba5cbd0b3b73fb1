/**
 * What is in a broker, sorted by who it belongs to: what modules derive, what nobody handles any more, and the rest.
 *
 * `sortQueues` is pure; `takeInventory` fills it from a steward. A queue is an orphan only where its app is among the
 * modules, its handler is not, and nobody consumes it or says to serve it: another version of the app may run. It
 * changes nothing, and looks at no message.
 */
import { Effect } from "effect"
import type { Instance } from "../runtime/mod.ts"
import type { Binding, QueueFacts, Steward, StewardError, Survey, Surveyor } from "../transport/mod.ts"
import { Exchange } from "../wire/mod.ts"
import { type Known, servers } from "./Known.ts"
import { type QueueName, readQueueName } from "./queueNames.ts"

/** A queue, and what its name says. */
export interface Holding extends QueueFacts, QueueName {}

/** A queue whose handler does not exist any more. */
export interface Orphan extends Holding {
  /** The events that still come into it; `null`: bindings cannot be seen. */
  readonly events: ReadonlyArray<string> | null
}

/** A queue that is in no module and no orphan, and why. */
export interface Used extends Holding {
  readonly why: string
}

/** A binding that brings a listener events which it does not handle: each would be dead-lettered as undecodable. */
export interface StaleBinding extends Binding {
  readonly handler: string
  /** What it listens to now. */
  readonly listensTo: ReadonlyArray<string>
}

/** Everything, by owner. */
export interface Inventory {
  /** Whether every queue was seen, rather than those of known names. */
  readonly complete: boolean
  /** Derived from the modules, and there. */
  readonly derived: ReadonlyArray<Holding>
  /** Derived from the modules, and not there: nobody has run them yet, or for calls nobody runs them now. */
  readonly missing: ReadonlyArray<string>
  readonly orphans: ReadonlyArray<Orphan>
  readonly inUse: ReadonlyArray<Used>
  readonly stale: ReadonlyArray<StaleBinding>
  /** Dead-letter queues, of any app. */
  readonly dead: ReadonlyArray<Holding>
  /** Queues of apps that are not among the modules. */
  readonly others: ReadonlyArray<Holding>
  /** Queues of single processes, retry tiers, calls of other apis. */
  readonly common: ReadonlyArray<Holding>
}

/** Sorts what a survey found. */
export const sortQueues = (known: Known, survey: Survey, instances: ReadonlyArray<Instance>): Inventory => {
  const derivedNames = new Set(known.queues)
  const present = new Set(survey.queues.map(({ name }) => name))
  const holdings = survey.queues.map((facts): Holding => ({ ...facts, ...readQueueName(facts.name) })).toSorted(byName)
  const inventory = {
    derived: holdings.filter(({ name }) => derivedNames.has(name)),
    dead: holdings.filter(({ role }) => role === "dead"),
    orphans: [] as Array<Orphan>,
    inUse: [] as Array<Used>,
    others: [] as Array<Holding>,
    common: [] as Array<Holding>,
  }
  for (const holding of holdings) {
    const { name, role, app } = holding
    if (derivedNames.has(name) || role === "dead") continue
    if (role !== "listener" && role !== "schedule" && role !== "token") inventory.common.push(holding)
    else if (!known.apps.includes(app)) inventory.others.push(holding)
    else {
      const why = whyInUse(holding, instances)
      if (why !== undefined) inventory.inUse.push({ ...holding, why })
      else {
        const events = survey.bindings?.filter(({ queue }) => queue === name).map(({ key }) => key) ?? null
        inventory.orphans.push({ ...holding, events })
      }
    }
  }
  return {
    complete: survey.complete,
    ...inventory,
    missing: known.queues.filter((name) => !present.has(name)),
    stale: staleIn(known, survey, instances),
  }
}

/** Why a queue that no module derives is no orphan; `undefined`: it is one. */
export const whyInUse = (
  { name, consumers }: QueueFacts,
  instances: ReadonlyArray<Instance>,
): string | undefined => {
  const serving = servers(instances, name)
  if (serving.length > 0) {
    const { instance, host, pid } = serving[0]!.instance
    const more = serving.length > 1 ? `, and ${serving.length - 1} more` : ""
    return `served by instance ${instance} (host "${host}", pid ${pid}${more})`
  }
  return consumers !== null && consumers > 0
    ? `${consumers} ${consumers === 1 ? "consumer" : "consumers"} that said nothing`
    : undefined
}

const staleIn = (known: Known, survey: Survey, instances: ReadonlyArray<Instance>): ReadonlyArray<StaleBinding> => {
  const consumers = new Map(survey.queues.map((facts) => [facts.name, facts.consumers]))
  return known.handlers.flatMap(({ app, name, queue }) => {
    if (readQueueName(queue).role !== "listener") return []
    const listensTo = known.bindings.filter((one) => one.queue === queue).map(({ key }) => key)
    const serving = servers(instances, queue)
    // somebody consumes it and does not say what: perhaps just that event
    if (serving.length === 0 && (consumers.get(queue) ?? 0) > 0) return []
    const served = serving.map(({ subject }) => subject)
    return (survey.bindings ?? [])
      .filter((one) => one.queue === queue && !listensTo.includes(one.key) && !served.includes(one.key))
      .map((binding) => ({ ...binding, handler: `${app}.${name}`, listensTo }))
  })
}

/** Surveys and sorts; counts of what matters are the broker's own, not a source's of some seconds ago. */
export const takeInventory = Effect.fnUntraced(function* (
  steward: Steward,
  surveyor: Surveyor,
  known: Known,
  instances: ReadonlyArray<Instance>,
  named: ReadonlyArray<string> = [],
): Effect.fn.Return<Inventory, StewardError> {
  const served = instances.flatMap(({ apps }) => apps.flatMap(({ handlers }) => handlers.map(({ queue }) => queue)))
  const survey = yield* surveyor.survey({
    prefix: "warren.",
    exchange: Exchange.events,
    known: [...known.queues, ...served.filter((queue) => queue.startsWith("warren.")), ...named],
  })
  const first = sortQueues(known, survey, instances)
  const decisive = new Set([...first.derived, ...first.orphans, ...first.dead].map(({ name }) => name))
  const queues = yield* Effect.forEach(
    survey.queues,
    (facts) =>
      !survey.complete || !decisive.has(facts.name) ? Effect.succeed(facts) : Effect.map(
        steward.look(facts.name),
        (now): QueueFacts | undefined =>
          now && { ...facts, ready: now.ready ?? facts.ready, consumers: now.consumers ?? facts.consumers },
      ),
    {
      concurrency: 4,
    },
  )
  return sortQueues(known, { ...survey, queues: queues.filter((one) => one !== undefined) }, instances)
})

const byName = (a: Holding, b: Holding): number => a.name < b.name ? -1 : a.name > b.name ? 1 : 0
