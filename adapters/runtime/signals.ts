/**
 * The signals that ask a process to end, and the failures that would end it unasked.
 *
 * `node:process` means the same on Bun, Deno and Node here. While somebody listens, nothing ends by itself: the
 * listener decides what a signal or a stray failure leads to.
 */
import process from "node:process"

/** Signals that ask for an end, and the exit code of a process they ended. */
export const endings = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A signal that asks for an end. */
export type Ending = keyof typeof endings

/** Calls `listener` for each signal that asks for an end, until the returned function is called. */
export const onEnding = (listener: (signal: Ending) => void): () => void => {
  const all = (Object.keys(endings) as Array<Ending>).map((signal) => [signal, () => listener(signal)] as const)
  for (const [signal, act] of all) process.on(signal, act)
  return () => {
    for (const [signal, act] of all) process.off(signal, act)
  }
}

/** Calls `listener` with what nobody caught: a throw outside every handler, or a promise nobody awaits. */
export const onStray = (listener: (failure: unknown) => void): () => void => {
  process.on("uncaughtException", listener)
  process.on("unhandledRejection", listener)
  return () => {
    process.off("uncaughtException", listener)
    process.off("unhandledRejection", listener)
  }
}
