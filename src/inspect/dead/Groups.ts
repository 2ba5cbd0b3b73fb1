/**
 * Dead letters gathered by what they have in common, while they are read one after another.
 *
 * Keeps none of them: counts, times, and a few ids of each group.
 */
import { shapeOf } from "./grouping.ts"
import { type Buried, type Letter, timeOfLetter } from "./Letter.ts"

/** What is told of each group at most. */
const most = { ids: 3, types: 5 } as const

/** Letters of one handler that died of the same. */
export interface LetterGroup {
  readonly group: string
  readonly app: string
  /** `app.handler`; `null`: nobody says. */
  readonly handler: string | null
  readonly buried: Buried
  readonly reason: string
  /** The error without what differs. */
  readonly shape: string
  /** The newest one's, as it is. */
  readonly error: string
  readonly count: number
  readonly types: ReadonlyArray<string>
  /** When the first and the last died, or else were sent; `null`: nobody says. */
  readonly oldest: number | null
  readonly newest: number | null
  /** Whether those are times of sending. */
  readonly undated: boolean
  /** The least and the most; `null`: nobody counted. */
  readonly attempts: readonly [least: number, most: number] | null
  /** The newest ones' ids. */
  readonly ids: ReadonlyArray<string>
}

/** See the top of the file. */
export class Groups {
  readonly #groups = new Map<string, Gathered>()
  #count = 0

  /** Letters so far. */
  get count(): number {
    return this.#count
  }

  /** One more. */
  add(letter: Letter): void {
    this.#count++
    gather(this.#groups, letter)
  }

  /** The groups, the latest first. */
  sorted(): ReadonlyArray<LetterGroup> {
    return [...this.#groups.values()].map(groupOf).toSorted((a, b) =>
      (b.newest ?? 0) - (a.newest ?? 0) || b.count - a.count || (a.group < b.group ? -1 : 1)
    )
  }
}

interface Gathered {
  readonly letters: { newest: Letter }
  readonly types: Set<string>
  readonly ids: Array<string>
  count: number
  oldest: number | null
  newest: number | null
  undated: boolean
  attempts: readonly [number, number] | null
}

const gather = (groups: Map<string, Gathered>, letter: Letter): void => {
  const at = timeOfLetter(letter)
  let one = groups.get(letter.group)
  if (one === undefined) {
    one = {
      letters: { newest: letter },
      types: new Set(),
      ids: [],
      count: 0,
      oldest: at,
      newest: at,
      undated: false,
      attempts: null,
    }
    groups.set(letter.group, one)
  }
  one.count++
  one.undated ||= letter.at === null
  if (at !== null) {
    one.oldest = Math.min(one.oldest ?? at, at)
    if (at >= (one.newest ?? at)) one.letters.newest = letter
    one.newest = Math.max(one.newest ?? at, at)
  }
  if (one.types.size < most.types) one.types.add(letter.type)
  if (letter.attempts !== null) {
    const [least, many] = one.attempts ?? [letter.attempts, letter.attempts]
    one.attempts = [Math.min(least, letter.attempts), Math.max(many, letter.attempts)]
  }
  // the last that are read are the newest
  one.ids.push(letter.id)
  if (one.ids.length > most.ids) one.ids.shift()
}

const groupOf = ({ letters: { newest: letter }, types, ids, ...one }: Gathered): LetterGroup => ({
  group: letter.group,
  app: letter.app,
  handler: letter.handler,
  buried: letter.buried,
  reason: letter.reason,
  shape: shapeOf(letter.error),
  error: letter.error,
  types: [...types],
  ...one,
  ids: ids.toReversed(),
})
