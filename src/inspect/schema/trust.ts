/**
 * Whether code or a strange keyword stands between a schema and what is written or read, and how people are told of it.
 */
import { isNameless, unnamed, writing } from "../../contract/mod.ts"
import type { Alternative } from "./Alternative.ts"
import { codeWords } from "./code.ts"

/** Whether nothing keeps a writer from writing whatever its schema says. */
export const isSure = ({ code, strange }: Alternative): boolean => code.length === 0 && strange.length === 0

/** Whether code of the reader is the writer's too, so that whatever is written has passed it. */
export const isShared = (name: string, one: Alternative): boolean =>
  name.startsWith(writing) || !isNameless(name) && one.code.includes(name)

/** What keeps a reader from accepting whatever fits its schema. */
export const whyReader = (one: Alternative, other: Alternative): string | undefined => {
  if (other.strange.length > 0) return `the keyword "${other.strange[0]}"`
  const name = other.code.find((name) => !isShared(name, one))
  return name === undefined ? undefined : `it is read by code: ${codeWords(name)}`
}

/** What keeps a writer from writing whatever fits its schema. */
export const whyWriter = ({ code, strange }: Alternative): string =>
  strange.length > 0
    ? `the keyword "${strange[0]}"`
    : `it is written by code: ${codeWords((code[0] ?? "").replace(writing, "") || unnamed)}`
