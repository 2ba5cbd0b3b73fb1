/**
 * Lines that were typed before, in a file that its user alone can read.
 *
 * `$XDG_STATE_HOME/warren/console`, else `~/.local/state/warren/console`; `WARREN_HISTORY` names another file, or `off`. A line that may
 * hold a secret, or begins with a space, is not kept. A history that cannot be kept is no failure of the console.
 */
import { constants } from "node:fs"
import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"

/** Lines that are kept, and bytes of the file that are read. */
const most = { lines: 1_000, bytes: 1_000_000 }

/** The lines of before, the newest first, and how a new one is added. */
export interface History {
  readonly lines: ReadonlyArray<string>
  readonly add: (line: string) => void
}

const suspicious =
  /--token|passw|secret|credential|api[-_]?key|private[-_]?key|authorization|bearer|:\/\/[^/\s]*:[^/\s]*@/i

/** Whether a line may be kept. */
export const mayKeep = (line: string): boolean =>
  line.trim() !== "" && !/^\s/.test(line) && !line.includes("\n") && !suspicious.test(line)

/** Where it is; `undefined`: nowhere. */
export const historyFile = (environment: Readonly<Record<string, string | undefined>>): string | undefined => {
  const named = environment["WARREN_HISTORY"]
  if (named !== undefined && named !== "") return /^(off|0|false|no)$/i.test(named) ? undefined : named
  const state = environment["XDG_STATE_HOME"] || join(environment["HOME"] || homedir(), ".local", "state")
  return join(state, "warren", "console")
}

/** Opens it. */
export const openHistory = (file: string | undefined = historyFile(process.env)): History => {
  if (file === undefined) return { lines: [], add: () => {} }
  const known = attempt(() => read(file)) ?? []
  const lines = known.slice(-most.lines)
  // it is cut once it has grown to twice of what is kept
  if (known.length > most.lines * 2) attempt(() => write(file, `${lines.join("\n")}\n`, constants.O_TRUNC))
  return {
    lines: lines.toReversed(),
    add: (line) => {
      if (mayKeep(line)) attempt(() => write(file, `${line}\n`, constants.O_APPEND))
    },
  }
}

const attempt = <A>(make: () => A): A | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** No link is followed, which others may have put there. */
const flags = constants.O_NOFOLLOW ?? 0

const read = (file: string): ReadonlyArray<string> => {
  const handle = openSync(file, constants.O_RDONLY | flags)
  try {
    if (fstatSync(handle).size > most.bytes) return []
    return readFileSync(handle, "utf8").split("\n").filter((line) => line !== "")
  } finally {
    closeSync(handle)
  }
}

const write = (file: string, text: string, how: number): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const handle = openSync(file, constants.O_WRONLY | constants.O_CREAT | how | flags, 0o600)
  try {
    // it may have been there with other permissions
    fchmodSync(handle, 0o600)
    writeSync(handle, text)
  } finally {
    closeSync(handle)
  }
}
