/**
 * One connection: a stream, the session on it, and the pipe they serve, with their timers.
 *
 * Between a stream and a pipe. It ends when the stream closes, when the peer breaks the protocol, stays silent or does not
 * finish its handshake in time; whoever opened it decides what follows. When it has ended, nothing comes of it any more,
 * but its last bytes may still be on their way until its life is over.
 */
import { Deferred, Effect } from "effect"
import { Outbox } from "./Outbox.ts"
import type { Line, Pipe } from "./Pipe.ts"
import type { ProtocolError } from "./ProtocolError.ts"
import { type PeerInfo, Session, type SessionOptions } from "./Session.ts"
import type { Subscription } from "./commands.ts"
import type { ByteStream, StreamEvents } from "./Streams.ts"

/** How long peers may be silent, ms; 0: for ever. */
export interface Patience {
  /** From the start of a connection to the end of its handshake. */
  readonly handshake: number
  /** Between heartbeats that are sent. */
  readonly heartbeat: number
  /** Without hearing anything, when heartbeats are sent. */
  readonly silence: number
  /** What the peer is asked to wait at most for the next heartbeat. */
  readonly ttl: number
}

/** How a connection ended. */
export interface Ending {
  /** Whether messages could go. */
  readonly wasReady: boolean
  readonly why: string
  /** Trying again with the same settings will not help. */
  readonly fatal: boolean
}

/** What a connection serves. */
export interface Served {
  /** The pipe of the peer, now that its handshake is over; or why it is refused. */
  readonly pipeOf: (peer: PeerInfo) => Pipe | string
  /** The pipe has its connection. */
  readonly onConnected: (pipe: Pipe) => void
  /** The pipe has lost its connection. */
  readonly onLost: (pipe: Pipe) => void
  readonly onSubscription: (pipe: Pipe, subscription: Subscription) => void
  /** It has ended; after `onLost`. */
  readonly onEnded: (ending: Ending) => void
}

/** More bytes than this wait in the pipe and not for the end of the turn. */
const longestTurn = 256 * 1024

/** How long the last bytes, of either side, may take when it has ended, ms. */
const farewell = 1_000

/** See the top of the file. */
export class Connection {
  readonly #stream: ByteStream
  readonly #served: Served
  readonly #session: Session
  readonly #outbox: Outbox
  readonly #patience: Patience
  readonly #ended = Deferred.makeUnsafe<Ending>()
  readonly #gone = Deferred.makeUnsafe<void>()
  #pipe: Pipe | undefined
  #blocked = false
  #reading = true
  /** What is there is given whole, whether there is room or not. */
  #emptying = false
  /** Pieces that were heard, for those who look whether there was one since. */
  #heard = 0
  #ttl = 0
  readonly #ttlNamed = Deferred.makeUnsafe<void>()
  #ending: Ending | undefined
  /** Who is told of the stream. */
  readonly events: StreamEvents

  constructor(stream: ByteStream, options: SessionOptions, patience: Patience, served: Served) {
    this.#stream = stream
    this.#served = served
    this.#patience = patience
    this.#outbox = new Outbox((pieces) => this.#write(pieces))
    this.#session = new Session(options, this.#outbox, {
      onReady: (peer) => this.#onReady(peer),
      onMessage: (message) => this.#pipe!.receive(message) || this.#emptying || this.#hold(),
      onSubscription: (subscription) => this.#served.onSubscription(this.#pipe!, subscription),
      onTtl: (ttl) => {
        this.#ttl = ttl
        Deferred.doneUnsafe(this.#ttlNamed, Effect.void)
      },
      onFailed: (error) => this.#onFailed(error),
      isFull: () => this.#blocked || this.#outbox.size > longestTurn,
    })
    this.events = {
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => {
        this.#blocked = false
        this.#pipe?.pump()
      },
      onClosed: (why) => {
        this.#empty()
        this.#end(why ?? "the peer closed the connection", false)
        Deferred.doneUnsafe(this.#gone, Effect.void)
      },
    }
    this.#session.start()
  }

  /** The address of the peer, for people. */
  get remote(): string {
    return this.#stream.remote
  }

  /** Whether nothing waits to be written any more. */
  get isIdle(): boolean {
    return this.#outbox.size === 0 && !this.#blocked
  }

  /** Waits until it ends; says how. */
  get ended(): Effect.Effect<Ending> {
    return Deferred.await(this.#ended)
  }

  /** Runs its timers until its stream is closed. Interrupted, it closes it at once. */
  get life(): Effect.Effect<void> {
    const { handshake, heartbeat } = this.#patience
    const timers = Effect.all([
      handshake > 0 ? this.#watchHandshake(handshake) : Effect.never,
      heartbeat > 0 ? this.#beat(heartbeat) : Effect.never,
      this.#watchTtl,
    ], { concurrency: "unbounded" })
    // a peer that does not read its last bytes may not keep the stream
    const gone = Effect.raceFirst(Deferred.await(this.#gone), Effect.sleep(farewell))
    return Effect.raceFirst(this.ended, Effect.andThen(timers, Effect.never)).pipe(
      Effect.andThen(gone),
      Effect.ensuring(Effect.sync(() => this.destroy())),
    )
  }

  /** Writes now what was sent. */
  flush(): void {
    this.#outbox.flush()
  }

  /** Writes what was sent, then closes. */
  close(): void {
    if (this.#ending !== undefined) return
    this.#outbox.flush()
    this.#end(closedHere, false)
    this.#stream.end()
    // what is not read when a stream closes makes the system break it off, and drop what the peer has not got yet
    this.#stream.resume()
  }

  /** Closes now. */
  destroy(): void {
    this.#stream.destroy()
    this.#end(closedHere, false)
    Deferred.doneUnsafe(this.#gone, Effect.void)
  }

  #onData(chunk: Uint8Array): void {
    this.#heard++
    this.#session.push(chunk)
  }

  #onReady(peer: PeerInfo): void {
    const pipe = this.#served.pipeOf(peer)
    if (typeof pipe === "string") return this.#giveUp(pipe)
    this.#pipe = pipe
    const line: Line = {
      send: (message) => this.#session.send(message),
      sendSubscription: (subscription) => this.#session.sendSubscription(subscription),
      isFull: () => this.#blocked || this.#outbox.size > longestTurn,
      resume: () => this.#resume(),
      close: (why) => this.#giveUp(why),
    }
    pipe.attach(line, peer)
    this.#served.onConnected(pipe)
  }

  #onFailed({ detail, fatal }: ProtocolError): void {
    // it may be told why
    this.#outbox.flush()
    this.#end(detail, fatal)
    this.#stream.end()
  }

  #write(pieces: ReadonlyArray<Uint8Array>): void {
    if (!this.#stream.write(pieces)) this.#blocked = true
    else if (this.#pipe !== undefined && this.#pipe.unsent > 0) this.#pipe.pump()
  }

  /** Stops reading until the pipe has room. */
  #hold(): false {
    if (this.#reading) {
      this.#reading = false
      this.#stream.pause()
    }
    return false
  }

  #resume(): void {
    this.#reading = true
    this.#session.resume()
    if (this.#reading) this.#stream.resume()
  }

  /** Gives the pipe what came before the end: nobody will ask for it when there is room. */
  #empty(): void {
    if (this.#ending !== undefined || this.#reading) return
    this.#emptying = true
    this.#session.resume()
  }

  #end(why: string, fatal: boolean): void {
    if (this.#ending !== undefined) return
    const ending = { wasReady: this.#pipe !== undefined, why, fatal }
    this.#ending = ending
    this.#session.stop()
    const pipe = this.#pipe
    if (pipe !== undefined) {
      pipe.detach()
      this.#served.onLost(pipe)
    }
    this.#served.onEnded(ending)
    Deferred.doneUnsafe(this.#ended, Effect.succeed(ending))
  }

  #giveUp(why: string): void {
    this.#end(why, false)
    this.destroy()
  }

  #watchHandshake(patience: number): Effect.Effect<void> {
    return Effect.andThen(
      Effect.sleep(patience),
      Effect.sync(() => {
        if (this.#pipe === undefined) this.#giveUp(`its handshake took longer than ${patience} ms`)
      }),
    )
  }

  #beat(interval: number): Effect.Effect<never> {
    const { silence, ttl } = this.#patience
    let silent = 0
    let knows = true
    const isSilent = this.#sinceLast()
    const once = Effect.sync(() => {
      if (!this.#session.isReady) return
      silent = isSilent() ? silent + interval : 0
      if (silent >= silence && knows) return this.#giveUp(`it was silent for ${silent} ms`)
      knows = this.#session.sendPing(ttl)
    })
    return Effect.forever(Effect.andThen(Effect.sleep(interval), once))
  }

  /** The peer may ask to be taken for lost when it is silent for longer than it says. */
  get #watchTtl(): Effect.Effect<never> {
    const isSilent = this.#sinceLast()
    const once = Effect.suspend(() => {
      const ttl = this.#ttl
      return Effect.andThen(
        Effect.sleep(ttl),
        Effect.sync(() => {
          if (isSilent()) this.#giveUp(`it was silent for the ${ttl} ms that it had named`)
        }),
      )
    })
    return Effect.andThen(Deferred.await(this.#ttlNamed), Effect.forever(once))
  }

  /** Whether nothing was heard since it was asked last; not reading is not silence. */
  #sinceLast(): () => boolean {
    let last = -1
    return () => {
      const isSilent = this.#reading && this.#heard === last
      last = this.#heard
      return isSilent
    }
  }
}

const closedHere = "it was closed here"
