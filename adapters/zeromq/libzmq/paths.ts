/**
 * Paths of `ipc://`: libzmq removes whatever is there before it listens, and leaves its own behind.
 */
import { lstatSync, unlinkSync } from "node:fs"

const isSocket = (path: string): boolean | undefined => {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return undefined
  }
}

/** Whether something is there that must not be removed. */
export const isPrecious = (path: string): boolean => isSocket(path) === false

/** Removes what a socket has left. */
export const removePath = (path: string): void => {
  if (isSocket(path) === true) unlinkSync(path)
}
