/**
 * What was thrown, and where a file is, as people read it.
 *
 * Below log, loading and errors; which frames are theirs is in `src/runtime/frames.ts`.
 */
import { relative } from "node:path"
import process from "node:process"

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

/** A path as people wrote it: from the folder they are in, where that is shorter. */
export const shown = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near === "" || near.startsWith("..") ? path : near
}
