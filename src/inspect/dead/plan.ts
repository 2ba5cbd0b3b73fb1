/**
 * What a retry or a drop would do, found out by reading alone.
 *
 * Above selection and destinations; what `--dry-run` shows, and what people are asked about.
 */
import { Effect } from "effect"
import type { Scene } from "../Scene.ts"
import type { InspectError } from "../Verb.ts"
import { type Destination, type Destinations } from "./destinations.ts"
import type { Fitting } from "./fit.ts"
import { Groups } from "./Groups.ts"
import type { Letter } from "./Letter.ts"
import { mostGroups } from "./ls.ts"
import type { Part, PlanTold } from "./Moving.ts"
import { readQueues } from "./queues.ts"
import type { Selected } from "./selection.ts"

type Counting = { -readonly [K in keyof Part]: Part[K] }

/** Reads what is meant. `retrying`: what is needed to say what would become of it. */
export const planOf = Effect.fnUntraced(function* (
  scene: Scene,
  selected: Selected,
  limit: number,
  retrying: { readonly destinations: Destinations; readonly fitting: Fitting } | undefined,
): Effect.fn.Return<PlanTold, InspectError> {
  const groups = new Groups()
  /** By the way that they go; the first of each is looked up later. */
  const ways = new Map<string, { readonly letter: Letter; readonly part: Counting }>()
  const queues = yield* readQueues(
    scene,
    selected.holding.map(({ queue }) => queue),
    limit,
    (letter, { packet }) => {
      if (!selected.isMeant(letter)) return
      groups.add(letter)
      if (retrying === undefined) return
      const key = JSON.stringify([letter.handler, letter.from, letter.type])
      const { part } = ways.get(key) ?? ways.set(key, { letter, part: empty(letter) }).get(key)!
      part.count++
      const fit = retrying.fitting.fit(letter, packet.body)
      if (fit.fits === true) part.fits++
      else if (fit.fits === null) {
        part.unknown++
        part.firstUnknown ??= fit.why
      } else {
        part.misfits++
        part.firstMisfit ??= { id: letter.id, misfits: fit.misfits }
      }
    },
  )
  const parts = yield* Effect.forEach(
    ways.values(),
    ({ letter, part }) => Effect.map(retrying!.destinations.lookUp(letter), (found) => withDestination(part, found)),
  )
  return {
    kind: "plan",
    at: scene.core.now(),
    meant: { kind: selected.kind, name: selected.name },
    count: groups.count,
    groups: groups.sorted().slice(0, mostGroups),
    parts,
    queues,
    within: Object.fromEntries(queues.map(({ queue, read }) => [queue, read])),
  }
})

const empty = ({ handler }: Letter): Counting => ({
  handler,
  queue: null,
  consumers: null,
  why: null,
  remedy: null,
  count: 0,
  fits: 0,
  misfits: 0,
  unknown: 0,
  firstMisfit: null,
  firstUnknown: null,
})

const withDestination = (part: Part, found: Destination): Part =>
  found.isThere
    ? { ...part, handler: found.handler, queue: found.queue, consumers: found.consumers }
    : { ...part, why: found.why, remedy: found.remedy }
