/**
 * What a schema wants, in words for people: `a whole number from 1 to 5`, `"open" or "held"`, `a list`.
 */
import { writing } from "../../contract/mod.ts"
import { codeWords } from "./code.ts"
import { type Alternative, constantsIn, fieldOf, type Numbers, type Root, type Texts } from "./Alternative.ts"
import { formOfAll } from "./Form.ts"

/** Values that are listed by name. */
const listed = 8

/** A form in words. */
export const wordsOf = (root: Root, form: ReadonlyArray<Alternative>): string => {
  if (form.length === 0) return "nothing"
  const isNumber = form.some(({ kind }) => kind === "number")
  const values = form.flatMap((one) => one.kind === "constant" ? [one.value] : [])
  const isBoolean = values.includes(true) && values.includes(false)
  const named = values.filter((value) =>
    !(isBoolean && typeof value === "boolean") && !(isNumber && unendings.includes(value)) && value !== null
  )
  const more = named.length > listed ? [`${named.length - listed} others`] : []
  const all = [
    ...form.flatMap((one) => one.kind === "constant" ? [] : [oneOf(root, one)]),
    ...(isNumber && unendings.every((value) => values.includes(value)) ? ["NaN", "an infinity"] : []),
    ...(isBoolean ? ["a boolean"] : []),
    ...named.slice(0, listed).map((value) => JSON.stringify(value)),
    ...more,
    ...(values.includes(null) ? ["null"] : []),
  ]
  const code = new Set(form.flatMap((one) => one.code).filter((name) => !name.startsWith(writing)).map(codeWords))
  return `${joined([...new Set(all)])}${code.size === 0 ? "" : ` (${[...code].join(", ")})`}`
}

/** What stands for numbers that JSON has no words for. */
const unendings: ReadonlyArray<unknown> = ["NaN", "Infinity", "-Infinity"]

const oneOf = (root: Root, one: Exclude<Alternative, { readonly kind: "constant" }>): string => {
  switch (one.kind) {
    case "anything":
      return "anything"
    case "number":
      return numberWords(one)
    case "string":
      return textWords(one)
    case "array":
      return `a list${countWords(one.least, one.most, "items")}`
    case "object": {
      const tag = constantsIn(formOfAll(root, fieldOf(one, "_tag")))
      return tag !== undefined && tag.length > 0 && one.required.has("_tag") ? joined(tag.map(String)) : "an object"
    }
  }
}

const numberWords = ({ isInteger, least, most, isAbove, isBelow, multiples }: Numbers): string => {
  const from = least === -Infinity || isInteger && least <= Number.MIN_SAFE_INTEGER ? undefined : least
  const to = most === Infinity || isInteger && most >= Number.MAX_SAFE_INTEGER ? undefined : most
  const range = from !== undefined && to !== undefined && !isAbove && !isBelow ? ` from ${from} to ${to}` : [
    ...(from === undefined ? [] : [isAbove ? ` above ${from}` : ` of at least ${from}`]),
    ...(to === undefined ? [] : [isBelow ? ` below ${to}` : ` of at most ${to}`]),
  ].join(" and")
  return `a ${isInteger ? "whole number" : "number"}${range}${
    multiples.map((one) => `, a multiple of ${one}`).join("")
  }`
}

const textWords = ({ least, most, leastPoints, mostPoints, patterns }: Texts): string =>
  `a string${countWords(Math.max(least, leastPoints), Math.min(most, mostPoints), "characters")}${
    patterns.map((source) => ` that matches /${source.length > 60 ? `${source.slice(0, 59)}…` : source}/`).join(" and")
  }`

const countWords = (least: number, most: number, what: string): string => {
  const counted = (count: number) => count === 1 ? `one ${what.slice(0, -1)}` : `${count} ${what}`
  if (least === most) return ` of ${counted(least)}`
  if (most !== Infinity) return least === 0 ? ` of at most ${counted(most)}` : ` of ${least} to ${counted(most)}`
  return least === 0 ? "" : ` of at least ${counted(least)}`
}

const joined = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
