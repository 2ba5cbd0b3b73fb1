/**
 * Numbers, texts and constants of one schema against those of another: by their limits, and by values that decide.
 *
 * Below `fits.ts`. What limits cannot prove, and no value refutes, is unknown.
 */
import type { Alternative, Constant, Numbers, Texts } from "./Alternative.ts"
import { acceptsAs } from "./accepts.ts"
import { type Misfit, partly, type Roots } from "./Misfit.ts"
import { numbersAround, textsAround } from "./sample.ts"
import { isShared, isSure } from "./trust.ts"

/** Many values are written, one is read. */
export const constants = (roots: Roots, one: Alternative, other: Constant): ReadonlyArray<Misfit> => {
  const isAlways = acceptsAs(roots.writer, one, other.value) === false
  return [scalar(roots, one, other, [], isAlways)]
}

/** A number against another's bounds. */
export const number = (roots: Roots, one: Numbers, other: Numbers): ReadonlyArray<Misfit> => {
  const isAbove = one.least > other.least || one.least === other.least && (one.isAbove || !other.isAbove)
  const isBelow = one.most < other.most || one.most === other.most && (one.isBelow || !other.isBelow)
  const isWhole = one.isInteger || !other.isInteger || one.multiples.some(Number.isInteger)
  const isMultiple = other.multiples.every((by) =>
    one.multiples.some((mine) => Number.isInteger(mine / by)) || one.isInteger && Number.isInteger(1 / by)
  )
  if (isAbove && isBelow && isWhole && isMultiple) return []
  const isAlways = one.least > other.most || one.most < other.least
  return [scalar(roots, one, other, [...numbersAround(one), ...numbersAround(other)], isAlways)]
}

/** A text against another's lengths and patterns. */
export const text = (roots: Roots, one: Texts, other: Texts): ReadonlyArray<Misfit> => {
  const [least, most] = [Math.max(one.least, one.leastPoints), Math.min(one.most, 2 * one.mostPoints)]
  const leastPoints = Math.max(one.leastPoints, Math.ceil(one.least / 2))
  const mostPoints = Math.min(one.mostPoints, one.most)
  if (
    least >= other.least && most <= other.most && leastPoints >= other.leastPoints &&
    mostPoints <= other.mostPoints && other.patterns.every((source) => one.patterns.includes(source))
  ) return []
  const isAlways = least > other.most || most < other.least || leastPoints > other.mostPoints ||
    mostPoints < other.leastPoints
  const bounds = [least, most, leastPoints, mostPoints, other.least, other.most, other.leastPoints, other.mostPoints]
  return [scalar(roots, one, other, textsAround(...bounds), isAlways)]
}

/** A value that one writes and the other refuses decides. */
export const scalar = (
  roots: Roots,
  one: Alternative,
  other: Alternative,
  near: ReadonlyArray<unknown>,
  isAlways: boolean,
): Misfit => {
  const values = one.kind === "string" ? [...near, ...textsAround(one.least, one.leastPoints)] : [
    ...near,
    ...(one.kind === "number" ? numbersAround(one) : []),
  ]
  const written = values.filter((value) => acceptsAs(roots.writer, { ...one, code: [] }, value) === true)
  const code = other.code.filter((name) => !isShared(name, one))
  const value = written.find((value) => acceptsAs(roots.reader, { ...other, code, strange: [] }, value) === false)
  if (value === undefined && !isAlways) {
    return partly(roots, one, other, { verdict: "unknown", why: "no value was found that is refused, and no proof" })
  }
  // what code writes is not known by example
  return partly(roots, one, other, { isAlways, ...(value !== undefined && isSure(one) && { example: { value } }) })
}
