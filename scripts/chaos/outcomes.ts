/**
 * What the journal of an emitter tells of its calls, brought together with their numbers.
 *
 * Between the journal, which knows calls by their ids, and `emitter.ts`, which knows them by their numbers. So the lane of each
 * call is known, and that it had one outcome and not two; what comes of it later still is told too.
 */
import { type Journal, tee } from "../../src/runtime/mod.ts"
import { record, told } from "./child.ts"

/** What is known of one call. */
export interface Following {
  readonly n: number
  /** The lane it went by; `-`: not known. */
  lane: string
  /** How many outcomes it has; one that was refused before it was begun has none in the journal, and one all the same. */
  outcomes: number
  isOver: boolean
}

/** Calls that are remembered, at most: full within the warm-up of a soak, so that it is not taken for a leak. */
const most = 500

const byId = new Map<string, Following>()
let begun: Following | undefined

/** Makes a call: what the journal says while `make` runs is said of it. */
export const follow = <A>(n: number, make: () => A): { readonly following: Following; readonly made: A } => {
  const following: Following = { n, lane: "-", outcomes: 1, isOver: false }
  begun = following
  const made = make()
  begun = undefined
  return { following, made }
}

/** The journal of an emitter. */
export const journal: Journal = tee(told, {
  record: ({ fact, at, id, lane }) => {
    if (fact === "called" && begun !== undefined) {
      begun.outcomes = 0
      byId.set(id, begun)
      if (byId.size > most) byId.delete(byId.keys().next().value!)
    }
    if (fact !== "answered" && fact !== "refused") return
    const following = byId.get(id)
    if (following === undefined) return
    following.outcomes++
    following.lane = lane ?? following.lane
    if (following.isOver) record("again", following.n, at)
  },
})
