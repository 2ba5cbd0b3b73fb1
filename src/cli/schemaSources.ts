/**
 * Where the documents of `warren schema` come from: modules, files, and running systems; and where one is written to.
 *
 * Below `schema.ts`. Modules are loaded and not run. Nothing is believed of a file before it was read as what it should be.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Option, Result } from "effect"
import { documentOfModules, readDocument, type SchemaDocument } from "../inspect/mod.ts"
import { discover } from "./discover.ts"
import { CliFailure } from "./Failure.ts"
import { ask, type InspectInput } from "./inspecting.ts"
import { load } from "./load.ts"

/** A document is no longer than that. */
const largest = 64 * 1024 * 1024

/** What modules declare. */
export const ofModules = Effect.fnUntraced(function* (
  paths: ReadonlyArray<string>,
): Effect.fn.Return<SchemaDocument, CliFailure> {
  const { files } = yield* Effect.fromResult(discover(paths))
  const { apps, contractsOf } = yield* load(files)
  return documentOfModules(apps.map(({ app, handlers }) => ({ app, handlers, contracts: contractsOf.get(app) ?? [] })))
})

/** What a running system speaks. */
export const ofRunning = Effect.fnUntraced(function* (
  input: InspectInput,
): Effect.fn.Return<SchemaDocument, CliFailure> {
  // the modules at hand are another side
  const told = yield* ask({ ...input, workers: Option.none() }, "schema.dump", {})
  return yield* Effect.fromResult(Result.mapError(
    readDocument(told),
    (why) => new CliFailure({ problem: `The running process told its contracts in a way that cannot be read: ${why}` }),
  ))
})

/** A file that `warren schema dump` wrote. */
export const ofFile = (path: string): Effect.Effect<SchemaDocument, CliFailure> =>
  Effect.try({
    try: () => {
      const { size } = statSync(path)
      if (size > largest) throw new CliFailure({ problem: `Cannot read "${path}": it has ${size} bytes` })
      const read = readDocument(parsed(path, readFileSync(path, "utf8")))
      if (Result.isFailure(read)) {
        throw new CliFailure({ problem: `Cannot read "${path}": ${read.failure}`, remedy: written })
      }
      return read.success
    },
    catch: (thrown) => thrown instanceof CliFailure ? thrown : unreadable(path, thrown),
  })

const written = "Write one with `warren schema dump --out contracts.json`"

const parsed = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliFailure({ problem: `Cannot read "${path}": it is no JSON`, remedy: written })
  }
}

const unreadable = (path: string, thrown: unknown): CliFailure => {
  const isMissing = codeOf(thrown) === "ENOENT"
  return new CliFailure({
    problem: `Cannot read "${path}": ${isMissing ? "there is no such file" : reasonOf(thrown)}`,
    remedy: isMissing ? `It was looked for at "${resolve(path)}". ${written}` : undefined,
    from: thrown,
  })
}

/** Writes a document. */
export const writeDocument = (path: string, document: SchemaDocument): Effect.Effect<void, CliFailure> =>
  Effect.try({
    try: () => writeFileSync(path, `${textOf(document)}\n`),
    catch: (thrown) =>
      new CliFailure({
        problem: `Cannot write "${path}": ${reasonOf(thrown)}`,
        remedy: "Name a file in a folder that is there",
        from: thrown,
      }),
  })

/** A document as text, the same for the same document. */
export const textOf = (document: SchemaDocument): string => JSON.stringify(document, null, 2)

const codeOf = (thrown: unknown): unknown =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? thrown.code : undefined

const reasonOf = (thrown: unknown): string =>
  codeOf(thrown) === "EISDIR"
    ? "it is a folder"
    : codeOf(thrown) === "ENOENT"
    ? "there is no such folder"
    : thrown instanceof Error
    ? thrown.message
    : String(thrown)
