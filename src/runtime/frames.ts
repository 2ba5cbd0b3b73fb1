/**
 * Where something was thrown, for people: the frames of their own files.
 *
 * Frames of the runtime, of libraries and of Warren itself say nothing to whoever wrote the handler, and are left out.
 * Goes along with dead letters and stands in the log; reads no file.
 */

/** At most so many frames are worth reading. */
const most = 5

/** What this file needs to know of a runtime's globals, which may be missing or may not be allowed. */
interface Globals {
  readonly process?: { readonly cwd?: () => string }
}

/** A path with forward slashes alone. */
const slashed = (path: string): string => path.replaceAll("\\", "/")

/** A folder of Warren's own program, with a slash at its end. */
const folder = (path: string): string =>
  decodeURIComponent(new URL(path, import.meta.url).pathname).replace(/^\/(?=[A-Za-z]:)/, "")

const ownRooms = [folder("../../src/"), folder("../../adapters/")]

/** Characters of a stack that are looked at. */
const longest = 65_536

/** The frames in the user's own files, nearest first: `at quote (workers/sales.ts:12:9)`. Never throws, whatever was thrown. */
export const framesOf = (thrown: unknown): ReadonlyArray<string> | undefined => {
  const frames = stackOf(thrown).slice(0, longest).split("\n").map((line) => line.trim()).filter(isTheirs).slice(
    0,
    most,
  )
  return frames.length === 0 ? undefined : frames.map(shorten)
}

const stackOf = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? `${thrown.stack}` : ""
  } catch {
    return ""
  }
}

const isTheirs = (line: string): boolean => {
  if (!line.startsWith("at ")) return false
  const file = slashed(line.replaceAll("file://", ""))
  if (!/:\d+:\d+\)?$/.test(file) || !file.includes("/")) return false
  if (/node:|ext:|bun:|native|node_modules/.test(file)) return false
  return !ownRooms.some((room) => file.includes(room))
}

/** From the folder that the process runs in, where that is shorter. */
const shorten = (line: string): string => {
  const plain = line.replaceAll("file://", "")
  const here = current()
  return here === undefined ? plain : plain.replace(`${here}/`, "").replace(`${here}\\`, "")
}

const current = (): string | undefined => {
  try {
    return (globalThis as Globals).process?.cwd?.()
  } catch {
    // Deno asks for a permission
    return undefined
  }
}
