/**
 * How much all queues of an engine hold, always up to date, so that a server can ask before each read from a socket.
 *
 * Below `Queue`, which adds and takes away; read through `Engine`. What one publish put into several queues weighs once.
 */
import type { Message } from "./Message.ts"

/** See the top of the file. */
export class Load {
  /** Copies in all queues, ready and in hand. */
  messages = 0
  /** Bytes of what they carry. */
  bytes = 0

  /** A copy is in a queue. */
  add(message: Message<unknown>): void {
    const { common } = message
    this.messages++
    if (common === undefined) this.bytes += message.size
    else if (common.copies++ === 0) this.bytes += common.weight
  }

  /** It is no longer. */
  take(message: Message<unknown>): void {
    const { common } = message
    this.messages--
    if (common === undefined) this.bytes -= message.size
    else if (--common.copies === 0) this.bytes -= common.weight
  }
}
