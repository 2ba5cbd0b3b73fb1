/**
 * REP: the next question, its answer.
 *
 * What is in front of a question, up to its empty frame, is kept and put in front of the answer, so that both find their
 * way through ROUTERs and DEALERs in between.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import { OutOfTurn } from "../SocketError.ts"
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
    if (owed === undefined) {
      return new OutOfTurn({ operation: "send", detail: "nobody asked; receive a question first" })
    }
    this.#owed = undefined
    // who asked may be gone, or read no answers
    if (!this.#pipes.has(owed.pipe) || !owed.pipe.hasRoom()) return "dropped"
    owed.pipe.send([...owed.envelope, ...message])
    return "sent"
  }

  refusal(): OutOfTurn | undefined {
    return this.#owed === undefined
      ? undefined
      : new OutOfTurn({ operation: "receive", detail: "the last question is not answered yet; send its answer first" })
  }

  open(pipe: Pipe, message: Message): Message | undefined {
    const empty = message.findIndex(({ length }) => length === 0)
    if (empty < 0 || empty === message.length - 1) return undefined
    this.#owed = { pipe, envelope: message.slice(0, empty + 1) }
    return message.slice(empty + 1)
  }
}
