/**
 * One connection, from its first byte to its last.
 *
 * Between whoever has the socket and `Handshake.ts`, `Channel.ts` and `Pulse.ts`. A pure state machine: bytes are given to `receive`, bytes for the peer are
 * taken with `take`, time comes by `tick`; it has no socket and starts no timer. Everything wrong that a peer sends ends this
 * connection or one of its channels, and nothing else. Knows no queue: that is for channels.
 */
import {
  type Frame,
  FrameReader,
  heartbeat,
  isWireError,
  leastFrameMax,
  type Method,
  methods,
  protocolHeader,
  type Table,
  type WireError,
  writeMethod,
} from "../amqp/mod.ts"
import { Share } from "../Share.ts"
import { Channel } from "./Channel.ts"
import type { Complaint, Origin } from "./Complaint.ts"
import { Handshake, type HandshakeState } from "./Handshake.ts"
import { Outbox } from "./Outbox.ts"
import { Pulse } from "./Pulse.ts"
import { Refused, refused, replies, replyOf, shorten } from "./refusal.ts"
import type { Server } from "./Server.ts"
import type { VirtualHost } from "./VirtualHost.ts"

/** What a session tells whoever has the socket. */
export interface SessionOptions {
  readonly origin: Origin
  /** There are bytes to take, or `wantsInput` or `isOver` has changed. Told once until all is taken. */
  readonly onChange: () => void
}

/** Where a connection stands. */
export type SessionState = HandshakeState | "running" | "closing" | "over"

/** How long the peer of a closed connection may take to say that it knows, ms. */
const farewell = 5_000

/** What is shorter is not counted before it is whole, bytes. */
const small = 64 * 1024

/** Messages of the longest that a connection may have begun and not ended, on all its channels. */
const partialMost = 4

/** Input is not taken while so many times the bytes are waiting at which consumers are passed over. */
const deafAt = 8

const nameless = { classId: 0, methodId: 0 }

/** See the top of the file. */
export class Session {
  readonly server: Server
  readonly origin: Origin
  /** When it was accepted, ms. */
  readonly since: number
  readonly channels = new Map<number, Channel>()
  /** What stops all its consumers while its peer does not read. */
  readonly share = new Share()
  /** Bytes received so far. */
  received = 0
  /** Not read because the server has too little memory. */
  isBlocked = false
  readonly #onChange: () => void
  readonly #handshake: Handshake
  readonly #pulse = new Pulse()
  readonly #outbox = new Outbox()
  readonly #reader = new FrameReader({ frameMax: leastFrameMax, expectsGreeting: true, keepsHeads: true })
  readonly #unconfirmed = new Set<Channel>()
  #vhost: VirtualHost | undefined
  /** How it goes on after the handshake; `undefined`: that is not over. */
  #life: Exclude<SessionState, HandshakeState> | undefined
  #due: number
  #isTold = false
  #isReceiving = false
  /** What came cannot be read any more. */
  #isDeaf = false

  constructor(server: Server, { origin, onChange }: SessionOptions) {
    this.server = server
    this.origin = origin
    this.#onChange = onChange
    this.since = server.now()
    this.#handshake = new Handshake(server)
    this.#due = this.since + server.limits.handshakeTime
  }

  /** Where it stands. */
  get state(): SessionState {
    return this.#life ?? this.#handshake.state
  }

  /** Who has logged in; empty: nobody yet. */
  get user(): string {
    return this.#handshake.user
  }

  /** What the peer said of itself. */
  get clientProperties(): Table {
    return this.#handshake.clientProperties
  }

  /** The longest frame that was agreed on, bytes. */
  get frameMax(): number {
    return this.#handshake.frameMax
  }

  /** The virtual host it has opened. */
  get vhost(): VirtualHost | undefined {
    return this.#vhost
  }

  /** When `tick` has something to do, ms. */
  get due(): number {
    return this.#due
  }

  /** Whether bytes are welcome; while they are not, the socket is not to be read. */
  get wantsInput(): boolean {
    return !this.isBlocked && this.takesMore
  }

  /** Whether its peer has not left so much unread that nothing more may be kept for it. */
  get takesMore(): boolean {
    return this.#outbox.waiting < deafAt * this.server.limits.outputBytes
  }

  /** Whether all is said: once it is taken, the socket is to be ended. */
  get isOver(): boolean {
    return this.#life === "over"
  }

  /** Bytes that wait for the peer to read them. */
  get waiting(): number {
    return this.#outbox.waiting
  }

  /** Bytes of messages and transactions that are not whole yet. */
  get partial(): number {
    let held = this.#reader.held
    for (const channel of this.channels.values()) held += channel.partial
    return held
  }

  /** Takes bytes from the peer. */
  receive(chunk: Uint8Array): void {
    this.received += chunk.length
    if (this.#isDeaf || this.isOver) return
    this.#reader.push(chunk)
    this.#isReceiving = true
    try {
      for (;;) {
        const frame = this.#reader.next()
        if (frame === undefined) break
        if (isWireError(frame)) this.#wrong(frame)
        else this.#handle(frame)
        if (this.#isDeaf || this.isOver) break
      }
    } finally {
      this.#isReceiving = false
    }
    for (const channel of this.#unconfirmed) channel.sendConfirms()
    this.#unconfirmed.clear()
    this.server.hasReceived(chunk.length)
  }

  /** The next bytes for the peer; `undefined`: there are none for now. */
  take(): Uint8Array | undefined {
    const bytes = this.#outbox.take()
    if (bytes === undefined) this.#isTold = false
    return bytes
  }

  /** So many of the bytes taken have left. */
  sent(count: number): void {
    const wantedInput = this.wantsInput
    this.#outbox.sent(count)
    if (this.share.stopped && this.#outbox.waiting <= this.server.limits.outputBytes / 2) this.#stop(false)
    if (this.wantsInput !== wantedInput) this.#changed()
  }

  /** The socket is gone. */
  lost(): void {
    this.#end()
    this.#outbox.clear()
  }

  /** Does what is due. */
  tick(now: number): void {
    if (now < this.#due) return
    if (this.state === "running") return this.#beat(now)
    if (this.state !== "closing") {
      this.#complain("silence", `it has not logged in within ${this.server.limits.handshakeTime} ms`)
    }
    this.#end()
  }

  /** Closes the connection for a reason of the server's own. */
  close(detail: string): void {
    if (this.state === "running") this.#fail(refused("CONNECTION_FORCED", detail), 0, 0)
    else if (this.state !== "closing" || this.#isDeaf) this.#end()
  }

  /** There is room again: it is read on. */
  unblock(): void {
    if (this.isBlocked) this.#block(undefined)
  }

  /** Is not read for this reason, or (`undefined`) is read again, and is told so. */
  #block(reason: string | undefined): void {
    this.isBlocked = reason !== undefined
    if (this.state === "running" && this.can("connection.blocked")) {
      this.send(0, reason === undefined ? { name: "connection.unblocked" } : { name: "connection.blocked", reason })
    }
    this.#changed()
  }

  /** Whether the peer said that it knows how to deal with something. */
  can(capability: string): boolean {
    return this.#handshake.can(capability)
  }

  /** Writes a method. */
  send(channel: number, method: Method): void {
    this.write(writeMethod(channel, method, this.frameMax))
  }

  /** Writes frames. */
  write(bytes: Uint8Array): void {
    if (this.isOver) return
    this.#outbox.write(bytes)
    if (!this.share.stopped && this.#outbox.waiting > this.server.limits.outputBytes) this.#stop(true)
    this.#changed()
  }

  /** Confirms of a channel are due: at the end of what is being received, or now. */
  confirmSoon(channel: Channel): void {
    if (this.#isReceiving) this.#unconfirmed.add(channel)
    else channel.sendConfirms()
  }

  /** Ends the connection, or one channel of it, and tells the peer why. */
  refuse(channel: number, cause: Refused, method: Method | undefined): void {
    const { classId, methodId } = method === undefined || !cause.namesMethod ? nameless : methods[method.name]
    const found = this.channels.get(channel)
    if (cause.ends === "connection" || found === undefined) return this.#fail(cause, classId, methodId)
    found.close(cause, classId, methodId)
  }

  /** What was thrown, as a reply: a mistake of this side is reported, and ends this connection. */
  causeOf(cause: unknown): Refused {
    if (cause instanceof Refused) return cause
    this.server.onDefect(cause)
    return refused("INTERNAL_ERROR", "an error of the broker; its log says which")
  }

  /** A message is coming: whoever sends one while memory or disk is short is not read until it is not. */
  #publishes(size: number): void {
    if (this.server.alarm !== undefined && !this.isBlocked) this.#block(this.server.alarm)
    const { messageBytes } = this.server.limits
    if (size > small && this.partial > partialMost * messageBytes) {
      throw refused("RESOURCE_ERROR", `more than ${partialMost} times ${messageBytes} bytes of messages are not whole`)
    }
  }

  #complain(reason: Complaint["reason"], detail: string): void {
    const { origin, user } = this
    this.server.onComplaint({ origin, user, reason, detail })
  }

  #changed(): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#onChange()
  }

  #stop(isStopped: boolean): void {
    // what it lets through may stop it again before this returns
    this.#vhost?.engine.adjust(this.share, { stopped: isStopped })
  }

  #handle(frame: Frame): void {
    try {
      if (this.state === "running") this.#run(frame)
      else if (this.state === "closing") this.#closing(frame)
      else this.#shakeHands(frame)
    } catch (cause) {
      const method = frame.type === "method" ? frame.method : undefined
      this.refuse("channel" in frame ? frame.channel : 0, this.causeOf(cause), method)
    }
  }

  #wrong(error: WireError): void {
    this.#isDeaf = true
    if (this.state !== "running") this.#complain("protocol", error.message)
    if (this.state === "greeting") {
      // whoever speaks another version is told which one is spoken here
      this.#outbox.write(protocolHeader)
      return this.#end()
    }
    if (this.state === "running") {
      this.#fail(new Refused(replyOf(error.code), error.message, "connection"), error.classId, error.methodId)
    } else this.#end()
  }

  #shakeHands(frame: Frame): void {
    const step = this.#handshake.take(frame)
    this.#reader.frameMax = this.frameMax
    switch (step._tag) {
      case "Said":
        if (step.method !== undefined) this.send(0, step.method)
        return
      case "Silent":
        this.#complain("protocol", "it said something out of turn while it logged in")
        return this.#end()
      case "Opened": {
        const { heartbeat } = this.#handshake
        this.#vhost = step.vhost
        this.#life = "running"
        this.#due = heartbeat === 0 ? Infinity : this.#nextBeat(this.server.now())
        this.server.rescheduled(this)
        return this.send(0, { name: "connection.open-ok" })
      }
    }
  }

  #run(frame: Frame): void {
    if (frame.type === "heartbeat" || frame.type === "greeting") return
    if (frame.channel === 0) {
      if (frame.type !== "method") {
        throw refused("UNEXPECTED_FRAME", `expected a method on channel 0, got a ${frame.type} frame`)
      }
      return this.#obey(frame.method)
    }
    const channel = this.channels.get(frame.channel)
    if (channel !== undefined) {
      if (frame.type === "header") this.#publishes(Number(frame.size))
      const error = channel.receive(frame)
      if (error !== undefined) this.#wrong(error)
      return
    }
    if (frame.type !== "method" || frame.method.name !== "channel.open") {
      throw refused("CHANNEL_ERROR", "expected 'channel.open'")
    }
    const { channelMax } = this.#handshake
    if (this.channels.size >= channelMax) {
      const counted = `number of channels opened (${this.channels.size})`
      const detail = `${counted} has reached the negotiated channel_max (${channelMax})`
      throw new Refused("NOT_ALLOWED", detail, "connection", false)
    }
    if (this.#vhost === undefined) return
    this.channels.set(frame.channel, new Channel(this, this.#vhost, frame.channel))
    this.send(frame.channel, { name: "channel.open-ok" })
  }

  /** Methods of the connection itself. */
  #obey(method: Method): void {
    switch (method.name) {
      case "connection.close":
        this.#release()
        this.send(0, { name: "connection.close-ok" })
        // the client is the one to close the socket: what is between may lose its last words otherwise
        this.#isDeaf = true
        return this.#part()
      case "connection.update-secret":
        // passwords do not expire here
        return this.send(0, { name: "connection.update-secret-ok" })
      case "connection.close-ok":
        return
      default:
        throw refused("CHANNEL_ERROR", "unexpected method in connection state running")
    }
  }

  #closing(frame: Frame): void {
    if (frame.type !== "method" || frame.channel !== 0) return
    if (frame.method.name === "connection.close") this.send(0, { name: "connection.close-ok" })
    if (frame.method.name === "connection.close-ok" || frame.method.name === "connection.close") this.#end()
  }

  /** Tells the peer that its connection is closed, and waits for its answer. */
  #fail({ code, text }: { readonly code: number; readonly text: string }, classId: number, methodId: number): void {
    if (this.isOver || this.state === "closing") return
    const isLogin = this.state === "starting" && code === replies.ACCESS_REFUSED[0]
    // what is a reason or a mistake of this side is no complaint
    if (code !== replies.CONNECTION_FORCED[0] && code !== replies.INTERNAL_ERROR[0]) {
      this.#complain(isLogin ? "login" : "protocol", text)
    }
    // whoever has not said who it is learns nothing but that it may not come in, if it knows how to be told that
    const isTold = isLogin
      ? this.can("authentication_failure_close")
      : this.state !== "greeting" && this.state !== "starting"
    this.#release()
    if (!isTold) return this.#end()
    this.send(0, { name: "connection.close", replyCode: code, replyText: shorten(text), classId, methodId })
    this.#part()
  }

  /** Nothing is done any more; the peer has a while to say so, too. */
  #part(): void {
    this.#life = "closing"
    this.#due = this.server.now() + farewell
    this.server.rescheduled(this)
  }

  #beat(now: number): void {
    const { written, waiting } = this.#outbox
    const beat = this.#pulse.beat(this.received, written, this.wantsInput, waiting === 0)
    if (beat === "end") {
      this.#complain("silence", `nothing came from it for two heartbeats of ${this.#handshake.heartbeat} s`)
      return this.#end()
    }
    if (beat === "send") {
      this.write(heartbeat)
      this.#pulse.sent(heartbeat.length)
    }
    this.#due = this.#nextBeat(now)
  }

  /** Half an interval later or a little less: some clients end a connection that is silent for more than a whole one. */
  #nextBeat(now: number): number {
    return this.server.lookBefore(now + this.#handshake.heartbeat * 500)
  }

  /** Gives back all it has in the broker. */
  #release(): void {
    const channels = [...this.channels.values()]
    for (const channel of channels) channel.forget()
    // one after another, as RabbitMQ does in whatever order, and then what waits for all of them to be gone
    const left = channels.map((channel) => {
      const { first, then } = channel.withdraw()
      this.#vhost?.engine.abandon(...first)
      return then
    })
    this.#vhost?.engine.abandon({
      consumers: left.flatMap(({ consumers }) => consumers),
      hands: left.flatMap(({ hands }) => hands),
    })
    this.#vhost?.engine.loseOwner(this)
    this.channels.clear()
    this.#unconfirmed.clear()
  }

  #end(): void {
    if (this.isOver) return
    this.#release()
    this.#life = "over"
    this.#due = Infinity
    this.server.ended(this)
    this.#changed()
  }
}
