/**
 * A value that fits a schema, as small as can be; `undefined` where none was found, which proves nothing.
 *
 * For examples that people read. What a schema's author gives as an example comes first.
 */
import { accepts, acceptsAs } from "./accepts.ts"
import { reads } from "./code.ts"
import {
  type Alternative,
  fieldOf,
  isWithin,
  keysOf,
  type Numbers,
  type Objects,
  type Root,
  type Schema,
} from "./Alternative.ts"
import { formOf, formOfAll } from "./Form.ts"

/** A value that was found. */
export interface Sample {
  readonly value: unknown
}

const deepest = 10

/** A value that fits all of some schemas. */
export const sampleOf = (root: Root, schemas: ReadonlyArray<Schema>, depth: number = 0): Sample | undefined => {
  const told = schemas.flatMap((schema) => typeof schema === "object" ? examplesIn(schema) : [])
  const example = told.find((value) => schemas.every((schema) => accepts(root, schema, value) !== false))
  if (example !== undefined) return { value: example }
  const form = schemas.length === 1 ? formOf(root, schemas[0]!) : formOfAll(root, schemas)
  // what holds nothing first: what is inside itself has to come to an end
  for (const one of form.toSorted((a, b) => rank(a) - rank(b))) {
    const found = sampleAs(root, one, depth)
    if (found !== undefined) return found
  }
  return undefined
}

const examplesIn = ({ examples, default: usual }: { readonly [key: string]: unknown }): ReadonlyArray<unknown> => [
  ...(Array.isArray(examples) ? examples : []),
  ...(usual === undefined ? [] : [usual]),
]

const rank = (one: Alternative): number =>
  one.kind === "object"
    ? 4
    : one.kind === "array"
    ? 3
    : one.kind === "constant" && one.value === null
    ? 2
    : one.kind === "string" && one.patterns.length > 0
    ? 1
    : 0

/** A value of one alternative. */
export const sampleAs = (root: Root, one: Alternative, depth: number = 0): Sample | undefined => {
  if (depth > deepest || one.kind !== "string" && !isRead(one, undefined)) return undefined
  switch (one.kind) {
    case "constant":
      return { value: one.value }
    case "anything":
      return { value: 1 }
    case "number": {
      const value = numbersAround(one).find((number) => isWithin(one, number))
      return value === undefined ? undefined : { value }
    }
    case "string": {
      const value = textsAround(one.least, one.leastPoints).find((text) =>
        acceptsAs(root, one, text) !== false && isRead(one, text)
      )
      return value === undefined ? undefined : { value }
    }
    case "array": {
      const items = Array.from({ length: one.least }, (_, i) => sampleOf(root, one.first[i] ?? one.rest, depth + 1))
      return items.every((item) => item !== undefined) && !(one.isUnique && items.length > 1)
        ? { value: items.map(({ value }) => value) }
        : undefined
    }
    case "object":
      return sampleObject(root, one, undefined, depth)
  }
}

/** An object of the required fields and no others, but for one that is given, or left out. */
export const sampleObject = (
  root: Root,
  one: Objects,
  but: { readonly key: string; readonly sample?: Sample } | undefined,
  depth: number = 0,
): Sample | undefined => {
  const value: Record<string, unknown> = {}
  for (const key of one.required) {
    if (key === but?.key) continue
    const found = sampleOf(root, fieldOf(one, key), depth + 1)
    if (found === undefined) return undefined
    value[key] = found.value
  }
  if (but?.sample !== undefined) value[but.key] = but.sample.value
  return Object.keys(value).length < one.least ? undefined : { value }
}

/** Keys that an object's schema does not name. */
export const otherKey = (one: Objects, two: Objects, source?: string): string | undefined => {
  const known = new Set([...keysOf(one), ...keysOf(two)])
  return textsAround(1).find((key) => !known.has(key) && (source === undefined || new RegExp(source).test(key)))
}

/** Numbers at and beside the bounds. */
export const numbersAround = ({ least, most, multiples }: Numbers): ReadonlyArray<number> => {
  const bounds = [least, most].filter(Number.isFinite)
  const near = bounds.flatMap((bound) => [bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5])
  const between = bounds.length === 2 ? [(least + most) / 2] : []
  return [1, 0, -1, 0.5, ...near, ...between, ...multiples.flatMap((one) => [one, one * Math.ceil(least / one)]), 1e300]
    .filter(Number.isFinite)
}

/** Texts of several sorts and lengths. */
export const textsAround = (...lengths: ReadonlyArray<number>): ReadonlyArray<string> => [
  "x",
  "",
  "1",
  "P-100",
  "2026-01-01T00:00:00.000Z",
  "00000000-0000-4000-8000-000000000000",
  "a@example.com",
  "A",
  "x-1",
  "1.5",
  "https://example.com/",
  ...lengths.filter((length) => length >= 0 && length < 10_000).flatMap((length) =>
    [length, length + 1, length - 1].filter((one) => one > 0).flatMap((one) => ["x".repeat(one), "1".repeat(one)])
  ),
]

/** Whether code that a value passes through is known to take it. */
const isRead = ({ code }: Alternative, text: string | undefined): boolean =>
  code.length === 0 || text !== undefined &&
    (reads(code, text) === true || code.every((name) => readable[name]?.includes(text) === true))

const readable: Readonly<Record<string, ReadonlyArray<string>>> = {
  Date: ["2026-01-01T00:00:00.000Z"],
  DateTimeUtc: ["2026-01-01T00:00:00.000Z"],
  URL: ["https://example.com/"],
  BigInt: ["1"],
  BigDecimal: ["1.5"],
}
