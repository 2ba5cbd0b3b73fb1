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

/**
 * Calls `listener` for each signal that asks for an end, until the returned function is called.
 *
 * `deno task` passes on a signal that the terminal has sent to everyone already. Its tasks say so by the variable
 * WARREN_SIGNAL_ECHO: the same signal within so many ms is then the echo of the first.
 */
export const onEnding = (listener: (signal: Ending) => void): () => void => {
  const echo = Number(process.env["WARREN_SIGNAL_ECHO"] ?? 0)
  const heard = new Map<Ending, number>()
  const hear = (signal: Ending): void => {
    // the real clock: this is about the terminal, not about anything that a test would simulate
    const now = performance.now()
    if (now - (heard.get(signal) ?? Number.NEGATIVE_INFINITY) < echo) return
    heard.set(signal, now)
    listener(signal)
  }
  const all = (Object.keys(endings) as Array<Ending>).map((signal) => [signal, () => hear(signal)] as const)
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
