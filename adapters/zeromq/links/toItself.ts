/**
 * The link of a process to itself, which needs no socket: messages are handed over at the end of the turn.
 *
 * Part of `openLinks.ts`, for handlers that call others of their own process.
 */
import { Effect } from "effect"
import type { Link, LinkEvents, LinkPeer, Parts } from "../../../src/transport/mod.ts"

/** Opens it; it is up in a moment. */
export const toItself = (
  receive: (from: LinkPeer, message: Parts) => void,
  name: string,
  events: LinkEvents,
  run: (effect: Effect.Effect<void>) => unknown,
): Link => {
  let isOpen = true
  const handOver = (from: LinkPeer, message: Parts): boolean => {
    if (isOpen) queueMicrotask(() => isOpen && receive(from, message))
    return isOpen
  }
  const back: LinkPeer = { name: "itself", send: (message) => handOver(link, message) }
  const link: Link = {
    name,
    send: (message) => handOver(back, message),
    close: () => void (isOpen = false),
  }
  run(Effect.andThen(Effect.yieldNow, Effect.sync(() => isOpen && events.onUp(link))))
  return link
}
