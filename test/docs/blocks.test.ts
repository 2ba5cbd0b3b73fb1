/**
 * The code blocks of the documentation: they compile, the tests among them pass, and excerpts are from this repository.
 */
import assert from "node:assert/strict"
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, test } from "#test"
import { program, root, run } from "../support/process.ts"
import { codeBlocks } from "../support/readme.ts"
import { pages, read, runtime, testCommand, writeFiles } from "./pages.ts"

/** Without indentation, which a page chooses for itself. */
const flat = (code: string): string => code.replaceAll(/^ +/gm, "")

const skip = runtime === "bun" ? undefined : "tried on Bun: the compiler is the same"

test("the files of every page compile", { skip }, async () => {
  const folder = join(writeFiles(pages[0], "types"), "..")
  for (const page of pages) writeFiles(page, "types")
  const config = { extends: "../../../../tsconfig.json", include: ["."], compilerOptions: { noEmit: true } }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const { output } = await run(program("tsc"), ["-p", folder, "--pretty", "false"], { cwd: folder })
  // Warren's own sources, which start with "..", have a type check of their own
  assert.deepEqual(output.split("\n").filter((line) => /^[^.].*error TS|^error/.test(line)), [])
})

for (const page of pages) {
  describe(page, () => {
    test("its tests pass", async () => {
      const folder = writeFiles(page, "run")
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".test.ts"))) {
        const { code, output } = await run(...testCommand(file), { cwd: folder })
        assert.equal(code, 0, output)
      }
    })

    test("its other blocks of TypeScript are excerpts of the sample company", () => {
      const sources = globSync("{workers,test/workers}/**/*.ts", { cwd: root })
        .map((file) => flat(readFileSync(join(root, file), "utf8")))
      for (const { language, file, code, line } of codeBlocks(read(page))) {
        if (language !== "ts" || file !== undefined) continue
        assert.ok(sources.some((source) => source.includes(flat(code))), `${page}:${line} is in no file of workers/`)
      }
    })
  })
}

test("what the documentation links to exists", () => {
  const everyPage = ["README.md", "CHANGELOG.md", ...globSync("docs/*.md", { cwd: root })]
  for (const page of everyPage) {
    const text = read(page).replaceAll(/^(`{3,}).*?^\1/gms, "")
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = ""]) => join(page, "..", link))
    const tests = [...text.matchAll(/`((?:test|src|scripts|adapters)\/[\w./-]+)`/g)].map(([, path = ""]) => path)
    for (const path of [...links, ...tests]) assert.ok(existsSync(join(root, path)), `${page} names "${path}"`)
  }
})
