/**
 * SUB: the messages of every peer whose beginning is wanted. It sends nothing but what it wants.
 *
 * Peers filter; what they send in spite of it (they may be older, or not have heard of a change yet) is dropped here.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import { Topics } from "../Topics.ts"
import { onlyReceives } from "./outOfTurn.ts"
import { asTheyAre, type Offered, type Pattern } from "./Pattern.ts"

/** Peers that are told what is wanted. */
export class Subscribe implements Pattern {
  readonly #pipes = new Set<Pipe>()
  readonly #topics = new Topics()
  readonly refusal: Pattern["refusal"] = asTheyAre.refusal

  attach(pipe: Pipe): undefined {
    this.#pipes.add(pipe)
  }

  detach(pipe: Pipe): void {
    this.#pipes.delete(pipe)
  }

  offer(): Offered {
    return onlyReceives("SUB")
  }

  open(_: Pipe, message: Message): Message | undefined {
    return this.#topics.match(message[0]!) ? message : undefined
  }

  connected(pipe: Pipe): void {
    for (const topic of this.#topics.list()) pipe.sendSubscription({ wanted: true, topic })
  }

  /** Wants messages that begin so, or one time less. */
  change(topic: Uint8Array, wanted: boolean): void {
    const news = wanted ? this.#topics.add(topic) : this.#topics.remove(topic)
    if (news) { for (const pipe of this.#pipes) pipe.sendSubscription({ wanted, topic }) }
  }
}
