/**
 * Messages from libzmq to the owner: one wait at a time, and only while someone wants a message.
 *
 * Between a native socket and whoever receives. A wait that has begun cannot be taken back: when its receiver has left
 * meanwhile, the message stays here for the next one. Whoever asks a socket whether it takes messages takes the signal
 * away that this one waits for (libzmq's is edge-triggered, and the package looks only when it is given): so a wait ends
 * after a while and begins anew.
 */
import { Fifo } from "../zmtp/Fifo.ts"
import { guarded } from "../zmtp/guarded.ts"
import type { Message } from "../zmtp/Session.ts"
import type { NativeSocket } from "./native.ts"
import type { Turns } from "./Turns.ts"

/** Someone who waits for a message; `undefined`: there will be none. */
type Receiver = (message: Message | undefined) => void

/** See the top of the file. */
export class Incoming {
  readonly #socket: NativeSocket
  readonly #turns: Turns
  readonly #receivers = new Fifo<Receiver>()
  readonly #left = new Fifo<Message>()
  #deliver: ((message: Message) => void) | undefined
  #isWaiting = false
  #isClosed = false

  constructor(socket: NativeSocket, turns: Turns) {
    this.#socket = socket
    this.#turns = turns
  }

  /** A message that is here already. */
  take(): Message | undefined {
    const message = this.#left.take()
    if (message !== undefined) this.#turns.received()
    return message
  }

  /** Gives the next message to a receiver; the result takes it back. */
  receive(receiver: Receiver): () => void {
    this.#receivers.add(receiver)
    this.pass()
    return () => this.#receivers.remove(receiver)
  }

  /** Gives each message to `deliver` as it comes, from now on. */
  deliver(deliver: (message: Message) => void): void {
    this.#deliver = guarded(deliver)
    this.pass()
  }

  /** What has come and was not received answers no later question. */
  drop(): void {
    this.#left.clear()
  }

  /** Gives what there is, and waits for more if someone wants it. */
  pass(): void {
    while (this.#isWanted && this.#left.size > 0) this.#give(this.#left.take()!)
    if (this.#isWanted && !this.#isWaiting) void this.#wait()
  }

  /** Ends everyone who waits, and gives nothing any more. */
  close(): void {
    this.#isClosed = true
    this.#deliver = undefined
    for (let receiver = this.#receivers.take(); receiver !== undefined; receiver = this.#receivers.take()) {
      receiver(undefined)
    }
  }

  get #isWanted(): boolean {
    return !this.#isClosed && (this.#deliver !== undefined || this.#receivers.size > 0) &&
      this.#turns.receiveRefusal() === undefined
  }

  #give(message: Message): void {
    this.#turns.received()
    const give = this.#deliver ?? this.#receivers.take()!
    give(message)
  }

  async #wait(): Promise<void> {
    this.#isWaiting = true
    while (this.#isWanted) {
      const message = await this.#next()
      if (message === undefined || this.#isClosed) continue
      if (this.#isWanted) this.#give(message)
      else this.#left.add(message)
    }
    this.#isWaiting = false
  }

  async #next(): Promise<Message | undefined> {
    try {
      return await this.#socket.receive()
    } catch (error) {
      // nothing came for a while, or the socket is closed
      if (this.#isClosed || (error instanceof Error && "code" in error && error.code === "EAGAIN")) return undefined
      throw error
    }
  }
}
