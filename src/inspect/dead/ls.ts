/**
 * The verb `dead.ls`: what was given up, by handler and error, and how much of it was read.
 *
 * Changes nothing. Numbers and ids in errors do not count, so that one mistake is one group however many messages it met.
 */
import { Effect, Schema } from "effect"
import { nearest } from "../../contract/mod.ts"
import { readInput } from "../readInput.ts"
import type { Scene } from "../Scene.ts"
import { type Asking, InspectError } from "../Verb.ts"
import { Groups, type LetterGroup } from "./Groups.ts"
import { deadQueues, type QueueRead, readQueues, usualLimit } from "./queues.ts"
import { gatherRoster } from "./Roster.ts"
import { isOf, SelectionFields } from "./selection.ts"

/** Groups that are told of one by one. */
export const mostGroups = 500

/** See the top of the file. */
export interface DeadReport {
  readonly at: number
  /** The groups, the latest first. */
  readonly groups: ReadonlyArray<LetterGroup>
  /** Groups that are not listed. */
  readonly more: number
  /** Letters that were meant, of all groups. */
  readonly count: number
  readonly queues: ReadonlyArray<QueueRead>
  /** Whether these are all queues of dead letters, rather than those of apps that are known. */
  readonly complete: boolean
  /** Why not all can be seen, and how they could. */
  readonly note: string | null
}

const Input = Schema.Struct({ of: SelectionFields.of, limit: SelectionFields.limit })

/** The verb. */
export const deadLs: Asking = {
  kind: "ask",
  name: "dead.ls",
  looks: true,
  run: (scene, input) =>
    Effect.flatMap(readInput("dead.ls", Input, input), ({ of, limit = usualLimit }) => list(scene, of, limit)),
}

const list = Effect.fnUntraced(function* (
  scene: Scene,
  of: string | undefined,
  limit: number,
): Effect.fn.Return<DeadReport, InspectError> {
  const roster = yield* gatherRoster(scene)
  const dot = of?.indexOf(".") ?? -1
  const app = of === undefined ? undefined : dot < 0 ? of : of.slice(0, dot)
  const there = yield* deadQueues(scene, roster, app)
  if (of !== undefined && there.queues.length === 0 && !roster.apps.has(app!)) {
    const near = nearest(app!, roster.apps)
    return yield* new InspectError({
      problem: `There is no app "${app}": nobody runs it or remembers it, and it has no queue of dead letters`,
      remedy: near.length === 0 ? undefined : `Did you mean ${near.map((one) => `"${one}"`).join(" or ")}?`,
    })
  }
  const groups = new Groups()
  const queues = yield* readQueues(scene, there.queues, limit, (letter) => {
    if (of === undefined || isOf(letter, of)) groups.add(letter)
  })
  const sorted = groups.sorted()
  return {
    at: scene.core.now(),
    groups: sorted.slice(0, mostGroups),
    more: Math.max(0, sorted.length - mostGroups),
    count: groups.count,
    queues,
    complete: there.complete,
    note: there.complete ? null : scene.note ?? "only queues of apps that are known by name are seen",
  }
})
