/**
 * What fits one schema and another, and what fits one and not another.
 *
 * Below `Form.ts`. Limits are narrowed where they are of one kind; what cannot be narrowed is kept as a strange keyword.
 */
import {
  type Alternative,
  type Common,
  isLongEnough,
  isSame,
  isWithin,
  matches,
  typeOf,
  types,
  union,
  whole,
} from "./Alternative.ts"
import { each, isRecord } from "./ownForm.ts"

/** What fits one of each. */
export const both = (one: ReadonlyArray<Alternative>, two: ReadonlyArray<Alternative>): ReadonlyArray<Alternative> =>
  one.length * two.length > most
    ? [{ ...whole, strange: ["allOf"] }]
    : one.flatMap((a) => two.flatMap((b) => merged(a, b)))

/** Pairs that are looked at. */
const most = 50_000

const merged = (a: Alternative, b: Alternative): ReadonlyArray<Alternative> => {
  const own: Common = { code: union(a.code, b.code), strange: union(a.strange, b.strange) }
  if (a.kind === "anything") return [{ ...b, ...own }]
  if (b.kind === "anything") return [{ ...a, ...own }]
  if (typeOf(a) !== typeOf(b)) return []
  if (a.kind === "constant") {
    if (b.kind === "constant") return isSame(a.value, b.value) ? [{ ...a, ...own }] : []
    return withinLimits(b, a.value) ? [{ ...a, ...own, ...remaining(b, own) }] : []
  }
  if (b.kind === "constant") return merged(b, a)
  if (a.kind === "number" && b.kind === "number") {
    return [{
      kind: "number",
      ...own,
      isInteger: a.isInteger || b.isInteger,
      least: Math.max(a.least, b.least),
      most: Math.min(a.most, b.most),
      isAbove: a.least === b.least ? a.isAbove || b.isAbove : (a.least > b.least ? a : b).isAbove,
      isBelow: a.most === b.most ? a.isBelow || b.isBelow : (a.most < b.most ? a : b).isBelow,
      multiples: [...new Set([...a.multiples, ...b.multiples])],
    }]
  }
  if (a.kind === "string" && b.kind === "string") {
    return [{
      kind: "string",
      ...own,
      least: Math.max(a.least, b.least),
      most: Math.min(a.most, b.most),
      leastPoints: Math.max(a.leastPoints, b.leastPoints),
      mostPoints: Math.min(a.mostPoints, b.mostPoints),
      patterns: union(a.patterns, b.patterns),
    }]
  }
  if (a.kind === "array" && b.kind === "array") {
    return [{
      kind: "array",
      ...own,
      first: Array.from({ length: Math.max(a.first.length, b.first.length) }, (_, i) => [
        ...(a.first[i] ?? a.rest),
        ...(b.first[i] ?? b.rest),
      ]),
      rest: [...a.rest, ...b.rest],
      least: Math.max(a.least, b.least),
      most: Math.min(a.most, b.most),
      isUnique: a.isUnique || b.isUnique,
    }]
  }
  if (a.kind === "object" && b.kind === "object") {
    return [{
      kind: "object",
      ...own,
      groups: [...a.groups, ...b.groups],
      required: new Set([...a.required, ...b.required]),
      least: Math.max(a.least, b.least),
      most: Math.min(a.most, b.most),
    }]
  }
  return [{ ...a, ...own }]
}

/** Whether a constant is within the limits of its type that can be seen at once; lists and objects have others. */
const withinLimits = (limits: Alternative, value: unknown): boolean =>
  limits.kind === "number" && typeof value === "number"
    ? isWithin(limits, value)
    : limits.kind === "string" && typeof value === "string"
    ? isLongEnough(limits, value) && limits.patterns.every((source) => matches(source, value) !== false)
    : true

const remaining = (limits: Alternative, own: Common): Partial<Common> =>
  limits.kind === "array" || limits.kind === "object" ? { strange: union(own.strange, ["enum"]) } : {}

/** What is not of a type; of another `not` only its name is known. */
export const without = (form: ReadonlyArray<Alternative>, not: unknown): ReadonlyArray<Alternative> => {
  const keys = isRecord(not) ? Object.keys(not) : undefined
  if (not === true || keys?.length === 0) return []
  const type = isRecord(not) && keys?.length === 1 ? not["type"] : undefined
  if (!types.some((one) => one === type)) return form.map((one) => ({ ...one, strange: [...one.strange, "not"] }))
  return form.flatMap((one) => one.kind === "anything" ? each(one) : [one]).filter((one) => typeOf(one) !== type)
}
