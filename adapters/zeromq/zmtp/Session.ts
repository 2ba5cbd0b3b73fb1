/**
 * One connection, without its socket: greeting, handshake, then messages, until someone breaks the rules.
 *
 * Between the bytes of a stream and the pattern of a socket. Does no I/O and reads no clock: bytes are pushed in, frames
 * leave through the outbox, and what happens is told by calls. Whatever a peer sends, it ends this session at most.
 */
import { Assembly, type MessageLimits } from "./Assembly.ts"
import { concat, copyOf, toText } from "./bytes.ts"
import { checkGreeting, checkPeer } from "./checkPeer.ts"
import {
  type Command,
  decodeCommand,
  decodeError,
  decodePing,
  decodeSubscription,
  encodeError,
  encodeMetadata,
  encodePing,
  encodePong,
  encodeSubscription,
  type Subscription,
} from "./commands.ts"
import { Flag, type Frame, FrameReader, tooLong } from "./frames.ts"
import { decodeGreeting, encodeGreeting, greetingLength, type MechanismName } from "./greeting.ts"
import type { Cipher, Handshake, HandshakeStep } from "./Mechanism.ts"
import type { Outbox } from "./Outbox.ts"
import { broken, isProtocolError, misfit, type ProtocolError } from "./ProtocolError.ts"
import { hasIdentity, type SocketType } from "./SocketType.ts"

/** A message: one frame or more. */
export type Message = ReadonlyArray<Uint8Array>

/** What one side is. */
export interface SessionOptions extends MessageLimits {
  readonly type: SocketType
  /** How a ROUTER will know this socket; empty: the ROUTER makes a name. */
  readonly identity: Uint8Array
  readonly mechanism: MechanismName
  /** The server of the handshake, which only CURVE has. */
  readonly asServer: boolean
  /** Starts the handshake; is given this side's properties. */
  readonly handshake: (metadata: Uint8Array) => Handshake
}

/** Who is at the other end. */
export interface PeerInfo {
  readonly type: string
  /** What it wants to be called by a ROUTER; empty: it does not care. */
  readonly identity: Uint8Array
  /** Minor version of ZMTP 3. */
  readonly minor: number
  /** Its permanent public key, with CURVE. */
  readonly key: Uint8Array | undefined
}

/** Who is told what happens. */
export interface SessionEvents {
  /** The handshake is over: messages may go both ways. */
  readonly onReady: (peer: PeerInfo) => void
  /** A whole message; `false`: give no more until {@link Session.resume}. */
  readonly onMessage: (message: Message) => boolean
  readonly onSubscription: (subscription: Subscription) => void
  /** The peer asks to be heard again within so many ms, else it counts as lost. */
  readonly onTtl: (ttl: number) => void
  /** The session is over; once. What the outbox holds should still be written. */
  readonly onFailed: (error: ProtocolError) => void
  /**
   * Whether the stream takes no more for now. A PING is not answered then: what waits is sign of life enough, and a peer
   * that asks without reading would have its answers pile up here.
   */
  readonly isFull: () => boolean
}

/** The longest command, bytes, which limits the topics of subscriptions in both of their forms. */
const longestCommand = 64 * 1024

/** The longest command before the peer is known, bytes. */
const longestHandshake = 8 * 1024

type Stage = "greeting" | "handshake" | "traffic" | "failed"

/** See the top of the file. */
export class Session {
  readonly #options: SessionOptions
  readonly #outbox: Outbox
  readonly #events: SessionEvents
  readonly #reader: FrameReader
  readonly #assembly: Assembly
  #stage: Stage = "greeting"
  #greeting: Uint8Array = nothing
  #minor = 1
  #handshake: Handshake | undefined
  #cipher: Cipher | undefined
  #paused = false

  constructor(options: SessionOptions, outbox: Outbox, events: SessionEvents) {
    this.#options = options
    this.#outbox = outbox
    this.#events = events
    this.#assembly = new Assembly(options)
    this.#reader = new FrameReader((command) => this.#limit(command))
  }

  /** Whether messages may go. */
  get isReady(): boolean {
    return this.#stage === "traffic"
  }

  /** Greets. */
  start(): void {
    this.#outbox.add(encodeGreeting(this.#options.mechanism, this.#options.asServer))
  }

  /** Takes bytes of the peer. */
  push(chunk: Uint8Array): void {
    if (this.#stage === "failed") return
    if (this.#stage === "greeting") return this.#greet(chunk)
    this.#reader.push(chunk)
    if (!this.#paused) this.#read()
  }

  /** Bytes of memory that are held of what the peer sent. */
  get held(): number {
    return this.#greeting.length + this.#reader.held + this.#assembly.held
  }

  /** Goes on reading after a message was not followed by others. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#read()
  }

  /** Takes nothing more. */
  stop(): void {
    this.#stage = "failed"
    this.#assembly.clear()
    this.#greeting = nothing
    this.#reader.clear()
  }

  /** Sends a message. It goes nowhere unless the session is ready: before, nothing is secret yet. */
  send(message: Message): void {
    if (this.#stage !== "traffic") return
    if (this.#cipher === undefined) return this.#outbox.addMessage(message)
    const last = message.length - 1
    message.forEach((body, i) => this.#seal({ command: false, more: i < last, body }))
  }

  /** Sends a change of what is wanted, as the peer's version has it; goes nowhere unless the session is ready. */
  sendSubscription(subscription: Subscription): void {
    const body = encodeSubscription(this.#minor, subscription)
    if (this.#minor === 0) this.send([body])
    else this.#sendCommand(body)
  }

  /** Sends a heartbeat that asks to be followed within `ttl` ms; says whether the peer's version knows them. */
  sendPing(ttl: number): boolean {
    if (this.#minor === 0) return false
    this.#sendCommand(encodePing(ttl))
    return true
  }

  #limit(command: boolean): number {
    if (this.#stage !== "traffic") return longestHandshake
    if (this.#cipher === undefined) return this.#most(command)
    // which of the two it is shows when it is open
    return Math.max(this.#most(true), this.#most(false)) + this.#cipher.overhead
  }

  /** The longest body that may come now. */
  #most(command: boolean): number {
    return command ? longestCommand : this.#assembly.room
  }

  #fail(error: ProtocolError): void {
    this.stop()
    this.#events.onFailed(error)
  }

  #greet(chunk: Uint8Array): void {
    const bytes = this.#greeting.length === 0 ? chunk : concat(this.#greeting, chunk)
    const greeting = decodeGreeting(bytes.subarray(0, greetingLength))
    if (greeting === undefined) return void (this.#greeting = bytes)
    if (isProtocolError(greeting)) return this.#fail(greeting)
    this.#greeting = nothing
    const wrong = checkGreeting(this.#options, greeting)
    if (wrong !== undefined) return this.#fail(wrong)
    this.#minor = Math.min(greeting.minor, 1)
    this.#stage = "handshake"
    const { type, identity } = this.#options
    this.#handshake = this.#options.handshake(encodeMetadata([
      ["Socket-Type", new TextEncoder().encode(type)],
      ...(hasIdentity(type) ? [["Identity", identity] as const] : []),
    ]))
    for (const command of this.#handshake.begin()) this.#outbox.addFrame(Flag.command, command)
    this.#reader.push(bytes.subarray(greetingLength))
    this.#read()
  }

  #read(): void {
    while (!this.#paused && this.#stage !== "failed") {
      const frame = this.#reader.next()
      if (frame === undefined) return
      if (isProtocolError(frame)) return this.#fail(frame)
      if (this.#stage === "handshake") this.#onHandshake(frame)
      else this.#onTraffic(frame)
    }
  }

  #onHandshake(frame: Frame): void {
    if (!frame.command) return this.#fail(broken("It sends a message before its handshake is over"))
    const command = decodeCommand(frame.body)
    if (isProtocolError(command)) return this.#fail(command)
    const step = this.#handshake!.receive(command)
    if (!isProtocolError(step) && step.done !== undefined) return this.#onDone(step.done, step.send)
    for (const body of step.send ?? []) this.#outbox.addFrame(Flag.command, body)
    if (isProtocolError(step)) this.#fail(step)
  }

  #onDone({ metadata, cipher, key }: NonNullable<HandshakeStep["done"]>, last: HandshakeStep["send"]): void {
    const own = this.#options
    const identity = (own.type === "ROUTER" ? metadata.get("identity") : undefined) ?? nothing
    const wrong = checkPeer(own.type, metadata.get("socket-type") ?? nothing, identity)
    if (wrong !== undefined) {
      // instead of what would let it in; clients of CURVE send none
      if (own.mechanism === "NULL" || own.asServer) this.#outbox.addFrame(Flag.command, encodeError(wrong.reason))
      return this.#fail(misfit(wrong.detail))
    }
    for (const body of last) this.#outbox.addFrame(Flag.command, body)
    this.#handshake = undefined
    this.#cipher = cipher
    this.#stage = "traffic"
    const type = toText(metadata.get("socket-type")!)
    this.#events.onReady({ type, identity: copyOf(identity), minor: this.#minor, key })
  }

  #onTraffic(raw: Frame): void {
    if (this.#cipher === undefined) return raw.command ? this.#onCommandFrame(raw.body) : this.#onFrame(raw)
    const frame = this.#cipher.open(raw.body)
    if (isProtocolError(frame)) return this.#fail(frame)
    const { command, body: { length } } = frame
    if (length > this.#most(command)) return this.#fail(tooLong(command, length, this.#most(command)))
    if (command) this.#onCommandFrame(frame.body)
    else this.#onFrame(frame)
  }

  #onFrame(frame: Frame): void {
    const message = this.#assembly.add(frame)
    if (message === undefined) return
    if (isProtocolError(message)) return this.#fail(message)
    this.#onMessage(message)
  }

  #onMessage(message: Message): void {
    if (this.#options.type === "PUB") {
      // a subscriber of 3.0 has no commands; libzmq's XSUB writes such messages in 3.1 too
      const subscription = message.length === 1 ? decodeSubscription(message[0]!) : undefined
      if (subscription === undefined) return
      const { length } = subscription.topic
      if (length > longestCommand) return this.#fail(tooLong(true, length, longestCommand))
      return this.#events.onSubscription(subscription)
    }
    if (!this.#events.onMessage(message)) this.#paused = true
  }

  #onCommandFrame(body: Uint8Array): void {
    const command = decodeCommand(body)
    if (isProtocolError(command)) return this.#fail(command)
    const wrong = this.#onCommand(command)
    if (wrong !== undefined) this.#fail(wrong)
  }

  #onCommand({ name, data }: Command): ProtocolError | undefined {
    switch (name) {
      case "PING": {
        const ping = decodePing(data)
        if (isProtocolError(ping)) return ping
        if (!this.#events.isFull()) this.#sendCommand(encodePong(ping.context))
        if (ping.ttl > 0) this.#events.onTtl(ping.ttl)
        return undefined
      }
      case "SUBSCRIBE":
      case "CANCEL":
        if (this.#options.type === "PUB") {
          this.#events.onSubscription({ wanted: name === "SUBSCRIBE", topic: data })
        }
        return undefined
      case "ERROR":
        return misfit(`It refuses this socket: ${decodeError(data) || "no reason given"}`)
      default:
        // PONG, and what later versions may know
        return undefined
    }
  }

  #sendCommand(body: Uint8Array): void {
    if (this.#stage !== "traffic") return
    if (this.#cipher === undefined) this.#outbox.addFrame(Flag.command, body)
    else this.#seal({ command: true, more: false, body })
  }

  #seal(frame: Frame): void {
    this.#outbox.addFrame(0, this.#cipher!.seal(frame))
  }
}

const nothing = new Uint8Array(0)
