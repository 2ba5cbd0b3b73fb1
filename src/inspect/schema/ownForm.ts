/**
 * Reads the keywords of one schema that limit a value: types, bounds, lengths, items, fields.
 *
 * Below `Form.ts`, which adds what refers to other schemas and combines them. Objects and lists keep what is inside them
 * unread. Lengths that code sees to are read as lengths.
 */
import { keysName } from "../../contract/mod.ts"
import {
  type Alternative,
  type Common,
  type Lists,
  type Numbers,
  type Objects,
  type Schema,
  type Texts,
  type TypeName,
  types,
} from "./Alternative.ts"

/** Keywords that limit values of one type. */
export const keywords: Readonly<Record<string, TypeName>> = {
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "number",
  minLength: "string",
  maxLength: "string",
  pattern: "string",
  prefixItems: "array",
  items: "array",
  minItems: "array",
  maxItems: "array",
  uniqueItems: "array",
  properties: "object",
  patternProperties: "object",
  additionalProperties: "object",
  required: "object",
  minProperties: "object",
  maxProperties: "object",
}

/** A schema that is no mere yes or no. */
export type Keywords = { readonly [key: string]: unknown }

/** The alternatives of a schema by its type and the limits beside it. */
export const ownForm = (schema: Keywords, own: Common): ReadonlyArray<Alternative> => {
  const told = Array.isArray(schema["type"])
    ? schema["type"]
    : schema["type"] === undefined
    ? undefined
    : [schema["type"]]
  const about = new Set(Object.keys(schema).flatMap((key) => keywords[key] ?? []))
  if (told === undefined && about.size === 0) return [{ kind: "anything", ...own }]
  const wanted = told === undefined ? types : told.map(String)
  return wanted.flatMap((type): ReadonlyArray<Alternative> => {
    switch (type) {
      case "null":
        return [{ kind: "constant", value: null, ...own }]
      case "boolean":
        return [true, false].map((value) => ({ kind: "constant", value, ...own }))
      case "integer":
      case "number":
        return [numbersOf(schema, type === "integer", own)]
      case "string":
        return [textsOf(schema, own)]
      case "array":
        return [listsOf(schema, own)]
      case "object":
        return [objectsOf(schema, own)]
      default:
        return [{ kind: "anything", ...own, strange: [...own.strange, "type"] }]
    }
  })
}

const numbersOf = (schema: Keywords, isInteger: boolean, own: Common): Numbers => {
  const [least, above] = [numberIn(schema, "minimum", -Infinity), numberIn(schema, "exclusiveMinimum", -Infinity)]
  const [most, below] = [numberIn(schema, "maximum", Infinity), numberIn(schema, "exclusiveMaximum", Infinity)]
  const multiple = numberIn(schema, "multipleOf", 0)
  return {
    kind: "number",
    ...own,
    isInteger,
    least: Math.max(least, above),
    isAbove: above >= least && above !== -Infinity,
    most: Math.min(most, below),
    isBelow: below <= most && below !== Infinity,
    multiples: multiple > 0 ? [multiple] : [],
  }
}

const textsOf = (schema: Keywords, own: Common): Texts => {
  const lengths = lengthsIn(own.code)
  return {
    kind: "string",
    ...own,
    code: lengths === undefined ? own.code : own.code.filter((name) => !lengthName.test(name)),
    least: lengths?.least ?? 0,
    most: lengths?.most ?? Infinity,
    leastPoints: numberIn(schema, "minLength", 0),
    mostPoints: numberIn(schema, "maxLength", Infinity),
    patterns: typeof schema["pattern"] === "string" ? [schema["pattern"]] : [],
  }
}

const lengthName = /^is(?:Min|Max|Between)Length (\{.*\})$/

/** Lengths that code sees to; `undefined`: it may be another text of which it does. */
const lengthsIn = (code: ReadonlyArray<string>): { readonly least: number; readonly most: number } | undefined => {
  if (!code.every((name) => lengthName.test(name) || name.startsWith("isPattern "))) return undefined
  let [least, most] = [0, Infinity]
  for (const name of code) {
    const made = lengthName.exec(name)?.[1]
    if (made === undefined) continue
    try {
      const { minLength, maxLength, minimum = minLength, maximum = maxLength } = JSON.parse(made)
      if (typeof minimum === "number") least = Math.max(least, minimum)
      if (typeof maximum === "number") most = Math.min(most, maximum)
    } catch {
      return undefined
    }
  }
  return { least, most }
}

const listsOf = (schema: Keywords, own: Common): Lists => {
  const first = listOf(schema["prefixItems"]).map((one) => [one])
  const { items } = schema
  const isClosed = items === false
  return {
    kind: "array",
    ...own,
    first,
    rest: isSchema(items) && !isClosed ? [items] : [],
    least: numberIn(schema, "minItems", 0),
    most: Math.min(numberIn(schema, "maxItems", Infinity), isClosed ? first.length : Infinity),
    isUnique: schema["uniqueItems"] === true,
  }
}

const objectsOf = (schema: Keywords, own: Common): Objects => {
  const { required, additionalProperties: others } = schema
  return {
    kind: "object",
    ...own,
    groups: [{
      fields: new Map(entriesOf(schema["properties"])),
      patterns: entriesOf(schema["patternProperties"]),
      // Effect says nothing of keys where they may be any, and `true` where decoders ignore what they do not know
      others: others === undefined || others === true && isAnyKey(own)
        ? {}
        : others === true
        ? undefined
        : asSchema(others),
    }],
    required: new Set(Array.isArray(required) ? required.map(String) : []),
    least: numberIn(schema, "minProperties", 0),
    most: numberIn(schema, "maxProperties", Infinity),
  }
}

const isAnyKey = ({ code }: Common): boolean => code.some((name) => name.startsWith(keysName))

const asSchema = (value: unknown): Schema => isSchema(value) ? value : {}

const numberIn = (schema: Keywords, key: string, otherwise: number): number => {
  const found = schema[key]
  return typeof found === "number" ? found : otherwise
}

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, Schema]> =>
  isRecord(value) ? Object.entries(value).flatMap(([key, one]) => isSchema(one) ? [[key, one] as const] : []) : []

/** The schemas in a list. */
export const listOf = (value: unknown): ReadonlyArray<Schema> => Array.isArray(value) ? value.filter(isSchema) : []

const isSchema = (value: unknown): value is Schema => typeof value === "boolean" || isRecord(value)

/** Whether a value is an object of JSON. */
export const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Any value, one alternative a type. */
export const each = ({ code, strange }: Common): ReadonlyArray<Alternative> =>
  types.flatMap((type) => ownForm({ type }, { code, strange }))
