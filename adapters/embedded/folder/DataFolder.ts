/**
 * The folder of one project's broker, for one user alone: it holds passwords, and what messages say.
 *
 * Below `Embedded.ts`. Made where it is not there; a folder in which others may write is refused, one that others may read is
 * closed to them. Knows the names of the files in it and looks into none.
 */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { FolderError, type FolderReason } from "./FolderError.ts"

/** A folder that may be used. */
export interface DataFolder {
  readonly path: string
  /** Whoever holds the lock on this file hosts the broker. */
  readonly lock: string
  /** Where the broker is, and who may connect. */
  readonly address: string
  /** Queues and messages. */
  readonly queues: string
}

/** What a project has at its root; the first one that is found further up counts. */
const roots: ReadonlyArray<ReadonlyArray<string>> = [[".git", ".hg"], ["package.json", "deno.json", "deno.jsonc"]]

/** Where the folder is unless somebody says otherwise: in `.warren` at the root of the project that `from` lies in. */
export const defaultFolder = (from: string = process.cwd()): string => {
  const ways = ancestors(resolve(from))
  for (const names of roots) {
    const root = ways.find((way) => names.some((name) => existsSync(join(way, name))))
    if (root !== undefined) return join(root, ".warren", "broker")
  }
  return join(resolve(from), ".warren", "broker")
}

/** Itself, then what it lies in, up to the root. */
const ancestors = (path: string): Array<string> => {
  const above = dirname(path)
  return above === path ? [path] : [path, ...ancestors(above)]
}

/** Looks at a folder, made where it is not there. */
export const openDataFolder = (path: string): Effect.Effect<DataFolder, FolderError> =>
  Effect.try({
    try: () => {
      const folder = resolve(path)
      make(folder)
      check(folder)
      return {
        path: folder,
        lock: join(folder, "lock"),
        address: join(folder, "address.json"),
        queues: join(folder, "queues.db"),
      }
    },
    catch: (error) => error instanceof FolderError ? error : refuse(path, ...reasonOf(error)),
  })

const make = (folder: string): void => {
  if (existsSync(folder)) return
  const parent = dirname(folder)
  const isOurs = basename(parent) === ".warren" && !existsSync(parent)
  // one by one: Node's own way to make all of them never ends where a file system takes none (/proc)
  for (const way of ancestors(folder).reverse()) if (!existsSync(way)) mkdirSync(way, { mode: 0o700 })
  // nobody wants it in a repository
  if (isOurs) writeFileSync(join(parent, ".gitignore"), "*\n")
}

const check = (folder: string): void => {
  const stat = statSync(folder)
  const { mode, uid } = stat
  if (!stat.isDirectory()) throw refuse(folder, "unusable", "it is no folder")
  if (process.platform !== "win32") {
    const user = userId()
    if (user !== undefined && uid !== user) throw refuse(folder, "shared", `it belongs to the user ${uid}`)
    if ((mode & 0o022) !== 0) throw refuse(folder, "shared", "others may write in it")
    if ((mode & 0o055) !== 0) chmodSync(folder, 0o700)
  }
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** Who runs this; `undefined`: that must not be asked (Deno). */
const userId = (): number | undefined => {
  try {
    return process.getuid?.()
  } catch {
    return undefined
  }
}

const refuse = (folder: string, reason: FolderReason, detail: string) => new FolderError({ folder, reason, detail })

const reasonOf = (error: unknown): [FolderReason, string] => {
  const { code, name, message } = error as NodeJS.ErrnoException
  switch (code ?? name) {
    case "ENOTDIR":
    case "EEXIST":
      return ["unusable", "it, or what it lies in, is no folder"]
    case "EROFS":
      return ["unwritable", "it is on a file system that can only be read"]
    case "ENOENT":
    case "EACCES":
    case "EPERM":
    case "NotCapable":
      return ["unwritable", `this user may not write in it (${message})`]
    default:
      return ["unusable", message ?? String(error)]
  }
}
