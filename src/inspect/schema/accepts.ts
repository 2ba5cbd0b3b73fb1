/**
 * Whether a JSON Schema accepts a value: yes, no, or that cannot be told, where code reads on or a keyword is strange.
 *
 * Pure. "No" is certain: a decoder with that schema refuses the value too. Text lengths are counted as Effect counts them,
 * in UTF-16 units.
 */
import { writing } from "../../contract/mod.ts"
import { reads } from "./code.ts"
import {
  type Alternative,
  fieldOf,
  isLenient,
  isLongEnough,
  isSame,
  isWithin,
  matches,
  type Root,
  type Schema,
  typeOf,
  typeOfValue,
} from "./Alternative.ts"
import { formOf, formOfAll } from "./Form.ts"

/** Yes, no, or nobody knows. */
export type Answer = boolean | undefined

/** Whether a schema of a document accepts a value. */
export const accepts = (root: Root, schema: Schema, value: unknown): Answer =>
  anyOf(formOf(root, schema).map((one) => acceptsAs(root, one, value)))

/** Whether every one of some schemas accepts a value. */
export const acceptsAll = (root: Root, schemas: ReadonlyArray<Schema>, value: unknown): Answer =>
  anyOf(formOfAll(root, schemas).map((one) => acceptsAs(root, one, value)))

/** Whether an alternative accepts a value. */
export const acceptsAs = (root: Root, one: Alternative, value: unknown): Answer => {
  const answer = fits(root, one, value)
  if (isLenient(one)) return undefined
  const isRead = one.strange.length > 0 || one.code.some((name) => !name.startsWith(writing))
  if (answer !== true || !isRead) return answer
  return one.strange.length === 0 && typeof value === "string" ? reads(one.code, value) : undefined
}

const fits = (root: Root, one: Alternative, value: unknown): Answer => {
  const type = typeOf(one)
  if (type === undefined) return true
  if (type !== typeOfValue(value)) return false
  switch (one.kind) {
    case "constant":
      return isSame(one.value, value)
    case "number":
      return isWithin(one, value as number)
    case "string":
      return isLongEnough(one, value as string) && allOf(one.patterns.map((source) => matches(source, value as string)))
    case "array": {
      const items = value as ReadonlyArray<unknown>
      const { first, rest, least, most, isUnique } = one
      if (items.length < least || items.length > most) return false
      if (isUnique && items.some((item, i) => items.findIndex((other) => isSame(item, other)) < i)) return false
      return allOf(items.map((item, i) => acceptsAll(root, first[i] ?? rest, item)))
    }
    case "object": {
      const fields = value as Readonly<Record<string, unknown>>
      const keys = Object.keys(fields)
      if (keys.length < one.least || keys.length > one.most) return undefined
      const missing = [...one.required].filter((key) => !Object.hasOwn(fields, key))
      return allOf([
        ...missing.map((key) => formOfAll(root, fieldOf(one, key)).some(isLenient) ? undefined : false),
        ...keys.map((key) => acceptsAll(root, fieldOf(one, key), fields[key])),
      ])
    }
    default:
      return true
  }
}

const allOf = (answers: ReadonlyArray<Answer>): Answer =>
  answers.includes(false) ? false : answers.includes(undefined) ? undefined : true

const anyOf = (answers: ReadonlyArray<Answer>): Answer =>
  answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
