/**
 * Checks what is written about the code: every file opens with a paragraph, every export of a room is documented,
 * and every TypeScript block in README.md and docs/ that stands for a file compiles.
 *
 * An export is what a door (`mod.ts`) names; its comment stands at its declaration, and begins with a sentence. A block
 * is compiled when its info string names a file (```ts hello.ts) or says `run` (```ts run). Judges no style beyond that.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join, posix } from "node:path"
import process from "node:process"
import { codeOf, lineAt, readSources, report } from "./source.ts"
import type { Finding, Sources } from "./source.ts"

/** One name that a module exports, and where the name is declared. */
interface Exported {
  readonly name: string
  /** The file it comes from, and its name there. */
  readonly from: string
  readonly original: string
  readonly line: number
}

const target = (file: string, specifier: string) => posix.join(posix.dirname(file), specifier)

/** The names in `{ a, type b, c as d }`, outer name first. */
const namesIn = (list: string): ReadonlyArray<readonly [string, string]> =>
  list.split(",").map((one) => one.trim().replace(/^type\s+/, "")).filter((one) => one !== "").map((one) => {
    const [original = "", name = original] = one.split(/\s+as\s+/)
    return [name, original]
  })

/** What a door re-exports by name. */
const reexports = (file: string, text: string): ReadonlyArray<Exported> =>
  [...codeOf(text, "keep").matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}\s*from\s*["']([^"']+)["']/gm)]
    .flatMap(({ index, 1: list = "", 2: specifier = "" }) =>
      specifier.startsWith(".")
        ? namesIn(list).map(([name, original]) => ({
          name,
          original,
          from: target(file, specifier),
          line: lineAt(text, index),
        }))
        : []
    )

/** What a module declares itself. */
const declarations = (text: string): ReadonlyArray<{ readonly name: string; readonly offset: number }> => {
  const pattern =
    /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|function\*?|class|interface|type|enum|namespace)\s+([A-Za-z_$][\w$]*)/gm
  const destructured = /^export\s+const\s+\{([^}]*)\}\s*=/gm
  const code = codeOf(text)
  return [
    ...[...code.matchAll(pattern)].map((match) => ({ name: match[1] ?? "", offset: match.index })),
    ...[...code.matchAll(destructured)].flatMap((match) =>
      (match[1] ?? "").split(",").map((one) => ({
        name: one.split(":").at(-1)?.trim() ?? "",
        offset: match.index,
      }))
    ),
  ]
}

/** The doc comment that ends right before an offset; the file's opening paragraph is nobody else's comment. */
const docBefore = (text: string, offset: number): string | undefined => {
  const above = text.slice(0, offset).replace(/(?:^[ \t]*\/\/[^\n]*\n)+$/m, "")
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(above)
  return comment === null || comment.index === 0 ? undefined : comment[1]
}

/** The prose of a doc comment, its first paragraph only. */
const summaryOf = (comment: string): string =>
  comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trim()).join("\n").trim().split(/\n\n|\n@/)[0]!.trim()

/** Why a summary is not one. */
const complaint = (comment: string | undefined): string | undefined => {
  if (comment === undefined) return "has no doc comment"
  const summary = summaryOf(comment)
  if (summary === "" || summary.startsWith("@")) return "has a doc comment without a summary sentence"
  if (!/[.:?!)`…]$/.test(summary)) return `has a summary that is no sentence: "${summary.split("\n").at(-1)}"`
  return undefined
}

/** Follows re-exports to the file that declares a name, and to the name it has there. */
const declaredIn = (sources: Sources, from: string, original: string, steps = 0): readonly [string, string] => {
  const next = reexports(from, sources.get(from) ?? "").find((one) => one.name === original)
  return next === undefined || steps > 9 ? [from, original] : declaredIn(sources, next.from, next.original, steps + 1)
}

const undocumented = (sources: Sources): Array<Finding> => {
  const findings = new Map<string, Finding>()
  for (const [door, text] of sources) {
    if (basename(door) !== "mod.ts") continue
    const own = [...text.matchAll(/^export (?!type \{|\{|\*)/gm)].length > 0
      ? declarations(text).filter(({ offset }) => text.startsWith("export", offset)).map(({ name }) => ({
        name,
        original: name,
        from: door,
        line: 1,
      }))
      : []
    for (const exported of [...reexports(door, text), ...own]) {
      const [file, original] = declaredIn(sources, exported.from, exported.original)
      const source = sources.get(file)
      if (source === undefined) continue
      const found = declarations(source).filter(({ name }) => name === original)
      const complaints = found.map(({ offset }) => complaint(docBefore(source, offset)))
      if (found.length > 0 && complaints.includes(undefined)) continue
      const line = found[0] === undefined ? 1 : lineAt(source, found[0].offset)
      const message = found[0] === undefined
        ? `"${original}", exported by ${door}, is not declared where the check can see it`
        : `"${original}", exported by ${door}, ${complaints[0]}`
      findings.set(`${file} ${original}`, { file, line, message })
    }
  }
  return [...findings.values()]
}

const opening = (sources: Sources): Array<Finding> =>
  [...sources].flatMap(([file, text]) => {
    const top = text.replace(/^#![^\n]*\n/, "")
    const comment = /^\/\*\*((?:(?!\*\/)[\s\S])*)\*\//.exec(top)?.[1]
    if (comment === undefined) {
      return [{ file, line: 1, message: "does not open with a paragraph: say what it is and what it refuses to do" }]
    }
    const trouble = complaint(comment)
    return trouble === undefined ? [] : [{ file, line: 1, message: `opens with a comment that ${trouble}` }]
  })

/** One block of a page that has to compile. */
interface Block {
  readonly page: string
  readonly line: number
  /** Where it is written to be compiled, relative to the folder of the page. */
  readonly file: string
  readonly code: string
}

/** The blocks of a page that stand for files, and those marked `run`. */
export const blocksOf = (page: string, text: string): ReadonlyArray<Block> =>
  [...text.matchAll(/^(`{3,})ts +([^\n`]+)\n(.*?)^\1 *$/gms)].flatMap((match) => {
    const [name = ""] = (match[2] ?? "").trim().split(/\s+/)
    const line = lineAt(text, match.index) + 1
    if (name !== "run" && !name.endsWith(".ts")) return []
    return [{ page, line, file: name === "run" ? `block-at-line-${line}.ts` : name, code: match[3] ?? "" }]
  })

/** Compiles blocks as files inside the checkout, so that they import the package by its name. */
const uncompilable = (root: string, blocks: ReadonlyArray<Block>): Array<Finding> => {
  if (blocks.length === 0) return []
  const folder = join(root, ".warren", "docs")
  rmSync(folder, { recursive: true, force: true })
  const places = new Map<string, Block>()
  for (const block of blocks) {
    const place = posix.join(block.page.replaceAll(/[^\w]+/g, "-"), block.file)
    // a file shown in pieces is one file
    const before = places.get(place)
    places.set(place, before === undefined ? block : { ...before, code: `${before.code}${block.code}` })
  }
  for (const [place, { code }] of places) {
    mkdirSync(dirname(join(folder, place)), { recursive: true })
    writeFileSync(join(folder, place), code)
  }
  const options = { noUnusedLocals: false, noUnusedParameters: false }
  const config = { extends: "../../tsconfig.json", compilerOptions: options, include: ["**/*.ts"] }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const done = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" })
  const errors = [...done.stdout.matchAll(/^(\S.*?)\((\d+),\d+\): error (.*)$/gm)]
  const known = errors.flatMap(([, place = "", line, message = ""]) => {
    const block = places.get(place)
    return block === undefined ? [] : [{ file: block.page, line: block.line + Number(line) - 1, message }]
  })
  if (done.status === 0 || known.length > 0) return known
  return errors.length > 0
    ? []
    : [{ file: blocks[0]!.page, line: 1, message: `could not be compiled: ${done.stdout}${done.stderr}` }]
}

/** Everything undocumented in these sources. */
export const checkDocs = (sources: Sources): ReadonlyArray<Finding> => [
  ...opening(sources),
  ...undocumented(new Map([...sources].filter(([file]) => /^(?:src|adapters)\//.test(file)))),
]

/** Links between pages, and from pages to files, that lead nowhere. */
export const deadLinks = (pages: Sources, exists: (path: string) => boolean): ReadonlyArray<Finding> =>
  [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].flatMap((match) => {
      const path = posix.join(posix.dirname(page), match[1] ?? "")
      return exists(path)
        ? []
        : [{ file: page, line: lineAt(text, match.index), message: `links to "${match[1]}", which is not there` }]
    })
  )

if (import.meta.main) {
  const { existsSync } = await import("node:fs")
  const root = join(import.meta.dirname, "..")
  const sources = readSources(root, ["{src,adapters,workers,test,scripts,bin}/**/*.{ts,mjs}"])
  const pages = readSources(root, ["*.md", "docs/**/*.md"])
  const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text))
  const findings = [
    ...checkDocs(sources),
    ...deadLinks(pages, (path) => existsSync(join(root, path))),
    ...uncompilable(root, blocks),
  ]
  process.exit(report(`docs (${blocks.length} blocks compiled)`, findings) ? 0 : 1)
}
