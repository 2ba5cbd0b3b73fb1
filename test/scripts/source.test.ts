/**
 * `scripts/source.ts` tells code from comments, strings, templates and regular expressions, and finds imports.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { codeOf, importsOf } from "../../scripts/source.ts"

const specifiers = (text: string) => importsOf(text).map(({ specifier }) => specifier)

describe("source", () => {
  test("codeOf() blanks comments and the insides of strings, and keeps every character at its place", () => {
    const text = 'const a = "x // y" // any\n/* any\n any */ const b = /["\'`/]any/g, c = a / 2 / any\n'
    const code = codeOf(text)
    assert.equal(code.length, text.length)
    assert.deepEqual(code.split("\n").map((line) => line.includes("any")), [false, false, true, false])
    assert.equal(codeOf('"kept"', "keep"), '"kept"')
  })

  test("codeOf() follows templates into their expressions and out again", () => {
    const code = codeOf("const a = `any ${one({ b: `any ${two} any` })} any`; three()")
    assert.doesNotMatch(code, /any/)
    assert.match(code, /one.*two.*three/)
  })

  test("importsOf() finds every form of import", () => {
    const text = `
import "./effect.ts"
import a, { b } from "./a.ts"
import {
  type c,
  d,
} from "./several-lines.ts"
import type { E } from "./type.ts"
export { f } from "./f.ts"
export * from "./all.ts"
export type { G } from './g.ts'
const h = await import("./h.ts")
type I = import("./i.ts").I
`
    assert.deepEqual(specifiers(text), [
      "./effect.ts",
      "./a.ts",
      "./several-lines.ts",
      "./type.ts",
      "./f.ts",
      "./all.ts",
      "./g.ts",
      "./h.ts",
      "./i.ts",
    ])
    assert.deepEqual(importsOf(text).filter(({ typeOnly }) => typeOnly).map(({ line }) => line), [8, 11])
  })

  test("importsOf() ignores what is only quoted", () => {
    assert.deepEqual(
      specifiers('// import "./a.ts"\nconst b = \'import "./b.ts"\'\nconst c = `\nimport "./c.ts"\n`\n'),
      [],
    )
  })
})
