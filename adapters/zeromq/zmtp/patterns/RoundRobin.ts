/**
 * DEALER and PUSH: each message to the next peer that takes one.
 */
import type { Pipe } from "../Pipe.ts"
import type { Message } from "../Session.ts"
import type { OutOfTurn } from "../SocketError.ts"
import { onlySends } from "./outOfTurn.ts"
import type { Offered, Pattern } from "./Pattern.ts"

/** Peers in turn. */
export class RoundRobin implements Pattern {
  readonly isDeaf: boolean
  readonly #pipes: Array<Pipe> = []
  #next = 0

  /** `receives`: whether the owner gets messages of peers too. */
  constructor(receives: boolean) {
    this.isDeaf = !receives
  }

  attach(pipe: Pipe): undefined {
    this.#pipes.push(pipe)
  }

  detach(pipe: Pipe): void {
    const at = this.#pipes.indexOf(pipe)
    if (at < 0) return
    this.#pipes.splice(at, 1)
    if (at < this.#next) this.#next--
  }

  offer(message: Message): Offered {
    const pipe = this.choose()
    if (pipe === undefined) return "full"
    pipe.send(message)
    return "sent"
  }

  refusal(): OutOfTurn | undefined {
    return this.isDeaf ? onlySends("PUSH") : undefined
  }

  open(_: Pipe, message: Message): Message | undefined {
    return message
  }

  /** Drops what the peers have sent so far. */
  dropArrived(): void {
    for (const pipe of this.#pipes) while (pipe.take() !== undefined);
  }

  /** The next peer that takes a message; `undefined`: none does. */
  choose(): Pipe | undefined {
    for (let i = 0; i < this.#pipes.length; i++) {
      if (this.#next >= this.#pipes.length) this.#next = 0
      const pipe = this.#pipes[this.#next++]!
      if (pipe.hasRoom()) return pipe
    }
    return undefined
  }
}
