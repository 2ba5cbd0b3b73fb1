/**
 * What was thrown and where, for people: one line, and the frames of their own files.
 *
 * Below log, loading and errors. Frames of the runtime, of libraries and of Warren itself say nothing to whoever wrote
 * the worker, and are left out.
 */
import { relative, sep } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

/** The folder of Warren's own program, with its separator. */
const own = `${fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "")}${sep}`
const ownRooms = ["src", "adapters"].map((room) => `${own}${room}${sep}`)

/** What was thrown, as one line. */
export const describe = (thrown: unknown): string => {
  if (thrown instanceof Error) {
    const message = thrown.message.trim()
    if (message === "") return thrown.name
    return thrown.name === "Error" || message.startsWith(thrown.name) ? message : `${thrown.name}: ${message}`
  }
  if (typeof thrown === "string") return thrown
  try {
    return JSON.stringify(thrown) ?? String(thrown)
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

/** At most so many frames are worth reading. */
const most = 5

/** The frames in the user's own files, nearest first: `at quote (workers/sales.ts:12:9)`. */
export const framesOf = (thrown: unknown): ReadonlyArray<string> | undefined => {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return undefined
  const frames = thrown.stack.split("\n").map((line) => line.trim()).filter(isTheirs).slice(0, most)
  return frames.length === 0 ? undefined : frames.map(shorten)
}

/** The place of the nearest frame: `workers/sales.ts:12:9`. */
export const placeOf = (thrown: unknown): string | undefined =>
  /([^\s()]+:\d+:\d+)\)?$/.exec(framesOf(thrown)?.[0] ?? "")?.[1]

const isTheirs = (line: string): boolean => {
  if (!line.startsWith("at ")) return false
  const file = line.replaceAll("file://", "")
  if (!/:\d+:\d+\)?$/.test(file) || !file.includes(sep)) return false
  if (/node:|ext:|bun:|native|node_modules/.test(file)) return false
  return !ownRooms.some((room) => file.includes(room))
}

const shorten = (line: string): string => {
  const here = `${process.cwd()}${sep}`
  return line.replaceAll("file://", "").replace(here, "")
}

/** A path as people wrote it: from the folder they are in, where that is shorter. */
export const shown = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near === "" || near.startsWith("..") ? path : near
}
