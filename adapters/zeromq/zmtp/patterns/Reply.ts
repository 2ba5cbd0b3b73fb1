/**
 * REP: the next question, its answer.
 *
 * What is in front of a question, up to its empty frame, is kept and put in front of the answer, so that both find their
 * way through ROUTERs and DEALERs in between.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import type { OutOfTurn } from "../SocketError.ts"
import { nobodyAsked, owesAnswer } from "./outOfTurn.ts"
import type { Offered, Pattern } from "./Pattern.ts"

/** One answer at a time. */
export class Reply implements Pattern {
  readonly #pipes = new Set<Pipe>()
  #owed: { readonly pipe: Pipe; readonly envelope: Message } | undefined

  attach(pipe: Pipe): undefined {
    this.#pipes.add(pipe)
  }

  detach(pipe: Pipe): void {
    this.#pipes.delete(pipe)
  }

  offer(message: Message): Offered {
    const owed = this.#owed
    if (owed === undefined) return nobodyAsked()
    this.#owed = undefined
    // who asked may be gone, or read no answers
    if (!this.#pipes.has(owed.pipe) || !owed.pipe.hasRoom()) return "dropped"
    owed.pipe.send([...owed.envelope, ...message])
    return "sent"
  }

  refusal(): OutOfTurn | undefined {
    return this.#owed === undefined ? undefined : owesAnswer()
  }

  open(pipe: Pipe, message: Message): Message | undefined {
    const empty = message.findIndex(({ length }) => length === 0)
    if (empty < 0 || empty === message.length - 1) return undefined
    this.#owed = { pipe, envelope: message.slice(0, empty + 1) }
    return message.slice(empty + 1)
  }
}
