/**
 * REQ: a question, its answer, the next question.
 *
 * An empty frame goes in front of each question and comes back with its answer. Unless it is `relaxed`, a question waits
 * for its answer however long that takes, even when its peer is gone.
 */
import { isEqual } from "../bytes.ts"
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import type { OutOfTurn } from "../SocketError.ts"
import { askedNothing, isAsking } from "./outOfTurn.ts"
import type { Offered, Pattern } from "./Pattern.ts"
import { RoundRobin } from "./RoundRobin.ts"

/** What REQ may do besides. */
export interface RequestOptions {
  /** Takes another question before the first is answered, whose answer is dropped then. */
  readonly relaxed: boolean
  /** Numbers questions, so that a late answer is not taken for that of the next question. */
  readonly correlate: boolean
}

/** One question at a time. */
export class Request implements Pattern {
  readonly #options: RequestOptions
  readonly #peers = new RoundRobin(true)
  #asked: { readonly pipe: Pipe; readonly number: Uint8Array | undefined } | undefined
  #count = 0

  constructor(options: RequestOptions) {
    this.#options = options
  }

  attach(pipe: Pipe): undefined {
    this.#peers.attach(pipe)
  }

  detach(pipe: Pipe): void {
    this.#peers.detach(pipe)
  }

  offer(message: Message): Offered {
    if (this.#asked !== undefined && !this.#options.relaxed) return isAsking()
    const pipe = this.#peers.choose()
    if (pipe === undefined) return "full"
    // nothing that is there already answers this one
    this.#peers.dropArrived()
    const number = this.#options.correlate ? this.#number() : undefined
    this.#asked = { pipe, number }
    pipe.send(number === undefined ? [nothing, ...message] : [number, nothing, ...message])
    return "sent"
  }

  refusal(): OutOfTurn | undefined {
    return this.#asked === undefined ? askedNothing() : undefined
  }

  open(pipe: Pipe, message: Message): Message | undefined {
    const asked = this.#asked
    if (asked === undefined || asked.pipe !== pipe) return undefined
    const { number } = asked
    const from = number === undefined ? 0 : 1
    if (number !== undefined && !isEqual(message[0]!, number)) return undefined
    if (message.length < from + 2 || message[from]!.length > 0) return undefined
    this.#asked = undefined
    return message.slice(from + 1)
  }

  #number(): Uint8Array {
    const number = new Uint8Array(4)
    this.#count = (this.#count + 1) % 0x100000000
    new DataView(number.buffer).setUint32(0, this.#count)
    return number
  }
}

const nothing = new Uint8Array(0)
