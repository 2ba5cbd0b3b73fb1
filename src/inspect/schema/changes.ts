/**
 * What changed between two schemas, field by field and in words, whether it breaks anybody or not.
 *
 * Pure, for people: whether one reads what the other writes is asked of `fits.ts`. Looks into objects and lists that have
 * one form on both sides; anything else is told by its words.
 */
import { fieldOf, keysOf, type Root, type Schema } from "./Alternative.ts"
import { formOfAll, rootOf } from "./Form.ts"
import { wordsOf } from "./words.ts"

/** One place where two schemas differ. */
export interface Change {
  /** `sku`, `lines[].sku`; `""`: the whole. */
  readonly path: string
  readonly was: string
  readonly is: string
}

/** So many are listed, so deep. */
const most = 20
const deepest = 8

/** Every place that differs in words. */
export const changesBetween = (old: Schema, new_: Schema): ReadonlyArray<Change> => {
  const roots: readonly [Root, Root] = [rootOf(old), rootOf(new_)]
  try {
    return inside(roots, [old], [new_], "", 0).slice(0, most)
  } catch {
    // what cannot be compared is said elsewhere
    return []
  }
}

const inside = (
  roots: readonly [Root, Root],
  old: ReadonlyArray<Schema>,
  new_: ReadonlyArray<Schema>,
  path: string,
  depth: number,
): ReadonlyArray<Change> => {
  const [was, is] = [formOfAll(roots[0], old), formOfAll(roots[1], new_)]
  const [one, other] = [was[0], is[0]]
  if (was.length === 1 && is.length === 1 && depth < deepest) {
    if (one?.kind === "object" && other?.kind === "object") {
      return [...new Set([...keysOf(one), ...keysOf(other)])].flatMap((key): ReadonlyArray<Change> => {
        const at = path === "" ? key : `${path}.${key}`
        const word = (root: Root, from: typeof one) =>
          keysOf(from).has(key)
            ? `${from.required.has(key) ? "" : "optional, "}${wordsOf(root, formOfAll(root, fieldOf(from, key)))}`
            : "not there"
        const isInBoth = keysOf(one).has(key) && keysOf(other).has(key)
        if (isInBoth && one.required.has(key) === other.required.has(key)) {
          return inside(roots, fieldOf(one, key), fieldOf(other, key), at, depth + 1)
        }
        return [{ path: at, was: word(roots[0], one), is: word(roots[1], other) }]
      })
    }
    if (one?.kind === "array" && other?.kind === "array" && one.first.length === 0 && other.first.length === 0) {
      const items = inside(roots, one.rest, other.rest, `${path}[]`, depth + 1)
      if (items.length > 0) return items
    }
  }
  const words = { was: wordsOf(roots[0], was), is: wordsOf(roots[1], is) }
  return words.was === words.is ? [] : [{ path, ...words }]
}
