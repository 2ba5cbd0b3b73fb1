/**
 * The message that a peer is sending, frame by frame until it is whole.
 *
 * Below `Session.ts`, which has read the frames and opened them. Keeps what it is given, copies nothing, and holds no more
 * than the limits of one message. Pure.
 */
import type { Frame } from "./frames.ts"
import { broken, type ProtocolError } from "./ProtocolError.ts"

/** The limits of a message. */
export interface MessageLimits {
  /** The most bytes of a message, all its frames together. */
  readonly maxMessageBytes: number
  /** The most frames of a message. */
  readonly maxFrames: number
}

/** See the top of the file. */
export class Assembly {
  readonly #limits: MessageLimits
  #frames: Array<Uint8Array> = []
  #bytes = 0

  constructor(limits: MessageLimits) {
    this.#limits = limits
  }

  /** Bytes of frames whose message is not whole yet. */
  get held(): number {
    return this.#bytes
  }

  /** The most bytes that the next frame may have. Whoever gives frames sees to it. */
  get room(): number {
    return this.#limits.maxMessageBytes - this.#bytes
  }

  /** Takes the next frame; gives the message if that makes it whole. */
  add({ more, body }: Frame): ReadonlyArray<Uint8Array> | ProtocolError | undefined {
    if (this.#frames.length === 0 && !more) return [body]
    this.#frames.push(body)
    this.#bytes += body.length
    const { maxFrames } = this.#limits
    if (this.#frames.length > maxFrames) return broken(`It sends a message of more than ${maxFrames} frames`)
    if (more) return undefined
    const message = this.#frames
    this.clear()
    return message
  }

  /** Forgets what has come of a message. */
  clear(): void {
    this.#frames = []
    this.#bytes = 0
  }
}
