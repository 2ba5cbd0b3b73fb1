/**
 * Gives messages to their owner, whose mistakes are to be seen, but not by whoever has the next message.
 *
 * Below both drivers of sockets.
 */
import type { Message } from "./Session.ts"

/** The same, but what it throws is thrown on its own, at the end of the turn. */
export const guarded = (deliver: (message: Message) => void) => (message: Message): void => {
  try {
    deliver(message)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
