/**
 * Replies without a queue: a channel consumes `amq.rabbitmq.reply-to`, and what it publishes names a secret address for it.
 *
 * Beside the engine, for the channels. An address belongs to one channel as long as that consumes it; what is published to an
 * address that nobody has leads nowhere, as with any queue that is gone.
 */
import type { Content } from "./Content.ts"

/** What to consume, and what to give as `reply_to`. */
export const replyQueue = "amq.rabbitmq.reply-to"

/** A channel that takes replies. */
export interface Replied {
  readonly reply: (address: string, content: Content) => void
}

/** See the top of the file. */
export class DirectReplies {
  readonly #takers = new Map<string, Replied>()

  /** Gives an address to a channel. */
  add(address: string, taker: Replied): void {
    this.#takers.set(address, taker)
  }

  /** The address is nobody's any more. */
  remove(address: string): void {
    this.#takers.delete(address)
  }

  /** Whether somebody takes replies at an address. */
  has(address: string): boolean {
    return this.#takers.has(address)
  }

  /** Hands over a reply, if somebody is there; to the engine it leads nowhere. */
  reply(address: string, content: Content): { readonly _tag: "Unroutable" } {
    this.#takers.get(address)?.reply(address, content)
    return { _tag: "Unroutable" }
  }
}

/** Whether a name is an address of a reply, or the name that stands for one's own. */
export const isReply = (name: string): boolean => name.startsWith(replyQueue)
