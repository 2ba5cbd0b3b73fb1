/**
 * One way a value may be, by its type and its limits; and what can be asked of one without reading another schema.
 *
 * Below everything that compares. Plain data: `Form.ts` reads schemas as these, `both.ts` joins two.
 */
import { lenient } from "../../contract/mod.ts"

/** A JSON Schema, or part of one. */
export type Schema = { readonly [key: string]: unknown } | boolean

/** A whole document; `$ref` are looked up in it. */
export interface Root {
  readonly schema: Schema
  readonly defs: { readonly [name: string]: Schema }
  /** What was read already. */
  readonly forms: Map<Schema, ReadonlyArray<Alternative>>
}

/** Every type JSON has. */
export const types = ["null", "boolean", "number", "string", "array", "object"] as const
/** One of them. */
export type TypeName = typeof types[number]

/** What every alternative has. */
export interface Common {
  /** Names of code that a value passes through. */
  readonly code: ReadonlyArray<string>
  /** Keywords that were not understood. */
  readonly strange: ReadonlyArray<string>
}

/** Exactly this value. */
export interface Constant extends Common {
  readonly kind: "constant"
  readonly value: unknown
}

/** Any JSON value. */
export interface Anything extends Common {
  readonly kind: "anything"
}

/** A number; bounds are inclusive unless said otherwise. */
export interface Numbers extends Common {
  readonly kind: "number"
  readonly isInteger: boolean
  readonly least: number
  readonly most: number
  readonly isAbove: boolean
  readonly isBelow: boolean
  readonly multiples: ReadonlyArray<number>
}

/** A text. Effect counts UTF-16 units, and JSON Schema code points, of which a text has half as many at least. */
export interface Texts extends Common {
  readonly kind: "string"
  readonly least: number
  readonly most: number
  readonly leastPoints: number
  readonly mostPoints: number
  readonly patterns: ReadonlyArray<string>
}

/** A list: the first items, then others. */
export interface Lists extends Common {
  readonly kind: "array"
  readonly first: ReadonlyArray<ReadonlyArray<Schema>>
  /** Of every further item; `false`: there are none. */
  readonly rest: ReadonlyArray<Schema>
  readonly least: number
  readonly most: number
  readonly isUnique: boolean
}

/** One `properties` with what stands beside it. */
export interface Group {
  readonly fields: ReadonlyMap<string, Schema>
  readonly patterns: ReadonlyArray<readonly [source: string, schema: Schema]>
  /** Of every other key; `undefined`: nothing is said, so that a reader ignores it. */
  readonly others: Schema | undefined
}

/** An object. */
export interface Objects extends Common {
  readonly kind: "object"
  readonly groups: ReadonlyArray<Group>
  readonly required: ReadonlySet<string>
  readonly least: number
  readonly most: number
}

/** One way a value may be. */
export type Alternative = Constant | Anything | Numbers | Texts | Lists | Objects

/** The type of every value of an alternative; `undefined`: any. */
export const typeOf = (one: Alternative): TypeName | undefined =>
  one.kind === "constant" ? typeOfValue(one.value) : one.kind === "anything" ? undefined : one.kind

/** The type of a JSON value. */
export const typeOfValue = (value: unknown): TypeName =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value as TypeName

/** No code, and nothing strange. */
export const common: Common = { code: [], strange: [] }

/** Any value. */
export const whole: Anything = { kind: "anything", ...common }

/** Whether code may accept there what the schema does not. */
export const isLenient = ({ code }: Alternative): boolean => code.some((name) => name.startsWith(lenient))

/** The values of a form of constants alone. */
export const constantsIn = (form: ReadonlyArray<Alternative>): ReadonlyArray<unknown> | undefined =>
  form.every((one) => one.kind === "constant") ? form.map(({ value }) => value) : undefined

/** The schemas that a field of an object has to fit; none: nobody says anything of it. */
export const fieldOf = ({ groups }: Objects, key: string): ReadonlyArray<Schema> =>
  groups.flatMap(({ fields, patterns, others }) => {
    const own = fields.get(key)
    const said = [
      ...(own === undefined ? [] : [own]),
      ...patterns.flatMap(([source, schema]) => matches(source, key) === false ? [] : [schema]),
    ]
    return said.length > 0 || others === undefined ? said : [others]
  })

/** The keys that an object's schema names. */
export const keysOf = ({ groups }: Objects): ReadonlySet<string> =>
  new Set(groups.flatMap(({ fields }) => [...fields.keys()]))

/** Whether a text matches, as Effect's own patterns do; `undefined`: the pattern cannot be read. */
export const matches = (source: string, text: string): boolean | undefined => {
  for (const flags of ["", "u"]) {
    try {
      return new RegExp(source, flags).test(text)
    } catch {
      // some are patterns with that flag alone
    }
  }
  return undefined
}

/** Whether two JSON values are the same. */
export const isSame = (one: unknown, two: unknown): boolean => {
  if (typeof one !== "object" || one === null || typeof two !== "object" || two === null) return one === two
  if (Array.isArray(one) !== Array.isArray(two)) return false
  const [a, b] = [Object.entries(one), two as Readonly<Record<string, unknown>>]
  return a.length === Object.keys(b).length && a.every(([key, value]) => Object.hasOwn(b, key) && isSame(value, b[key]))
}

/** Whether a number is among those. */
export const isWithin = ({ isInteger, least, most, isAbove, isBelow, multiples }: Numbers, value: number): boolean =>
  (!isInteger || Number.isInteger(value)) && (isAbove ? value > least : value >= least) &&
  (isBelow ? value < most : value <= most) && multiples.every((one) => Number.isInteger(value / one))

/** Whether a text has a length among those. */
export const isLongEnough = ({ least, most, leastPoints, mostPoints }: Texts, text: string): boolean => {
  const points = [...text].length
  return text.length >= least && text.length <= most && points >= leastPoints && points <= mostPoints
}

/** Texts of both, each once. */
export const union = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<string> =>
  b.length === 0 ? a : a.length === 0 ? b : [...new Set([...a, ...b])]
