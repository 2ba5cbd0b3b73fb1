/**
 * Which module hosts a handler, and which exports the api of an event: what an exported test imports.
 *
 * Above `load.ts`. The api is looked for in the worker module and in those that it imports by a relative path, which were
 * loaded with it; no other file is loaded.
 */
import { readFileSync } from "node:fs"
import { dirname, relative, resolve, sep } from "node:path"
import { Effect, Option } from "effect"
import { importModule } from "../../../adapters/runtime/mod.ts"
import { infoOf, isApi, nearest } from "../../contract/mod.ts"
import type { ExportInput, ExportReport } from "../../inspect/mod.ts"
import { discover } from "../discover.ts"
import { CliFailure } from "../Failure.ts"
import { load } from "../load.ts"

/** Relative imports of a module's text. */
const imports = /(?:from|import)\s*["'](\.{1,2}\/[^"'\n]+)["']/g

/** Finds them, as they are imported from a folder. */
export const modulesFor = Effect.fnUntraced(function* (
  { app, handler, type }: ExportReport,
  workers: Option.Option<string>,
  folder: string,
): Effect.fn.Return<Pick<ExportInput, "worker" | "api">, CliFailure> {
  const { files } = yield* Effect.fromResult(discover(Option.isSome(workers) ? [workers.value] : []))
  const labels: Array<string> = []
  let file: string | undefined
  for (const one of files) {
    const { apps } = yield* load([one])
    const own = apps.flatMap((module) => module.handlers.map(({ name }) => `${module.app}.${name}`))
    labels.push(...own)
    if (own.includes(handler)) file ??= one
  }
  if (file === undefined) {
    const near = nearest(handler, labels)
    return yield* new CliFailure({
      problem: `No module at hand has the handler "${handler}" of the app "${app}"`,
      remedy: near.length > 0
        ? `There ${near.length === 1 ? "is" : "are"} ${
          near.map((one) => `"${one}"`).join(", ")
        }; name other modules with --workers`
        : "Name the modules that have it with --workers",
    })
  }
  const api = yield* Effect.promise(() => apiOf(file, type))
  return {
    worker: { from: specifier(folder, file) },
    ...(api !== undefined && { api: { from: specifier(folder, api.file), name: api.name } }),
  }
})

/** The module and the export that hold an event's api. */
const apiOf = async (
  worker: string,
  type: string,
): Promise<{ readonly file: string; readonly name: string } | undefined> => {
  const near = [...readFileSync(worker, "utf8").matchAll(imports)].map(([, path = ""]) =>
    resolve(dirname(worker), path)
  )
  for (const file of [worker, ...near]) {
    const exported = await importModule(file).catch(() => ({}))
    for (const [name, value] of Object.entries(exported)) {
      if (isApi(value) && infoOf(value).contracts.some((one) => one.type === type)) return { file, name }
    }
  }
  return undefined
}

const specifier = (folder: string, file: string): string => {
  const path = relative(folder, file).split(sep).join("/")
  return path.startsWith(".") ? path : `./${path}`
}
