/**
 * A JSON Schema in a form that can be compared: the alternatives a value has, each of one type, with its limits.
 *
 * Reads what Effect 4.1 writes (draft 2020-12) and whatever of the rest has the same meaning. What it does not understand
 * is kept as the name of its keyword, so that nobody takes it for nothing. Objects keep the schemas of their fields
 * unread, so that recursive ones end. Pure; `fits.ts` compares, `accepts.ts` looks at values.
 */
import { codeKeyword } from "../../contract/mod.ts"
import {
  type Alternative,
  type Common,
  common,
  type Constant,
  constantsIn,
  fieldOf,
  isLenient,
  isSame,
  type Root,
  type Schema,
  typeOf,
  whole,
} from "./Alternative.ts"
import { both, without } from "./both.ts"
import { isRecord, keywords, listOf, ownForm } from "./ownForm.ts"

// for those who look at a schema from elsewhere
export type { Root, Schema } from "./Alternative.ts"
export { fieldOf, keysOf } from "./Alternative.ts"

/** A document. */
export const rootOf = (document: Schema): Root => {
  const defs = typeof document === "object" ? document["$defs"] : undefined
  return { schema: document, defs: isRecord(defs) ? defs as Root["defs"] : {}, forms: new Map() }
}

/** The alternatives of a schema within its document. */
export const formOf = (root: Root, schema: Schema): ReadonlyArray<Alternative> => {
  const known = root.forms.get(schema)
  if (known !== undefined) return known
  // a schema that is nothing but itself says nothing
  root.forms.set(schema, [{ ...whole, strange: ["$ref"] }])
  const form = bounded(read(root, schema))
  root.forms.set(schema, form)
  return form
}

/** Alternatives of one value at most: beyond it a schema is one that nobody understands. */
const most = 4_000

const bounded = (form: ReadonlyArray<Alternative>): ReadonlyArray<Alternative> =>
  form.length > most ? [{ ...whole, strange: ["anyOf"] }] : form

/** The alternatives of a value that fits every one of some schemas. */
export const formOfAll = (root: Root, schemas: ReadonlyArray<Schema>): ReadonlyArray<Alternative> =>
  bounded(schemas.map((schema) => formOf(root, schema)).reduce(both, [whole]))

const silent = new Set([
  "$defs",
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "examples",
  "default",
  "readOnly",
  "writeOnly",
  "deprecated",
  "identifier",
  // decoders do not look at these
  "format",
  "contentEncoding",
  "contentMediaType",
  "contentSchema",
])

const combining = new Set([codeKeyword, "type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not"])

const read = (root: Root, schema: Schema): ReadonlyArray<Alternative> => {
  if (schema === true) return [whole]
  if (schema === false || !isRecord(schema)) return []
  const code = schema[codeKeyword]
  const own: Common = {
    code: Array.isArray(code) ? code.map(String) : [],
    strange: Object.keys(schema).filter((key) => !silent.has(key) && !combining.has(key) && !(key in keywords)),
  }
  let form = ownForm(schema, own)
  const values = schema["const"] !== undefined ? [schema["const"]] : schema["enum"]
  if (Array.isArray(values)) {
    form = both(form, values.map((value): Constant => ({ kind: "constant", value, ...common })))
  }
  const { $ref: ref, not } = schema
  if (typeof ref === "string") form = both(form, referred(root, ref))
  for (const part of listOf(schema["allOf"])) form = both(form, formOf(root, part))
  if (Array.isArray(schema["anyOf"])) form = both(form, listOf(schema["anyOf"]).flatMap((part) => formOf(root, part)))
  if (Array.isArray(schema["oneOf"])) form = both(form, exclusive(root, listOf(schema["oneOf"])))
  return not === undefined ? form : without(form, not)
}

const referred = (root: Root, ref: string): ReadonlyArray<Alternative> => {
  if (ref === "#") return formOf(root, root.schema)
  const name = /^#\/\$defs\/([^/]+)$/.exec(ref)?.[1]
  const found = name === undefined ? undefined : root.defs[pointed(name)]
  return found === undefined ? [{ ...whole, strange: ["$ref"] }] : formOf(root, found)
}

const pointed = (token: string): string => {
  try {
    return decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~")
  } catch {
    return token
  }
}

/** One of several and no other: as good as any of them where no value can be of two. */
const exclusive = (root: Root, parts: ReadonlyArray<Schema>): ReadonlyArray<Alternative> => {
  const forms = parts.map((part) => formOf(root, part))
  const isPlain = forms.every((form, i) =>
    forms.every((other, j) => i >= j || form.every((one) => other.every((two) => areApart(root, one, two))))
  )
  return isPlain ? forms.flat() : forms.flat().map((one) => ({ ...one, strange: [...one.strange, "oneOf"] }))
}

/** Whether two alternatives share no value: their types differ, or a field that both need has other values in each. */
export const areApart = (root: Root, one: Alternative, two: Alternative, other: Root = root): boolean => {
  const [a, b] = [typeOf(one), typeOf(two)]
  if (a === undefined || b === undefined || isLenient(one) || isLenient(two)) return false
  if (a !== b) return true
  if (one.kind === "constant" && two.kind === "constant") return !isSame(one.value, two.value)
  if (one.kind !== "object" || two.kind !== "object") return false
  return [...one.required].some((key) => {
    if (!two.required.has(key)) return false
    const here = constantsIn(formOfAll(root, fieldOf(one, key)))
    const there = constantsIn(formOfAll(other, fieldOf(two, key)))
    return here !== undefined && there !== undefined && here.every((value) => !there.some((one) => isSame(value, one)))
  })
}
