/**
 * Lists and objects of one schema against those of another: what is inside is compared, and told as part of the whole.
 *
 * Below `fits.ts`, which it asks back for what is inside, so that recursive schemas end there.
 */
import { whenAbsent } from "../../contract/mod.ts"
import {
  type Alternative,
  fieldOf,
  isLenient,
  keysOf,
  type Lists,
  matches,
  type Objects,
  type Schema,
} from "./Alternative.ts"
import { codeWords } from "./code.ts"
import { formOfAll } from "./Form.ts"
import { type Misfit, most, partly, type Roots } from "./Misfit.ts"
import { otherKey, type Sample, sampleAs, sampleObject, sampleOf } from "./sample.ts"
import { isShared, isSure } from "./trust.ts"

/** Two documents, and how what is inside is compared. */
export interface Comparing extends Roots {
  readonly compare: (written: ReadonlyArray<Schema>, read: ReadonlyArray<Schema>) => ReadonlyArray<Misfit>
}

/** A list against another: its length, then its items. */
export const list = (at: Comparing, one: Lists, other: Lists): ReadonlyArray<Misfit> => {
  const misfits: Array<Misfit> = []
  const listed = (length: number): Sample | undefined => sampleAs(at.writer, { ...one, least: length })
  if (one.least < other.least || one.most > other.most) {
    const isAlways = one.most < other.least || one.least > other.most
    const length = one.least < other.least ? one.least : Math.max(one.least, other.most + 1)
    const example = length < 100 ? listed(length) : undefined
    misfits.push(partly(at, one, other, { isAlways, ...(example !== undefined && { example }) }))
  }
  if (other.isUnique && !one.isUnique && one.most > 1) {
    const item = sampleOf(at.writer, one.first[0] ?? one.rest)
    const isAlike = item !== undefined && one.first.length === 0 && one.least <= 2
    misfits.push(
      isAlike
        ? partly(at, one, other, { reader: "a list without repeats", example: { value: [item.value, item.value] } })
        : partly(at, one, other, { verdict: "unknown", reader: "a list without repeats", why: '"uniqueItems"' }),
    )
  }
  const named = Math.min(Math.max(one.first.length, other.first.length), one.most, other.most)
  for (let i = 0; i < named; i++) {
    misfits.push(
      ...inside(at, one, `[${i}]`, i < one.least, one.first[i] ?? one.rest, other.first[i] ?? other.rest, (item) => {
        const whole = listed(Math.max(one.least, i + 1))?.value
        return Array.isArray(whole) ? { value: whole.with(i, item.value) } : undefined
      }),
    )
  }
  if (Math.min(one.most, other.most) > named) {
    misfits.push(
      ...inside(at, one, "[]", named < one.least, one.rest, other.rest, (item) => {
        const whole = listed(Math.max(one.least, named + 1))?.value
        return Array.isArray(whole) ? { value: whole.with(named, item.value) } : undefined
      }),
    )
  }
  return misfits
}

/** An object against another, field by field. */
export const object = (at: Comparing, one: Objects, other: Objects): ReadonlyArray<Misfit> => {
  const misfits: Array<Misfit> = []
  const extra = extrasOf(one)
  const but = (key: string, sample?: Sample): Sample | undefined =>
    sampleObject(at.writer, one, { key, ...(sample !== undefined && { sample }) })
  for (const key of new Set([...keysOf(one), ...keysOf(other), ...one.required, ...other.required])) {
    const read = fieldOf(other, key)
    const isNamed = keysOf(one).has(key)
    const written = isNamed ? fieldOf(one, key) : extra(key)
    const isWritten = one.required.has(key)
    if (other.required.has(key) && !isWritten) {
      const isAlways = written === undefined
      const isLenientThere = formOfAll(at.reader, read).some(isLenient)
      const example = but(key)
      misfits.push({
        path: [key],
        verdict: isLenientThere ? "unknown" : "breaks",
        isAlways,
        writer: isAlways ? "not there" : "optional",
        reader: "required",
        ...(example !== undefined && { example }),
        ...(isLenientThere && { why: "its reader has middleware" }),
      })
    }
    if (written !== undefined) {
      misfits.push(...inside(at, one, key, isWritten, written, read, (item) => but(key, item)))
    }
    const absent = isWritten ? undefined : whyAbsent(at, written ?? [], read)
    if (absent !== undefined) {
      const [writer, reader] = [written === undefined ? "not there" : "optional", absent]
      misfits.push({
        path: [key],
        verdict: "unknown",
        isAlways: false,
        writer,
        reader,
        why: "absence is read by code",
      })
    }
  }
  misfits.push(...otherKeys(at, one, other))
  if (one.least < other.least || one.most > other.most) {
    const why = other.least > 0 ? '"minProperties"' : '"maxProperties"'
    misfits.push(partly(at, one, other, { verdict: "unknown", why }))
  }
  return misfits
}

/** Code that is run for a field that is not there, by name. */
const whyAbsent = (at: Comparing, written: ReadonlyArray<Schema>, read: ReadonlyArray<Schema>): string | undefined => {
  const own = formOfAll(at.writer, written)
  const name = formOfAll(at.reader, read).flatMap(({ code }) => code)
    .find((name) => name.endsWith(whenAbsent) && !own.some((one) => isShared(name, one)))
  return name === undefined ? undefined : codeWords(name)
}

/** Keys that the writer's schema does not name, as records have them. */
const otherKeys = (at: Comparing, one: Objects, other: Objects): ReadonlyArray<Misfit> => {
  return one.groups.flatMap(({ patterns, others }) =>
    [...patterns, ...(others === undefined ? [] : [[undefined, others] as const])].flatMap(([source, schema]) =>
      other.groups.flatMap((group) => {
        const alike = group.patterns.find(([theirs]) => theirs === source)
        const read = alike?.[1] ?? group.others
        const found = read === undefined ? [] : inside(at, one, "{}", false, [schema], [read], (item) => {
          const key = otherKey(one, other, source)
          return key === undefined ? undefined : sampleObject(at.writer, one, { key, sample: item })
        })
        const rest = group.patterns.filter(([theirs]) => theirs !== source)
        if (rest.length === 0) return found
        const why = `"patternProperties" /${rest[0]![0]}/`
        return [...found, partly(at, one, other, { path: ["{}"], verdict: "unknown", why })]
      })
    )
  )
}

/** What is inside, and its misfits as those of the whole. */
const inside = (
  at: Comparing,
  one: Alternative,
  step: string,
  isAlwaysThere: boolean,
  written: ReadonlyArray<Schema>,
  read: ReadonlyArray<Schema>,
  whole: (inner: Sample) => Sample | undefined,
): ReadonlyArray<Misfit> => {
  // what nobody says anything of may be anything
  return at.compare(written.length === 0 ? [true] : written, read).slice(0, most).map((misfit) => {
    const { example, ...rest } = misfit
    const outer = example === undefined || !isSure(one) ? undefined : whole(example)
    return {
      ...rest,
      path: [step, ...misfit.path],
      isAlways: misfit.isAlways && isAlwaysThere,
      ...(outer !== undefined && { example: outer }),
    }
  })
}

/** What keys that an object's schema does not name may hold; `undefined`: there are none. */
const extrasOf = (one: Objects) => (key: string): ReadonlyArray<Schema> | undefined => {
  const isOpen = one.groups.some(({ patterns, others }) =>
    others !== undefined || patterns.some(([source]) => matches(source, key) !== false)
  )
  return isOpen ? fieldOf(one, key) : undefined
}
