/**
 * One place where something is written that is not, or perhaps not, accepted; and the two documents it is found in.
 *
 * Below everything that compares schemas. Pure.
 */
import type { Alternative, Root } from "./Alternative.ts"
import type { Sample } from "./sample.ts"
import { wordsOf } from "./words.ts"

/** One place where something is written that is not, or perhaps not, accepted. */
export interface Misfit {
  /** `sku`; `[]` for any item, `[0]` for one, `{}` for any key. */
  readonly path: ReadonlyArray<string>
  readonly verdict: "breaks" | "unknown"
  /** Whether every value there is refused, rather than some. */
  readonly isAlways: boolean
  /** What is written, in words. */
  readonly writer: string
  /** What is read, in words. */
  readonly reader: string
  /** Why it cannot be told. */
  readonly why?: string
  /** A whole value that is written and refused. */
  readonly example?: Sample
}

/** Whose values are held against whose schema. */
export interface Roots {
  readonly writer: Root
  readonly reader: Root
}

/** Places that are listed of one comparison. */
export const most = 50

/** Some of what is written there. */
export const partly = (roots: Roots, one: Alternative, other: Alternative, more: Partial<Misfit> = {}): Misfit => {
  const [writer, reader] = [wordsOf(roots.writer, [one]), wordsOf(roots.reader, [other])]
  return { path: [], verdict: "breaks", isAlways: false, writer, reader, ...more }
}

/** A misfit where the reader may accept what its schema does not. */
export const unsure = (misfit: Misfit): Misfit => ({
  why: "its reader has middleware",
  ...misfit,
  verdict: "unknown",
  isAlways: false,
})

/** Each once; what is of the first item and of any is of any. */
export const distinct = (misfits: ReadonlyArray<Misfit>): ReadonlyArray<Misfit> => {
  const found = new Map<string, Misfit>()
  for (const misfit of misfits) {
    const { path, verdict, writer, reader } = misfit
    const key = JSON.stringify([path.map((step) => step.startsWith("[") ? "[]" : step), verdict, writer, reader])
    const known = found.get(key)
    found.set(key, known === undefined ? misfit : { ...known, path, isAlways: known.isAlways || misfit.isAlways })
  }
  return [...found.values()].slice(0, most)
}
