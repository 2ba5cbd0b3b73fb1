/**
 * Finds the worker modules that a command line means: files as they are, folders as what lies directly in them.
 *
 * Reads names only. Loading is `load.ts`; watching asks here again, so that new files are found.
 */
import { readdirSync, statSync } from "node:fs"
import { basename, extname, join, resolve } from "node:path"
import process from "node:process"
import { Result } from "effect"
import { CliFailure } from "./Failure.ts"

/** The folder that is run unless something else is named. */
export const defaultFolder = "workers"

const extensions: ReadonlySet<string> = new Set([".ts", ".mts", ".js", ".mjs"])

/** What was named, as absolute paths. */
export interface Found {
  /** The modules, each once, in the order they were named; those of a folder by name. */
  readonly files: ReadonlyArray<string>
  /** The folders that were named; a new file in one of them is a new module. */
  readonly folders: ReadonlyArray<string>
}

/** Whether a file's name is that of a worker module. */
export const isModuleName = (name: string): boolean =>
  extensions.has(extname(name)) && !/\.d\.m?ts$/.test(name) && !/\.test\.m?[jt]s$/.test(name) && !name.startsWith(".")

/** The worker modules among paths; none: those of {@link defaultFolder}. */
export const discover = (paths: ReadonlyArray<string>): Result.Result<Found, CliFailure> => {
  const files = new Set<string>()
  const folders: Array<string> = []
  for (const path of paths.length === 0 ? [defaultFolder] : paths) {
    const full = resolve(path)
    const kind = kindOf(full)
    if (kind === "nothing") return Result.fail(missing(path, paths.length === 0))
    if (kind === "file") {
      if (!extensions.has(extname(full))) {
        return refuse(
          `Cannot run "${path}": a worker is a .ts, .mts, .js or .mjs file`,
          "Name a module or a folder of modules",
        )
      }
      files.add(full)
      continue
    }
    folders.push(full)
    const inside = readdirSync(full).filter((name) => isModuleName(name) && kindOf(join(full, name)) === "file").sort()
    if (inside.length === 0) {
      return refuse(
        `Cannot run the folder "${path}": there is no worker module directly in it`,
        "A module is a .ts, .mts, .js or .mjs file that exports handlers; folders inside are not searched",
      )
    }
    for (const name of inside) files.add(join(full, name))
  }
  return Result.succeed({ files: [...files], folders })
}

/** The app a module stands for unless its handlers say otherwise: the file's name. */
export const appNameOf = (file: string): string => basename(file, extname(file))

const kindOf = (path: string): "file" | "folder" | "nothing" => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? "nothing" : stats.isDirectory() ? "folder" : "file"
}

const missing = (path: string, isDefault: boolean): CliFailure =>
  new CliFailure(
    isDefault
      ? {
        problem: `Cannot find the folder "${path}" in "${process.cwd()}"`,
        remedy: "Name modules or folders, `warren run src/sales.ts`, or put them into a folder of that name",
      }
      : {
        problem: `Cannot find "${path}": there is no such file or folder`,
        remedy: `It was looked for at "${resolve(path)}"`,
      },
  )

const refuse = (problem: string, remedy: string) => Result.fail(new CliFailure({ problem, remedy }))
