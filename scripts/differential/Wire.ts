/**
 * A client that does what it is told and nothing else: one TCP connection on the broker's own codec, seen frame by frame.
 *
 * Below `Side.ts`. It greets, answers the server's `close`, and hands everything on as it comes; it keeps no state of channels,
 * reconnects never, and sends whatever bytes it is given. What it waits for has an end.
 */
import { connect, type Socket } from "node:net"
import {
  Assembly,
  type Content,
  FrameReader,
  isWireError,
  type Method,
  type MethodOf,
  protocolHeader,
  type Table,
  writeMethod,
} from "../../src/broker/amqp/mod.ts"
import type { Greeting } from "./Operation.ts"

/** What comes from a server. */
export type Event =
  | { readonly type: "method"; readonly channel: number; readonly method: Method }
  | { readonly type: "content"; readonly channel: number; readonly content: Content }
  | { readonly type: "header" }
  | { readonly type: "open" }
  | { readonly type: "gone" }
  | { readonly type: "unreadable"; readonly why: string }

/** Longest body that is taken, bytes. */
const bodyMax = 64 * 1024 * 1024

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** What a client says it can do. */
const capabilities: Table = new Map(
  [
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "authentication_failure_close",
  ].map((name) => [name, { type: "bool", value: true } as const]),
)

/** A socket that is open, or was. */
export class Wire {
  readonly #socket: Socket
  readonly #reader = new FrameReader({ frameMax: 0, expectsGreeting: false })
  readonly #assemblies = new Map<number, Assembly>()
  readonly #onEvent: (event: Event) => void
  #beginning = new Uint8Array(0)
  #isGreeting = true
  isGone = false

  constructor(url: URL, onEvent: (event: Event) => void) {
    this.#onEvent = onEvent
    this.#socket = connect({ host: url.hostname, port: Number(url.port || 5672), noDelay: true })
    this.#socket.on("data", (chunk: Uint8Array) => this.#take(chunk))
    this.#socket.on("error", () => {})
    this.#socket.on("close", () => this.#gone())
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    if (!this.isGone) this.#socket.write(bytes)
  }

  /** Ends the connection without a word of AMQP. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** How many bytes may be in one frame, as the server will have it. */
  agree({ frameMax }: { readonly frameMax: number }): void {
    this.#reader.frameMax = frameMax
  }

  #gone(): void {
    if (this.isGone) return
    this.isGone = true
    this.#onEvent({ type: "gone" })
  }

  #take(chunk: Uint8Array): void {
    if (this.#isGreeting) {
      const joined = new Uint8Array(this.#beginning.length + chunk.length)
      joined.set(this.#beginning)
      joined.set(chunk, this.#beginning.length)
      this.#beginning = joined
      if (joined.length < 8) return
      this.#isGreeting = false
      if (protocolHeader.every((octet, i) => joined[i] === octet)) {
        this.#onEvent({ type: "header" })
        chunk = joined.subarray(8)
      } else chunk = joined
    }
    this.#reader.push(chunk)
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      if (isWireError(frame)) {
        this.#onEvent({ type: "unreadable", why: frame.message })
        return this.#socket.destroy() && undefined
      }
      if (frame.type === "greeting" || frame.type === "heartbeat") continue
      const { channel } = frame
      let assembly = this.#assemblies.get(channel)
      if (assembly === undefined) this.#assemblies.set(channel, assembly = new Assembly(bodyMax))
      const taken = assembly.take(frame)
      if (taken === undefined) continue
      if (isWireError(taken) || taken.type === "too-large") {
        this.#onEvent({ type: "unreadable", why: isWireError(taken) ? taken.message : "too large" })
        return this.#socket.destroy() && undefined
      }
      this.#onEvent(
        taken.type === "plain"
          ? { type: "method", channel, method: taken.method }
          : { type: "content", channel, content: taken },
      )
    }
  }
}

const nothing: Table = new Map()

/** The first eight bytes that a client sends. */
export const firstBytes = (how: Greeting): Uint8Array =>
  how === "wrong-header" ? Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 9) : protocolHeader as Uint8Array

/** What is answered to `connection.start`. */
export const startOk = (url: URL, how: Greeting): Uint8Array => {
  const user = decodeURIComponent(url.username)
  const password = how === "wrong-password" ? "no" : decodeURIComponent(url.password)
  return writeMethod(0, {
    name: "connection.start-ok",
    clientProperties: new Map([["capabilities", { type: "table", value: capabilities }]]),
    mechanism: how === "wrong-mechanism" ? "NONE" : how === "amqplain" ? "AMQPLAIN" : "PLAIN",
    response: how === "amqplain" ? amqplain(user, password) : text(`\0${user}\0${password}`),
    locale: "en_US",
  })
}

/** LOGIN and PASSWORD as a table without its length. */
const amqplain = (user: string, password: string): Uint8Array => {
  const frame = writeMethod(0, {
    name: "queue.declare",
    queue: "",
    passive: false,
    durable: false,
    exclusive: false,
    autoDelete: false,
    noWait: false,
    arguments: new Map([
      ["LOGIN", { type: "longstr", value: user }],
      ["PASSWORD", { type: "longstr", value: password }],
    ]),
  })
  // behind frame header 7, method 4, reserved 2, name 1, bits 1, length 4; before the end of the frame
  return frame.slice(7 + 4 + 2 + 1 + 1 + 4, -1)
}

/** What is answered to `connection.tune`. */
export const tuneOk = (tune: MethodOf<"connection.tune">, how: Greeting): MethodOf<"connection.tune-ok"> => ({
  name: "connection.tune-ok",
  channelMax: how === "wrong-channel-max" ? tune.channelMax + 1 : tune.channelMax,
  frameMax: how === "wrong-frame-max" ? tune.frameMax + 1 : tune.frameMax,
  heartbeat: 0,
})

/** Opens the virtual host. */
export const open = (url: URL, how: Greeting): Uint8Array =>
  writeMethod(0, {
    name: "connection.open",
    virtualHost: how === "wrong-host" ? "nowhere" : decodeURIComponent(url.pathname.slice(1) || "/"),
  })

/** No arguments. */
export const noArguments = nothing
