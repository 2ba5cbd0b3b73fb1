/**
 * Whether every value that one schema writes is accepted by another: yes; no, with the place; or that it cannot be told.
 *
 * "Yes" is proved: nothing is found that a reader could refuse. "No" has a value that is written and refused, or a place
 * where whatever is written is. In between are code that JSON Schema does not show, keywords that are not understood, and
 * alternatives that only together might cover what is written. A writer leaves out what its schema does not name, and a
 * reader ignores that: so Warren's codecs do. Pure.
 */
import {
  type Alternative,
  type Constant,
  constantsIn,
  fieldOf,
  isLenient,
  isSame,
  isWithin,
  type Objects,
  type Root,
  type Schema,
  typeOf,
} from "./Alternative.ts"
import { accepts, acceptsAs } from "./accepts.ts"
import { areApart, formOfAll, rootOf } from "./Form.ts"
import { type Comparing, list, object } from "./inside.ts"
import { distinct, type Misfit, partly, unsure } from "./Misfit.ts"
import { each } from "./ownForm.ts"
import { sampleAs } from "./sample.ts"
import { constants, number, scalar, text } from "./scalars.ts"
import { isShared, isSure, whyReader, whyWriter } from "./trust.ts"
import { wordsOf } from "./words.ts"

export type { Misfit } from "./Misfit.ts"

/** Compares two documents. */
export const fits = (writer: Schema, reader: Schema): ReadonlyArray<Misfit> => {
  const comparison = new Comparison(rootOf(writer), rootOf(reader))
  return distinct(comparison.compare([writer], [reader])).map((misfit) => comparison.verified(misfit))
}

/** How Effect writes a struct without fields. */
const withoutFields = { not: { type: "null" } }

/** Alternatives that are made of others by one value of a field, at most. */
const mostSplits = 500

class Comparison implements Comparing {
  readonly writer: Root
  readonly reader: Root
  readonly #numbers = new Map<Schema, number>()
  readonly #known = new Map<string, ReadonlyArray<Misfit>>()
  #splits = 0

  constructor(writer: Root, reader: Root) {
    this.writer = writer
    this.reader = reader
  }

  /** Whether what fits all of some schemas of the writer fits all of some of the reader. */
  compare(written: ReadonlyArray<Schema>, read: ReadonlyArray<Schema>): ReadonlyArray<Misfit> {
    if (read.length === 0) return []
    if (written.length === 1 && isSame(written[0], withoutFields)) return this.#withoutFields(read)
    const key = `${this.#keyOf(written)} ${this.#keyOf(read)}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    // while it is being found out it is taken for granted: what refutes it is found on the way
    this.#known.set(key, [])
    const misfits = written.length === 1 && read.length === 1 && isTheSame(written[0]!, read[0]!)
      ? []
      : this.#forms(formOfAll(this.writer, written), formOfAll(this.reader, read))
    this.#known.set(key, misfits)
    return misfits
  }

  /** What a struct without fields writes: an empty object, and by its schema anything but null. */
  #withoutFields(read: ReadonlyArray<Schema>): ReadonlyArray<Misfit> {
    if (read.every((schema) => isSame(schema, withoutFields) || isSame(schema, {}))) return []
    const misfits = this.compare([{ type: "object", additionalProperties: true }], read)
    if (misfits.length > 0) return misfits
    const reader = wordsOf(this.reader, formOfAll(this.reader, read))
    const why = "without fields it may by its schema hold anything but null"
    return [{ path: [], verdict: "unknown", isAlways: false, writer: "an object without fields", reader, why }]
  }

  /** A claim that something breaks, held against its example. */
  verified(misfit: Misfit): Misfit {
    const { example, ...rest } = misfit
    if (misfit.verdict !== "breaks" || example === undefined) return rest
    const refused = accepts(this.reader, this.reader.schema, example.value) === false
    if (refused) return accepts(this.writer, this.writer.schema, example.value) === false ? rest : misfit
    return { ...rest, verdict: "unknown", why: "another alternative may accept it" }
  }

  #forms(written: ReadonlyArray<Alternative>, read: ReadonlyArray<Alternative>): ReadonlyArray<Misfit> {
    const isOpen = read.some(isLenient)
    const each = written.map((one) => {
      const misfits = one.kind === "constant" ? this.#constant(one, read) : this.#alternative(one, read)
      return isOpen ? misfits.map(unsure) : misfits
    })
    if (written.length === 1 || each.flat().length === 0) return each.flat()
    // what every value of one alternative breaks, those of others may not
    const isAlways = each.every((some) => some.some((one) => one.verdict === "breaks" && one.isAlways))
    if (!isAlways) {
      // an alternative that code is in the way of may never be written
      each.forEach((some, i) => {
        const one = written[i]!
        if (!isSure(one)) {
          each[i] = some.map((misfit) => ({ why: whyWriter(one), ...misfit, verdict: "unknown", isAlways: false }))
        }
      })
    }
    const misfits = each.flat()
    const here = misfits.filter(({ path, verdict }) => path.length === 0 && verdict === "breaks")
    const inside = misfits.filter((one) => !here.includes(one)).map((one) => ({
      ...one,
      isAlways: one.isAlways && isAlways,
    }))
    if (here.length === 0) return inside
    const example = here.find((one) => one.example !== undefined)?.example
    return [{
      path: [],
      verdict: "breaks",
      isAlways,
      writer: wordsOf(this.writer, written),
      reader: wordsOf(this.reader, read),
      ...(example !== undefined && { example }),
    }, ...inside]
  }

  /** One value against all alternatives of the reader, code that the writer has too taken for the same. */
  #constant(one: Constant, read: ReadonlyArray<Alternative>): ReadonlyArray<Misfit> {
    const answers = read.map((other) => {
      const trusted = { ...other, code: other.code.filter((name) => !isShared(name, one)) }
      return acceptsAs(this.reader, trusted, one.value)
    })
    if (answers.includes(true)) return []
    const misfit = this.#apart(one, read)
    if (!answers.includes(undefined)) return [misfit]
    const why = read.map((other) => whyReader(one, other)).find((text) => text !== undefined) ?? "it is read by code"
    return [{ ...misfit, verdict: "unknown", isAlways: false, why }]
  }

  /** One alternative of the writer against all of the reader's. */
  #alternative(one: Alternative, read: ReadonlyArray<Alternative>): ReadonlyArray<Misfit> {
    if (one.kind === "anything" && !read.some((other) => other.kind === "anything" && isSure(other))) {
      return this.#forms(each(one), read).map((misfit) =>
        misfit.path.length === 0 ? { ...misfit, writer: "anything" } : misfit
      )
    }
    const near = read.filter((other) => areNear(one, other))
    if (near.length === 0) return [this.#apart(one, read)]
    if (near.length === 1) {
      const [other] = near as [Alternative]
      return areTaggedApart(this.writer, one, this.reader, other) ? [this.#apart(one, read)] : this.#pair(one, other)
    }
    const found = near.map((other) => this.#pair(one, other))
    if (found.some((misfits) => misfits.length === 0)) return []
    const meant = near.filter((other) => !areApart(this.writer, one, other, this.reader))
    if (meant.length === 1) return found[near.indexOf(meant[0]!)]!
    const parts = this.#splits < mostSplits ? this.#split(one) : []
    this.#splits += parts.length
    if (parts.length > 1) return this.#forms(parts, read)
    return this.#together(one, read, meant.length === 0 ? [] : found)
  }

  /** Where several alternatives might together accept what none does alone: a value that all refuse decides. */
  #together(
    one: Alternative,
    read: ReadonlyArray<Alternative>,
    found: ReadonlyArray<ReadonlyArray<Misfit>>,
  ): ReadonlyArray<Misfit> {
    // no alternative shares a value with it
    if (found.length === 0) return [this.#apart(one, read)]
    const closest = found.toSorted((a, b) => a.length - b.length || depthOf(b) - depthOf(a))[0]!
    const examples = found.flat().flatMap(({ example }) => example === undefined ? [] : [example])
    const refused = examples.find(({ value }) => read.every((other) => acceptsAs(this.reader, other, value) === false))
    return closest.map((misfit) => {
      const { example: _, ...more } = misfit
      const rest = misfit.path.length > 0 ? more : { ...more, reader: wordsOf(this.reader, read) }
      return refused !== undefined && isSure(one)
        ? { ...rest, verdict: "breaks", isAlways: false, example: refused }
        : {
          ...rest,
          verdict: "unknown",
          isAlways: false,
          why: misfit.why ?? "several alternatives are read, and which of them is meant cannot be told",
        }
    })
  }

  /** An object of which a field has few values, as one alternative for each of them. */
  #split(one: Alternative): ReadonlyArray<Alternative> {
    if (one.kind !== "object") return []
    for (const key of one.required) {
      const values = constantsIn(formOfAll(this.writer, fieldOf(one, key)))
      if (values === undefined || values.length < 2 || values.length > 20) continue
      return values.map((value): Objects => ({
        ...one,
        groups: [...one.groups, { fields: new Map([[key, { const: value }]]), patterns: [], others: undefined }],
      }))
    }
    return []
  }

  /** Nothing of what is written is accepted: the types differ, or no alternative has such a tag. */
  #apart(one: Alternative, read: ReadonlyArray<Alternative>): Misfit {
    const example = sampleAs(this.writer, one)
    return {
      path: [],
      verdict: "breaks",
      isAlways: true,
      writer: wordsOf(this.writer, [one]),
      reader: wordsOf(this.reader, read),
      ...(example !== undefined && { example }),
    }
  }

  /** One alternative against one of the same type. */
  #pair(one: Alternative, other: Alternative): ReadonlyArray<Misfit> {
    const misfits = [...this.#limits(one, other)]
    const why = whyReader(one, other)
    if (why !== undefined && !misfits.some(({ path, verdict }) => path.length === 0 && verdict === "breaks")) {
      misfits.push(this.#read(one, other, why))
    }
    return misfits.map((misfit) => {
      if (misfit.verdict === "unknown") return misfit
      // the value that would break may be one that the writer's code never writes
      return misfit.isAlways || isSure(one) ? misfit : { ...misfit, verdict: "unknown", why: whyWriter(one) }
    })
  }

  /** What is read by code: a text that it refuses decides, if there is one. */
  #read(one: Alternative, other: Alternative, why: string): Misfit {
    if (one.kind !== "string" || other.kind !== "string" || other.strange.length > 0) {
      return partly(this, one, other, { verdict: "unknown", why })
    }
    const misfit = scalar(this, one, other, [], false)
    return misfit.verdict === "breaks" ? misfit : { ...misfit, why }
  }

  #limits(one: Alternative, other: Alternative): ReadonlyArray<Misfit> {
    if (other.kind === "anything") return []
    if (other.kind === "constant") return constants(this, one, other)
    if (one.kind === "number" && other.kind === "number") return number(this, one, other)
    if (one.kind === "string" && other.kind === "string") return text(this, one, other)
    if (one.kind === "array" && other.kind === "array") return list(this, one, other)
    if (one.kind === "object" && other.kind === "object") return object(this, one, other)
    return []
  }

  #keyOf(schemas: ReadonlyArray<Schema>): string {
    return schemas.map((schema) => {
      const number = this.#numbers.get(schema) ?? this.#numbers.size
      this.#numbers.set(schema, number)
      return number
    }).join(",")
  }
}

/** Whether two objects go by different tags: then nobody wants to hear of their fields. */
const areTaggedApart = (root: Root, one: Alternative, otherRoot: Root, other: Alternative): boolean =>
  one.kind === "object" && other.kind === "object" && one.required.has("_tag") && other.required.has("_tag") &&
  areApart(
    root,
    { ...one, required: new Set(["_tag"]) },
    { ...other, required: new Set(["_tag"]) },
    otherRoot,
  )

const areNear = (one: Alternative, other: Alternative): boolean => {
  const [a, b] = [typeOf(one), typeOf(other)]
  if (a === undefined || b === undefined) return true
  if (a !== b) return false
  if (one.kind === "number" && other.kind === "constant") return isWithin({ ...one }, other.value as number)
  return true
}

const depthOf = (misfits: ReadonlyArray<Misfit>): number => Math.max(0, ...misfits.map(({ path }) => path.length))

/** Whether two schemas are the same text, which says the same where nothing is referred to and no code is nameless. */
const isTheSame = (one: Schema, two: Schema): boolean =>
  isSame(one, two) && !/"\$ref":|"(?:[^"]* )?\?(?: [^"]*)?"/.test(JSON.stringify(one))
