/**
 * The middle of a socket: messages of the owner to pipes, messages of pipes to the owner.
 *
 * Between `openSocket.ts`, whose effects the owner runs, and pipes. Senders wait in the order they came when no peer takes
 * more; receivers wait in the order they came when there is nothing; peers are heard in turn, a message each. No I/O.
 */
import { Fifo } from "./Fifo.ts"
import { guarded } from "./guarded.ts"
import type { Offered, Pattern } from "./patterns/mod.ts"
import { type Marks, Pipe } from "./Pipe.ts"
import type { Message } from "./Session.ts"
import type { SocketClosed } from "./SocketError.ts"

/** A message that waits for room. */
interface Sender {
  readonly message: Message
  readonly done: (outcome: Exclude<Offered, "full"> | SocketClosed) => void
}

/** Someone who waits for a message; `undefined`: there will be none. */
type Receiver = (message: Message | undefined) => void

/** See the top of the file. */
export class Hub {
  readonly #pattern: Pattern
  readonly #marks: Marks
  /** By the room they wait for. */
  readonly #senders = new Map<string, Fifo<Sender>>()
  readonly #receivers = new Fifo<Receiver>()
  /** Pipes with messages of their peers, in turn. */
  readonly #arrived = new Fifo<Pipe>()
  /** Those of them whose peers are gone. */
  readonly #departed = new Set<Pipe>()
  #deliver: ((message: Message) => void) | undefined
  #delivering = false
  #dropped = 0

  constructor(pattern: Pattern, marks: Marks) {
    this.#pattern = pattern
    this.#marks = marks
  }

  /** Messages that were dropped, in either direction, as this kind of socket does. */
  get dropped(): number {
    return this.#dropped
  }

  /** Peers that are gone, whose messages nobody has received yet. */
  get departed(): number {
    return this.#departed.size
  }

  /** Makes a pipe. */
  newPipe(): Pipe {
    return new Pipe(this.#marks, {
      onRoom: () => this.#onRoom(),
      onArrived: (pipe) => {
        if (this.#pattern.isDeaf === true) return this.#drop(pipe)
        this.#queue(pipe)
        this.#pass()
      },
    })
  }

  /** Takes a pipe into the pattern; says why it is refused. */
  attach(pipe: Pipe): string | undefined {
    const refused = this.#pattern.attach(pipe)
    if (refused === undefined) this.#onRoom()
    return refused
  }

  /** The peer of a pipe is gone. */
  detach(pipe: Pipe): void {
    this.#pattern.detach(pipe)
    this.#dropped += pipe.unsent
    pipe.end()
    if (pipe.hasArrived) this.#departed.add(pipe)
    // who waits for this one waits in vain
    this.#onRoom()
  }

  /** Sends a message now, if it can; not before those that wait for the same room. */
  offer(message: Message): Offered {
    const mustWait = this.#senders.size > 0 && this.#senders.has(this.#wayOf(message))
    const offered = mustWait ? "full" : this.#pattern.offer(message)
    if (offered === "dropped") this.#dropped++
    // whoever has answered may be asked again
    if (offered === "sent" || offered === "dropped") this.#pass()
    return offered
  }

  /** Sends a message when there is room; the result takes it back. */
  wait(message: Message, done: Sender["done"]): () => void {
    const way = this.#wayOf(message)
    const sender: Sender = { message, done }
    const senders = this.#senders.get(way) ?? new Fifo<Sender>()
    this.#senders.set(way, senders)
    senders.add(sender)
    return () => {
      senders.remove(sender)
      this.#forget(way, senders)
    }
  }

  /** The next message, if there is one. */
  take(): Message | undefined {
    for (;;) {
      const pipe = this.#arrived.take()
      if (pipe === undefined) return undefined
      pipe.isQueued = false
      const raw = pipe.take()
      if (pipe.hasArrived) this.#queue(pipe)
      else this.#departed.delete(pipe)
      if (raw === undefined) continue
      const message = this.#pattern.open(pipe, raw)
      if (message !== undefined) return message
      this.#dropped++
    }
  }

  /** Gives the next message to a receiver when there is one; the result takes it back. */
  receive(receiver: Receiver): () => void {
    this.#receivers.add(receiver)
    this.#pass()
    return () => this.#receivers.remove(receiver)
  }

  /** Gives each message to `deliver` as it comes, from now on. */
  deliver(deliver: (message: Message) => void): void {
    this.#deliver = guarded(deliver)
    this.#pass()
  }

  /** Ends everyone who waits, and gives nothing any more. */
  close(outcome: SocketClosed): void {
    this.#deliver = undefined
    for (const [way, senders] of this.#senders) {
      this.#senders.delete(way)
      for (let sender = senders.take(); sender !== undefined; sender = senders.take()) sender.done(outcome)
    }
    for (let receiver = this.#receivers.take(); receiver !== undefined; receiver = this.#receivers.take()) {
      receiver(undefined)
    }
  }

  #drop(pipe: Pipe): void {
    while (pipe.take() !== undefined) this.#dropped++
  }

  #wayOf(message: Message): string {
    return this.#pattern.wayOf?.(message) ?? ""
  }

  #queue(pipe: Pipe): void {
    if (pipe.isQueued) return
    pipe.isQueued = true
    this.#arrived.add(pipe)
  }

  #onRoom(): void {
    // whoever is told may send again, which comes here or adds to what is looked through
    for (const [way, senders] of this.#senders) {
      for (let sender = senders.take(); sender !== undefined; sender = senders.take()) {
        const offered = this.#pattern.offer(sender.message)
        if (offered === "full") {
          senders.putBack(sender)
          break
        }
        if (offered === "dropped") this.#dropped++
        sender.done(offered)
      }
      this.#forget(way, senders)
    }
  }

  #forget(way: string, senders: Fifo<Sender>): void {
    if (senders.size === 0 && this.#senders.get(way) === senders) this.#senders.delete(way)
  }

  /** Hands over what there is; a deliverer may send, which comes here again. */
  #pass(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      while (this.#deliver !== undefined || this.#receivers.size > 0) {
        if (this.#arrived.size === 0 || this.#pattern.refusal() !== undefined) return
        const message = this.take()
        if (message === undefined) return
        const give = this.#deliver ?? this.#receivers.take()!
        give(message)
      }
    } finally {
      this.#delivering = false
    }
  }
}
