/**
 * Links between processes, past the broker: a second, smaller port, for the lanes of calls.
 *
 * **Sending.** A message is a few parts of bytes; it arrives whole, once and in order, or not at all: what was sent when a
 * link goes down may be lost, and nobody says so. `send` answers `false` where nothing was or will be sent.
 *
 * **Links.** `open` connects in the background and again whenever the link is lost, until it is closed; its name is the
 * endpoint. The other side answers on the link that a message came by, as long as that is up. `onUp` and `onDown` tell
 * each change, later than `open` returns. A link over which nothing comes any more is found and ended.
 *
 * **Reach.** `endpoint` is where others reach this process. Opening one that this process must not reach gives `undefined`.
 *
 * The port knows no calls; `src/runtime/lanes` does. Where there are no links, every call goes through the broker.
 */
import { Context } from "effect"

/** A message of a link. */
export type Parts = ReadonlyArray<Uint8Array>

/** The other end of a link. Its name is an endpoint only where this process opened the link. */
export interface LinkPeer {
  /** The same for every message of one process. */
  readonly name: string
  /** Sends now, or not at all: `false`. */
  readonly send: (message: Parts) => boolean
}

/** A link that this process opened. */
export interface Link extends LinkPeer {
  readonly close: () => void
}

/** Who is told of a link. */
export interface LinkEvents {
  readonly onUp: (link: Link) => void
  readonly onDown: () => void
}

/** The links of one process. */
export interface Links {
  /** `zmq+tcp://127.0.0.1:4711`. */
  readonly endpoint: string
  /** Gives each message of every link, from now on; must not throw. */
  readonly listen: (onMessage: (from: LinkPeer, message: Parts) => void) => void
  readonly open: (endpoint: string, events: LinkEvents) => Link | undefined
}

/** The links of this process; `undefined`: there are none. */
export const CurrentLinks = Context.Reference<Links | undefined>("warren/transport/Links", {
  defaultValue: () => undefined,
})
