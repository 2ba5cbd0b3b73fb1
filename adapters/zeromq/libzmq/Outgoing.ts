/**
 * Messages from the owner to libzmq: sent at once where it takes them, and kept waiting here where it does not.
 *
 * Between senders and a native socket. A send that the package has begun cannot be taken back; so a message is handed over
 * only when it can go, and whoever waits is asked for again after a pause. What a mandatory ROUTER refuses is known only a
 * moment later: that there is no such peer, or no room at it.
 */
import { Effect, Exit } from "effect"
import { toHex } from "../zmtp/bytes.ts"
import { Fifo } from "../zmtp/Fifo.ts"
import type { Message } from "../zmtp/Session.ts"
import { type OutOfTurn, type SendError, type SocketClosed, Unroutable } from "../zmtp/SocketError.ts"
import type { NativeSocket } from "./native.ts"

/** A message, and who is told of it. */
interface Sender {
  readonly message: Message
  readonly done: (exit: Exit.Exit<void, SendError>) => void
  isGone: boolean
}

/** What it needs of the socket around it. */
export interface OutgoingEvents {
  /** Why nothing may be sent now. */
  readonly refusal: () => OutOfTurn | undefined
  readonly onSent: () => void
  /** A message that was taken was refused after all. */
  readonly onDropped: () => void
  /** Messages begin to wait, or none does any more. */
  readonly onWaiting: (waiting: boolean) => void
  /** Runs an effect beside. */
  readonly run: (effect: Effect.Effect<void>) => void
}

/** Pauses between two looks whether there is room, ms: doubled up to the second. */
const [shortest, longest] = [1, 8]

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined

/** See the top of the file. */
export class Outgoing {
  readonly #socket: NativeSocket
  readonly #isRouter: boolean
  readonly #events: OutgoingEvents
  /** By the peer they are for, of a ROUTER; all others wait for the same. */
  readonly #senders = new Map<string, Fifo<Sender>>()
  #isLooking = false

  constructor(socket: NativeSocket, isRouter: boolean, events: OutgoingEvents) {
    this.#socket = socket
    this.#isRouter = isRouter
    this.#events = events
  }

  /** How many wait. */
  get waiting(): number {
    return [...this.#senders.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Sends now, if it can. */
  offer(message: Message): "sent" | "full" | OutOfTurn {
    const refused = this.#events.refusal()
    if (refused !== undefined) return refused
    if (this.#senders.has(this.#wayOf(message)) || !this.#hasRoom) return "full"
    this.#hand(message).catch(() => this.#events.onDropped())
    return "sent"
  }

  /** Sends when there is room; the result takes it back. */
  send(message: Message, done: Sender["done"]): () => void {
    const sender: Sender = { message, done, isGone: false }
    if (this.#senders.has(this.#wayOf(message)) || !this.#hasRoom) this.#wait(sender)
    else void this.#try(sender)
    return () => {
      sender.isGone = true
      const way = this.#wayOf(message)
      const senders = this.#senders.get(way)
      senders?.remove(sender)
      this.#forget(way)
    }
  }

  /** Ends everyone who waits. */
  close(outcome: SocketClosed): void {
    for (const [way, senders] of this.#senders) {
      for (let sender = senders.take(); sender !== undefined; sender = senders.take()) sender.done(Exit.fail(outcome))
      this.#forget(way)
    }
  }

  /** A ROUTER tells of a peer's room when it is to send to it, and not before. */
  get #hasRoom(): boolean {
    return this.#isRouter || this.#socket.writable
  }

  #wayOf([identity]: Message): string {
    return this.#isRouter ? String.fromCharCode(...identity!.subarray(0, 256)) : ""
  }

  async #hand(message: Message): Promise<void> {
    const sending = this.#socket.send(message)
    this.#events.onSent()
    await sending
  }

  /** Hands a message over and tells its sender; says whether it went, or will never go. */
  async #try(sender: Sender): Promise<boolean> {
    const refused = this.#events.refusal()
    if (refused !== undefined) {
      sender.done(Exit.fail(refused))
      return true
    }
    try {
      await this.#hand(sender.message)
      sender.done(Exit.void)
    } catch (error) {
      const code = codeOf(error)
      if (code === "EAGAIN") {
        if (!sender.isGone) this.#wait(sender, true)
        return false
      }
      sender.done(
        code === "EHOSTUNREACH" ? Exit.fail(new Unroutable({ identity: toHex(sender.message[0]!) })) : Exit.die(error),
      )
    }
    return true
  }

  #wait(sender: Sender, first = false): void {
    if (this.#senders.size === 0) this.#events.onWaiting(true)
    const way = this.#wayOf(sender.message)
    const senders = this.#senders.get(way) ?? new Fifo<Sender>()
    this.#senders.set(way, senders)
    if (first) senders.putBack(sender)
    else senders.add(sender)
    if (this.#isLooking) return
    this.#isLooking = true
    this.#events.run(Effect.ensuring(this.#look(), Effect.sync(() => this.#isLooking = false)))
  }

  /** A way on which nobody waits any more is open. */
  #forget(way: string): void {
    if (this.#senders.get(way)?.size !== 0) return
    this.#senders.delete(way)
    if (this.#senders.size === 0) this.#events.onWaiting(false)
  }

  #look(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      let pause = shortest
      while (this.#senders.size > 0) {
        yield* Effect.sleep(pause)
        let went = false
        for (const [way, senders] of this.#senders) {
          while (senders.size > 0 && this.#hasRoom) {
            const sender = senders.take()!
            if (!(yield* Effect.promise(() => this.#try(sender)))) break
            went = true
          }
          this.#forget(way)
        }
        pause = went ? shortest : Math.min(pause * 2, longest)
      }
    })
  }
}
