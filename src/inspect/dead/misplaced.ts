/**
 * Where a value does not fit a JSON Schema, in the words that a contract's own misfits have.
 *
 * Pure, on `src/inspect/schema`. Goes into objects and lists as long as there is one way they may be; where there are
 * several it names the value as a whole.
 */
import { type Misfit, show } from "../../contract/mod.ts"
import { acceptsAll } from "../schema/accepts.ts"
import { fieldOf, formOfAll, keysOf, type Root, rootOf, type Schema } from "../schema/Form.ts"
import { wordsOf } from "../schema/words.ts"

/** As contracts say it. */
const missing = "a value (it is missing)"

/** The misfits of a value that is not accepted; `true`: it is; `undefined`: it cannot be told. */
export const misplaced = (document: Schema, value: unknown): ReadonlyArray<Misfit> | true | undefined => {
  const root = rootOf(document)
  const answer = acceptsAll(root, [document], value)
  return answer === false ? within(root, [document], value, "") : answer
}

const within = (root: Root, schemas: ReadonlyArray<Schema>, value: unknown, field: string): ReadonlyArray<Misfit> => {
  const forms = formOfAll(root, schemas)
  const [form] = forms
  const itself = { field, value: show(value), expected: wordsOf(root, forms) }
  if (forms.length !== 1 || form === undefined) return [itself]
  const inside: Array<Misfit> = []
  if (form.kind === "object" && isRecord(value)) {
    for (const key of keysOf(form)) {
      const below = field === "" ? key : `${field}.${key}`
      const wanted = fieldOf(form, key)
      if (Object.hasOwn(value, key)) inside.push(...refused(root, wanted, value[key], below))
      else if (form.required.has(key)) inside.push({ field: below, value: "undefined", expected: missing })
    }
  } else if (form.kind === "array" && Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      inside.push(...refused(root, form.first[i] ?? form.rest, item, `${field}[${i}]`))
    }
  }
  return inside.length > 0 ? inside : [itself]
}

const refused = (root: Root, schemas: ReadonlyArray<Schema>, value: unknown, field: string): ReadonlyArray<Misfit> =>
  acceptsAll(root, schemas, value) === false ? within(root, schemas, value, field) : []

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
