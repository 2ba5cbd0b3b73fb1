/**
 * Which dead letters somebody means: a message by its id or a part of it, a group, a handler, an app, or all.
 *
 * Above `queues.ts`. A part of an id must mean one message; one message may be a dead letter of several handlers. What is
 * meant comes out as a question to ask of each letter, so that nothing else is touched, and letters that come later are told
 * apart by it like those that were read.
 */
import { Effect, Schema } from "effect"
import { nearest } from "../../contract/mod.ts"
import type { Peeked } from "../../transport/mod.ts"
import type { Scene } from "../Scene.ts"
import { InspectError } from "../Verb.ts"
import { isGroupId } from "./grouping.ts"
import type { Letter } from "./Letter.ts"
import { type DeadQueues, deadQueues, type QueueRead, readQueues, usualLimit } from "./queues.ts"
import { gatherRoster, type Roster } from "./Roster.ts"

/** Letters of which the payload is kept. */
const mostKept = 200
/** The least of an id that stands for all of it. */
const leastOfId = 4

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))

/** How letters are named: `target` as people write it, and within it those of one handler or app. */
export const SelectionFields = {
  /** An id or its beginning or end, a group, `app.handler` or `app`. */
  target: Schema.optionalKey(Name),
  all: Schema.optionalKey(Schema.Boolean),
  /** Of these, only those of this `app.handler` or `app`. */
  of: Schema.optionalKey(Name),
  /** Letters of a queue that are looked through for it. */
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000_000 }))),
}

/** See {@link SelectionFields}. */
export interface Selection {
  readonly target?: string
  readonly all?: boolean
  readonly of?: string
  readonly limit?: number
}

/** A letter, and the message that it is. */
export interface Kept {
  readonly letter: Letter
  readonly message: Peeked
}

/** A queue that letters are taken out of. */
export interface Holding {
  readonly queue: string
  /** Letters that it held when it was read, whosever: those that come later stay behind them. */
  readonly ready: number
}

/** What is meant. */
export interface Selected {
  readonly roster: Roster
  readonly kind: "message" | "group" | "handler" | "app" | "all"
  /** What it is in full: the id, the group, the handler, the app; `all`: nothing. */
  readonly name: string
  readonly isMeant: (letter: Letter) => boolean
  /** Of the letters that were read, those that are meant: how many, and the oldest with what they hold. */
  readonly count: number
  readonly kept: ReadonlyArray<Kept>
  /** All queues that were read. */
  readonly queues: ReadonlyArray<QueueRead>
  /** Those that hold letters which are meant, as far as can be told. */
  readonly holding: ReadonlyArray<Holding>
  readonly complete: boolean
}

/** Whether a letter is of a handler, or of an app. */
export const isOf = (letter: Letter, of: string): boolean =>
  letter.handler === of || letter.app === of || letter.handler === null && letter.queue === of

/** Finds out what is meant; refuses what means nothing, or too much. */
export const select = Effect.fnUntraced(function* (
  scene: Scene,
  { target, all = false, of, limit = usualLimit }: Selection,
): Effect.fn.Return<Selected, InspectError> {
  if ((target === undefined) !== all) {
    return yield* new InspectError({
      problem: target === undefined ? "No dead letters were named" : `Cannot take "${target}" and all dead letters`,
      remedy: "Name a message's id, a group, app.handler or app (`warren dead ls` lists them), or say --all",
    })
  }
  const roster = yield* gatherRoster(scene)
  const there = yield* deadQueues(scene, roster, undefined)
  const census = yield* takeCensus(scene, there, target, of, limit)
  const selected = yield* resolve({ roster, there, census, target, of })
  const held = heldBySomebody(selected.queues)
  return selected.count > 0 || held === undefined ? selected : yield* held
})

/** Letters that others hold cannot be seen: that there are none is not known then. */
const heldBySomebody = (queues: ReadonlyArray<QueueRead>): InspectError | undefined => {
  const held = queues.find(({ consumers }) => consumers > 0)
  return held === undefined ? undefined : new InspectError({
    problem: `Not all dead letters can be seen: somebody else holds some of ${held.queue}`,
    remedy: "A retry or a look of somebody else may be under way: try again when it is through",
  })
}

/** What reading came to, for every way in which a target can be meant. */
interface Census {
  readonly queues: ReadonlyArray<QueueRead>
  readonly ids: ReadonlySet<string>
  readonly handlers: ReadonlySet<string>
  readonly apps: ReadonlySet<string>
  readonly byKind: Readonly<Record<Selected["kind"], { count: number; kept: Array<Kept>; queues: Set<string> }>>
}

const takeCensus = Effect.fnUntraced(function* (
  scene: Scene,
  { queues }: DeadQueues,
  target: string | undefined,
  of: string | undefined,
  limit: number,
) {
  const some = () => ({ count: 0, kept: [] as Array<Kept>, queues: new Set<string>() })
  const byKind = { message: some(), group: some(), handler: some(), app: some(), all: some() }
  const [ids, handlers, apps] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const read = yield* readQueues(scene, queues, limit, (letter, message) => {
    if (letter.handler !== null) handlers.add(letter.handler)
    apps.add(letter.app)
    if (of !== undefined && !isOf(letter, of)) return
    const add = (kind: Selected["kind"]): void => {
      const one = byKind[kind]
      one.count++
      one.queues.add(letter.queue)
      if (one.kept.length < mostKept) one.kept.push({ letter, message })
    }
    if (target === undefined) return add("all")
    if (letter.group === target) add("group")
    if (letter.handler === target) add("handler")
    if (letter.app === target) add("app")
    if (letter.id === target || mayBePart(target) && isPartOf(target, letter.id)) {
      ids.add(letter.id)
      add("message")
    }
  })
  return { queues: read, ids, handlers, apps, byKind } satisfies Census
})

const mayBePart = (target: string): boolean => target.length >= leastOfId && !target.includes(".")

const isPartOf = (part: string, id: string): boolean => id.startsWith(part) || id.endsWith(part)

const resolve = Effect.fnUntraced(function* (
  { roster, there, census, target, of }: {
    readonly roster: Roster
    readonly there: DeadQueues
    readonly census: Census
    readonly target: string | undefined
    readonly of: string | undefined
  },
): Effect.fn.Return<Selected, InspectError> {
  const { byKind, ids, queues } = census
  const holding = (isIn: (queue: string) => boolean): ReadonlyArray<Holding> =>
    queues.flatMap(({ queue, read, ready }) => isIn(queue) || read < ready ? [{ queue, ready }] : [])
  const selected = (kind: Selected["kind"], name: string, isMeant: (letter: Letter) => boolean): Selected => ({
    roster,
    kind,
    name,
    isMeant: of === undefined ? isMeant : (letter) => isMeant(letter) && isOf(letter, of),
    count: byKind[kind].count,
    kept: byKind[kind].kept,
    queues,
    holding: holding((queue) => byKind[kind].queues.has(queue)),
    complete: there.complete,
  })
  if (target === undefined) return selected("all", "", () => true)
  const message = (id: string): Selected => {
    const exact = byKind.message.kept.filter(({ letter }) => letter.id === id)
    return {
      ...selected("message", id, (letter) => letter.id === id),
      count: exact.length,
      kept: exact,
      holding: holding((queue) => exact.some(({ letter }) => letter.queue === queue)),
    }
  }
  if (ids.has(target)) return message(target)
  if (byKind.group.count > 0) return selected("group", target, ({ group }) => group === target)
  if (byKind.handler.count > 0) return selected("handler", target, ({ handler }) => handler === target)
  if (byKind.app.count > 0) return selected("app", target, ({ app }) => app === target)
  if (ids.size === 1) return message([...ids][0]!)
  if (ids.size > 1) {
    const some = [...ids].slice(0, 3).map((id) => `"${id}"`).join(", ")
    return yield* new InspectError({
      problem: `"${target}" is part of ${ids.size} ids of dead letters: ${some}${ids.size > 3 ? ", …" : ""}`,
      remedy: "Give more of it; the ends of ids differ most",
    })
  }
  return yield* heldBySomebody(queues) ?? nothing(census, roster, target, of, there.complete)
})

const nothing = (
  { queues, handlers, apps }: Census,
  roster: Roster,
  target: string,
  of: string | undefined,
  isComplete: boolean,
): InspectError => {
  const read = queues.reduce((sum, one) => sum + one.read, 0)
  const ready = queues.reduce((sum, one) => sum + one.ready, 0)
  const isKnown = roster.handlers.has(target) || roster.apps.has(target)
  const within = of === undefined ? "" : ` of "${of}"`
  const what = isKnown || apps.has(target) || handlers.has(target)
    ? `"${target}" has no dead letters${within}`
    : isGroupId(target)
    ? `No dead letter${within} is in a group "${target}"`
    : `No dead letter${within} has the id "${target}", and there is no handler or app of that name`
  const scope = read < ready ? `, among the ${read} oldest of ${ready} that were read` : ""
  const near = isKnown ? [] : nearest(target, [...handlers, ...apps])
  return new InspectError({
    problem: `${what}${scope}`,
    remedy: near.length > 0
      ? `Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?`
      : read < ready
      ? "Read more of them with --limit"
      : !isComplete
      ? "Only apps that are known by name are looked at: name their modules with --workers, or --management to see all"
      : "`warren dead ls` lists what there is",
  })
}
