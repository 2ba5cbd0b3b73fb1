/**
 * Whose turn it is, as libzmq has it, told in the words of our own sockets. Pure.
 *
 * libzmq refuses what is out of turn too, but only after it was asked, and with a number.
 */
import { askedNothing, isAsking, nobodyAsked, onlyReceives, onlySends, owesAnswer } from "../zmtp/patterns/outOfTurn.ts"
import type { OutOfTurn } from "../zmtp/SocketError.ts"
import type { SocketType } from "../zmtp/SocketType.ts"

/** See the top of the file. */
export class Turns {
  readonly #type: SocketType
  readonly #relaxed: boolean
  /** REQ: a question is not answered yet. REP: it has one to answer. */
  #isOpen = false

  constructor(type: SocketType, relaxed: boolean) {
    this.#type = type
    this.#relaxed = relaxed
  }

  /** Why nothing may be sent now. */
  sendRefusal(): OutOfTurn | undefined {
    switch (this.#type) {
      case "REQ":
        return this.#isOpen && !this.#relaxed ? isAsking() : undefined
      case "REP":
        return this.#isOpen ? undefined : nobodyAsked()
      case "PULL":
      case "SUB":
        return onlyReceives(this.#type)
      default:
        return undefined
    }
  }

  /** Why nothing may be received now. */
  receiveRefusal(): OutOfTurn | undefined {
    switch (this.#type) {
      case "REQ":
        return this.#isOpen ? undefined : askedNothing()
      case "REP":
        return this.#isOpen ? owesAnswer() : undefined
      case "PUSH":
      case "PUB":
        return onlySends(this.#type)
      default:
        return undefined
    }
  }

  /** A message was sent. */
  sent(): void {
    this.#isOpen = this.#type === "REQ"
  }

  /** A message was received. */
  received(): void {
    this.#isOpen = this.#type === "REP"
  }
}
