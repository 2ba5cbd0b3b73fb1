/**
 * Waiting for what cannot tell by itself: ports, process files, a broker's state. And the end of a log.
 *
 * Looks again and again until it is so, or fails when it took too long. Holds the process up while it waits.
 */
import { setTimeout as delay } from "node:timers/promises"

/** Looks every `pause` ms until `look` says yes; fails with `Cannot <what>: …` after `timeout` ms. */
export const until = async (
  what: string,
  look: () => boolean | Promise<boolean>,
  { timeout = 10_000, pause = 20 }: { readonly timeout?: number; readonly pause?: number } = {},
): Promise<void> => {
  const deadline = performance.now() + timeout
  while (!await look()) {
    if (performance.now() > deadline) throw new Error(`Cannot ${what}: it took more than ${timeout} ms`)
    await delay(pause)
  }
}

/** The last lines of a log. */
export const tail = (text: string): string => text.trimEnd().split("\n").slice(-15).join("\n")
