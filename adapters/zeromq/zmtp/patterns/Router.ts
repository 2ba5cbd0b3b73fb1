/**
 * ROUTER: each message to the peer that its first frame names; a message of a peer comes with its name in front.
 */
import { toHex } from "../bytes.ts"
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import { Unroutable } from "../SocketError.ts"
import type { Offered, Pattern } from "./Pattern.ts"

/** How it treats peers that are not there, and names that come twice. */
export interface RouterOptions {
  /** Tells of messages to peers that are not there, and waits for those that take no more, instead of dropping. */
  readonly mandatory: boolean
  /** Gives a name to the peer that came last, instead of to the one that had it first. */
  readonly handover: boolean
}

/** Peers by name. */
export class Router implements Pattern {
  readonly #options: RouterOptions
  readonly #pipes = new Map<string, Pipe>()
  /** The same by the very array that came with their messages, as who answers gives it back. */
  readonly #known = new Map<Uint8Array, Pipe>()
  /** Names of those that have none: five bytes, of which the first is 0 and the others count. */
  #names = Math.floor(Math.random() * 0x100000000)

  constructor(options: RouterOptions) {
    this.#options = options
  }

  attach(pipe: Pipe): string | undefined {
    const own = pipe.peer?.identity ?? nothing
    const identity = own.length > 0 ? own : this.#name()
    const key = keyOf(identity)
    const earlier = this.#pipes.get(key)
    if (earlier !== undefined && !this.#options.handover) return "its identity is another peer's already"
    pipe.identity = identity
    this.#pipes.set(key, pipe)
    this.#known.set(identity, pipe)
    earlier?.drop("its identity went to a peer that came later")
    return undefined
  }

  detach(pipe: Pipe): void {
    const key = keyOf(pipe.identity)
    this.#known.delete(pipe.identity)
    if (this.#pipes.get(key) === pipe) this.#pipes.delete(key)
  }

  offer(message: Message): Offered {
    const identity = message[0]!
    const pipe = this.#known.get(identity) ?? this.#pipes.get(keyOf(identity))
    const { mandatory } = this.#options
    if (pipe === undefined) return mandatory ? new Unroutable({ identity: toHex(identity) }) : "dropped"
    if (!pipe.hasRoom()) return mandatory ? "full" : "dropped"
    if (message.length === 1) return "dropped"
    pipe.send(message.slice(1))
    return "sent"
  }

  wayOf([identity]: Message): string {
    return keyOf(identity!)
  }

  refusal(): undefined {
    return undefined
  }

  open(pipe: Pipe, message: Message): Message {
    return [pipe.identity, ...message]
  }

  #name(): Uint8Array {
    const name = new Uint8Array(5)
    this.#names = (this.#names + 1) % 0x100000000
    new DataView(name.buffer).setUint32(1, this.#names)
    return name
  }
}

const nothing = new Uint8Array(0)

/** No peer has a longer name. */
const longestIdentity = 255

const keyOf = (identity: Uint8Array): string => String.fromCharCode(...identity.subarray(0, longestIdentity + 1))
