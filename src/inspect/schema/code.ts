/**
 * What is known of code by its name: whether it is surely refused what it is given, and how people call it.
 *
 * Names come from `src/contract/marks.ts`. Pure; whatever is not known here refuses nothing for certain.
 */
import { lenient, unnamed, writing } from "../../contract/mod.ts"

const isPattern = "isPattern "

/** Texts that no runtime reads as these. */
const refused: Readonly<Record<string, RegExp>> = {
  Date: /^\D*$/,
  DateTimeUtc: /^\D*$/,
  URL: /^[^:]*$/,
}

/** Whether code surely refuses a text, or surely takes it. */
export const reads = (code: ReadonlyArray<string>, text: string): boolean | undefined => {
  const names = code.filter((name) => !name.startsWith(writing))
  const answers = names.map((name) =>
    name.startsWith(isPattern) ? matchesAs(name, text) : !refused[name]?.test(text) && undefined
  )
  // behind other code stands another text
  if (code.length > 1 && !names.every((name) => name.startsWith(isPattern))) return undefined
  return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true
}

const matchesAs = (name: string, text: string): boolean | undefined => {
  const pattern = patternOf(name)
  return pattern === undefined ? undefined : pattern.test(text)
}

const patternOf = (name: string): RegExp | undefined => {
  try {
    const { source, flags } = JSON.parse(name.slice(isPattern.length)) as {
      readonly source: string
      readonly flags: string
    }
    return new RegExp(source, flags.replaceAll(/[gy]/g, ""))
  } catch {
    return undefined
  }
}

/** A name of code in words. */
export const codeWords = (name: string): string => {
  if (name === unnamed) return "a check without a name"
  if (name.startsWith(isPattern)) return String(patternOf(name) ?? name)
  return name.replace(writing, "").replace(lenient, "middleware of ").replaceAll(/\?/g, "something without a name")
    .trim()
}
