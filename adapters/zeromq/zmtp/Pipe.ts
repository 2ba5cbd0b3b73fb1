/**
 * What is between one socket and one peer: a queue in each direction, each with its high-water mark.
 *
 * Between the patterns, which choose pipes, and connections, which come and go. A pipe of a peer that this socket connects
 * to is there before its first connection and outlives each; one of a peer that came by itself ends with it.
 */
import { Fifo } from "./Fifo.ts"
import type { Message, PeerInfo } from "./Session.ts"
import type { Subscription } from "./commands.ts"
import { Topics } from "./Topics.ts"

/** The connection of a pipe, once its handshake is over. */
export interface Line {
  readonly send: (message: Message) => void
  readonly sendSubscription: (subscription: Subscription) => void
  /** Whether the system takes no more for now; {@link Pipe.pump} is called when it does. */
  readonly isFull: () => boolean
  /** The peer's messages may come again. */
  readonly resume: () => void
  /** Ends the connection. */
  readonly close: (why: string) => void
}

/** How many messages may wait in each direction, and bytes of them; one message may always wait, however long it is. */
export interface Marks {
  readonly send: number
  readonly sendBytes: number
  readonly receive: number
  readonly receiveBytes: number
}

/** Who is told of a pipe. */
export interface PipeEvents {
  /** It takes messages again. */
  readonly onRoom: (pipe: Pipe) => void
  /** It has messages of its peer, after it had none. */
  readonly onArrived: (pipe: Pipe) => void
}

/** See the top of the file. */
export class Pipe {
  readonly #marks: Marks
  readonly #events: PipeEvents
  readonly #out = new Fifo<Message>()
  readonly #in = new Fifo<Message>()
  #outBytes = 0
  #isPumping = false
  #inBytes = 0
  #line: Line | undefined
  #held = false
  /** Whether it waits for its turn to be read. */
  isQueued = false
  /** By which a ROUTER knows the peer. */
  identity: Uint8Array = nothing
  /** The peer of the present connection, or of the last. */
  peer: PeerInfo | undefined
  /** What a subscriber at the other end wants. */
  topics = new Topics()

  constructor(marks: Marks, events: PipeEvents) {
    this.#marks = marks
    this.#events = events
  }

  /** Whether the peer is connected. */
  get isConnected(): boolean {
    return this.#line !== undefined
  }

  /** Messages that wait to be sent. */
  get unsent(): number {
    return this.#out.size
  }

  /** Whether it takes another message. */
  hasRoom(): boolean {
    return this.#out.size < this.#marks.send && this.#outBytes < this.#marks.sendBytes
  }

  /** Sends a message, or lets it wait; there must be room. */
  send(message: Message): void {
    if (this.#out.size === 0 && this.#line !== undefined && !this.#line.isFull()) this.#line.send(message)
    else {
      this.#out.add(message)
      this.#outBytes += bytesOf(message)
    }
  }

  /** Tells the peer what is wanted, if it is there. */
  sendSubscription(subscription: Subscription): void {
    this.#line?.sendSubscription(subscription)
  }

  /** Sends what waits, as far as the system takes it. */
  pump(): void {
    // what is sent may be written at once, and whoever wrote asks for more
    if (this.#isPumping) return
    this.#isPumping = true
    const hadRoom = this.hasRoom()
    while (this.#line !== undefined && !this.#line.isFull()) {
      const message = this.#out.take()
      if (message === undefined) break
      this.#outBytes -= bytesOf(message)
      this.#line.send(message)
    }
    this.#isPumping = false
    if (!hadRoom && this.hasRoom()) this.#events.onRoom(this)
  }

  /** Takes a message of the peer; `false`: no more for now. */
  receive(message: Message): boolean {
    this.#in.add(message)
    this.#inBytes += bytesOf(message)
    this.#held = this.#in.size >= this.#marks.receive || this.#inBytes >= this.#marks.receiveBytes
    if (this.#in.size === 1) this.#events.onArrived(this)
    return !this.#held
  }

  /** The next message of the peer. */
  take(): Message | undefined {
    const message = this.#in.take()
    if (message !== undefined) this.#inBytes -= bytesOf(message)
    // half of it at a time: a stream that stops and goes for each message would cost more than the message
    const { receive, receiveBytes } = this.#marks
    if (this.#held && this.#in.size <= receive / 2 && this.#inBytes <= receiveBytes / 2) {
      this.#held = false
      this.#line?.resume()
    }
    return message
  }

  /** Whether messages of the peer wait. */
  get hasArrived(): boolean {
    return this.#in.size > 0
  }

  /** The peer is connected (again). */
  attach(line: Line, peer: PeerInfo): void {
    this.#line = line
    this.peer = peer
    this.topics = new Topics()
    this.pump()
  }

  /** The connection is lost. */
  detach(): void {
    this.#line = undefined
    this.#held = false
  }

  /** Ends the connection. */
  drop(why: string): void {
    this.#line?.close(why)
  }

  /** The peer will not come back: what waits for it is dropped, and what came from it stays. */
  end(): void {
    this.detach()
    this.#out.clear()
    this.#outBytes = 0
  }
}

const nothing = new Uint8Array(0)

const bytesOf = (message: Message): number => {
  let bytes = 0
  for (const { length } of message) bytes += length
  return bytes
}
