/**
 * The files that a page of the documentation shows, written to a folder of this checkout where they can run.
 *
 * Blocks that name the same file are parts of it, in their order. One folder a runtime, so that runners do not meet.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { root } from "../support/process.ts"
import { filesIn } from "../support/readme.ts"

/** The pages whose files are run. */
export const pages = ["README.md", "docs/inbox.md", "docs/testing.md", "docs/workers.md", "docs/zeromq.md"] as const

/** The runtime that runs the tests. */
export const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node"

/** The text of a page. */
export const read = (page: string): string => readFileSync(join(root, page), "utf8")

/** Writes the files of a page; gives their folder. */
export const writeFiles = (page: string, purpose: string): string => {
  const folder = join(root, ".warren", "docs", runtime, purpose, page.replaceAll(/[^\w]/g, "-"))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = new Map<string, string>()
  for (const { file, code } of filesIn(read(page))) files.set(file, `${files.get(file) ?? ""}${code}\n`)
  for (const [file, code] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
  return folder
}

/** How this runtime runs a file of tests: program and arguments. */
export const testCommand = (file: string): readonly [program: string, args: ReadonlyArray<string>] => {
  const args = {
    bun: ["test", `./${file}`],
    deno: ["test", "-A", "--no-check", file],
    node: ["--test", file],
  }
  return [process.execPath, args[runtime]]
}
