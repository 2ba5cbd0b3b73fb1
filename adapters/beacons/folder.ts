/**
 * Where beacons are: a folder that belongs to this user, and in which nobody else writes.
 *
 * `$XDG_RUNTIME_DIR/warren`, else `warren-<uid>` in the folder for temporary files; `WARREN_BEACONS` names another one, or
 * `off`. Others may have made a folder of that name before: it is taken for what it is, and a link is never followed.
 */
import { existsSync, lstatSync, mkdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { permitted, variableOf } from "./permitted.ts"

/** Who runs this; `""`: the system has no such ids. */
export type User = number | ""

/** Who runs this; `undefined`: that must not be asked. */
export const userId = (): User | undefined => {
  if (process.platform === "win32") return ""
  return permitted({ name: "sys", kind: "uid" }) ? process.getuid?.() : undefined
}

/** Where beacons may be, the first being where they are to be: a service has no XDG_RUNTIME_DIR, its user's shell has. */
export const beaconFolders = (user: User): ReadonlyArray<string> => {
  const named = variableOf("WARREN_BEACONS")
  if (named !== undefined) return isOff(named) ? [] : [named]
  const runtime = variableOf("XDG_RUNTIME_DIR")
  return [
    ...(runtime !== undefined && isOwn(runtime, user) ? [join(runtime, "warren")] : []),
    join(temporary(), user === "" ? "warren" : `warren-${user}`),
  ]
}

const isOff = (text: string): boolean => /^(off|0|false|no)$/i.test(text)

const temporary = (): string =>
  variableOf("TMPDIR") ??
    (process.platform !== "win32" || !permitted({ name: "env", variable: "TEMP" }) ? "/tmp" : tmpdir())

/** Whether it is a folder of this user, in which nobody else writes. */
export const isOwn = (folder: string, user: User): boolean => {
  if (!permitted({ name: "read", path: folder })) return false
  try {
    const stat = lstatSync(folder)
    return stat.isDirectory() && isTheirs(stat, user)
  } catch {
    return false
  }
}

/** Whether something in the file system is this user's, and nobody else may change it. */
export const isTheirs = ({ uid, mode }: { readonly uid: number; readonly mode: number }, user: User): boolean =>
  user === "" || uid === user && (mode & 0o022) === 0

/** The folder to write into, made where it is not there; `undefined`: none is wanted. Throws where there can be none. */
export const openFolder = (): string | undefined => {
  const user = userId()
  if (user === undefined) throw new Error("who runs this program may not be asked (--allow-sys=uid)")
  const problems: Array<string> = []
  for (const folder of beaconFolders(user)) {
    const problem = prepare(folder, user)
    if (problem === undefined) return folder
    problems.push(problem)
  }
  if (problems.length === 0) return undefined
  throw new Error(problems.join("; "))
}

const prepare = (folder: string, user: User): string | undefined => {
  if (!permitted({ name: "write", path: folder }) || !permitted({ name: "read", path: folder })) {
    return `"${folder}" may not be written`
  }
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return String(error)
  }
  return isOwn(folder, user) ? undefined : `"${folder}" is not a folder in which this user alone writes`
}

/** What there is of the folder, found out without making it. */
export type FolderState =
  | { readonly kind: "off" }
  /** It is there and good; or it is not there yet, and would be made. */
  | { readonly kind: "own" | "absent"; readonly folder: string }
  /** None of those that would do is this user's alone. */
  | { readonly kind: "refused"; readonly why: string }

/** Looks at the folder that {@link openFolder} would choose. */
export const lookAtFolder = (): FolderState => {
  const user = userId()
  if (user === undefined) return { kind: "refused", why: "who runs this program may not be asked (--allow-sys=uid)" }
  const folders = beaconFolders(user)
  for (const folder of folders) {
    if (isOwn(folder, user)) return { kind: "own", folder }
    if (permitted({ name: "read", path: folder }) && !existsSync(folder)) return { kind: "absent", folder }
  }
  return folders.length === 0
    ? { kind: "off" }
    : { kind: "refused", why: `"${folders.join('", "')}" is not a folder in which this user alone writes` }
}
