/**
 * Every rule of `scripts/check-docs.ts` fires on a bad sample, and lets the good one pass.
 */
import assert from "node:assert/strict"
import { describe, test } from "#test"
import { blocksOf, checkDocs, deadLinks } from "../../scripts/check-docs.ts"

const opening = "/**\n * Does one thing.\n */\n"

const found = (files: Record<string, string>) =>
  checkDocs(new Map(Object.entries(files).map(([file, text]) => [file, opening + text])))
    .map(({ file, line, message }) => `${file}:${line} ${message}`)

const room = (declaration: string, names = "a") => ({
  "src/wire/mod.ts": `export { ${names} } from "./a.ts"\n`,
  "src/wire/a.ts": declaration,
})

const fires = (files: Record<string, string>, expected: RegExp) => {
  const findings = found(files)
  assert.equal(findings.length, 1, findings.join("\n"))
  assert.match(findings[0] ?? "", expected)
}

describe("check-docs", () => {
  test("a file opens with a paragraph", () => {
    const check = (text: string) => checkDocs(new Map([["test/a.test.ts", text]])).map(({ message }) => message)
    assert.match(check("export const a = 1\n")[0] ?? "", /does not open with a paragraph/)
    assert.match(check('import "b"\n/** Too late. */\n')[0] ?? "", /does not open with a paragraph/)
    assert.match(check("/** */\n")[0] ?? "", /without a summary/)
    assert.deepEqual(check(`#!/usr/bin/env node\n${opening}`), [])
  })

  test("what a door exports is documented where it is declared", () => {
    fires(room("export const a = 1\n"), /^src\/wire\/a\.ts:4 "a", exported by src\/wire\/mod\.ts, has no doc comment$/)
    fires(room("// Not a doc comment.\nexport class a {}\n"), /has no doc comment/)
    fires(room("/** One. */\nconst b = 1\nexport interface a {}\n"), /has no doc comment/)
    assert.deepEqual(found(room("/** One. */\nexport const a = 1\n")), [])
    assert.deepEqual(found(room("export const b = 1\n/** One. */\nexport function* a() {}\n")), [])
  })

  test("a doc comment begins with a sentence", () => {
    fires(room("/** @internal */\nexport const a = 1\n"), /without a summary sentence/)
    fires(room("/** the thing\n *\n * More. */\nexport const a = 1\n"), /no sentence: "the thing"/)
  })

  test("names are followed through doors and under other names", () => {
    fires({
      "src/mod.ts": 'export type { Outer } from "./wire/mod.ts"\n',
      "src/wire/mod.ts": 'export { type Inner as Outer } from "./a.ts"\n',
      "src/wire/a.ts": "export interface Inner {}\n",
    }, /"Inner".*has no doc comment/)
  })

  test("one documented declaration of a name is enough", () =>
    assert.deepEqual(found(room("/** The type. */\nexport type a = 1\nexport const a = 1\n")), []))

  test("what only a room knows needs no comment", () =>
    assert.deepEqual(found({ "src/wire/mod.ts": "", "src/wire/a.ts": "export const a = 1\n" }), []))

  test("blocksOf() takes the blocks that name a file or say run", () => {
    const page = "```ts hello.ts\nconst a = 1\n```\n\n```ts\nfragment\n```\n\n```ts run\nconst b = 1\n```\n"
    assert.deepEqual(blocksOf("README.md", page), [
      { page: "README.md", line: 2, file: "hello.ts", code: "const a = 1\n" },
      { page: "README.md", line: 10, file: "block-at-line-10.ts", code: "const b = 1\n" },
    ])
  })

  test("deadLinks() finds links that lead nowhere", () => {
    const page = "[a](there.md#part) [b](https://example.org/x) [c](#here)\n[d](../gone.md)\n"
    const findings = deadLinks(new Map([["docs/a.md", page]]), (path) => path === "docs/there.md")
    assert.deepEqual(findings, [{ file: "docs/a.md", line: 2, message: 'links to "../gone.md", which is not there' }])
  })
})
