/**
 * How two JSON values differ: the places, with what was there and what is.
 *
 * Pure. Goes into objects and lists of one length; what else differs is told as a whole.
 */
import { show } from "../../contract/mod.ts"

/** Places that are told. */
const most = 100

/** One place. `null`: there was nothing, or is nothing. */
export interface Change {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

/** The places, at most so many as anybody reads. */
export const changesBetween = (before: unknown, after: unknown): ReadonlyArray<Change> =>
  walk(before, after, "").slice(0, most)

const walk = (before: unknown, after: unknown, field: string): ReadonlyArray<Change> => {
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
      const below = field === "" ? key : `${field}.${key}`
      if (!Object.hasOwn(after, key)) return [{ field: below, before: show(before[key]), after: null }]
      if (!Object.hasOwn(before, key)) return [{ field: below, before: null, after: show(after[key]) }]
      return walk(before[key], after[key], below)
    })
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one, i) => walk(one, after[i], `${field}[${i}]`))
  }
  return Object.is(before, after) || JSON.stringify(before) === JSON.stringify(after)
    ? []
    : [{ field, before: show(before), after: show(after) }]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
