/**
 * What a socket may be told, with libzmq's defaults where it has them, and the check of it.
 */
import { Duration, Redacted, Result } from "effect"
import { concat, copyOf, isEqual, toBytes } from "./bytes.ts"
import { keyLength, type KeyPair, pairOf, plainBoxes, randomPair } from "./curve/box.ts"
import type { Boxes } from "./curve/Boxes.ts"
import { curveClient } from "./curve/client.ts"
import { type CurveKeys, readKey } from "./curve/keys.ts"
import { curveServer } from "./curve/server.ts"
import { nullHandshake } from "./Mechanism.ts"
import type { Patience } from "./Connection.ts"
import type { Marks } from "./Pipe.ts"
import type { SessionOptions } from "./Session.ts"
import { InvalidSocketOption } from "./SocketError.ts"
import type { SocketType } from "./SocketType.ts"

/** CURVE as the server: it has keys that its clients know, and may let in only some of them. */
export interface CurveServerOptions {
  readonly role: "server"
  readonly keys: CurveKeys
  /** Public keys (Z85) of the clients that may connect. @default every client that knows the server's key */
  readonly allowed?: ReadonlyArray<string>
}

/** CURVE as a client: it knows the server's public key. */
export interface CurveClientOptions {
  readonly role: "client"
  /** The server's public key, Z85. */
  readonly serverKey: string
  /** @default keys that are made for this socket */
  readonly keys?: CurveKeys
}

/**
 * Heartbeats; peers of ZMTP 3.0 know none. Both sides should have them: a peer that takes no more messages for now answers
 * none, and seems lost unless it sends its own.
 */
export interface HeartbeatOptions {
  /** Between two of them. */
  readonly interval: Duration.Input
  /** Silence after which a peer counts as lost. @default the interval */
  readonly timeout?: Duration.Input
  /** After how much silence the peer is to take this side for lost. @default never */
  readonly ttl?: Duration.Input
}

/** What a socket may be told. */
export interface SocketOptions {
  /** How ROUTERs know this socket: 1 to 255 bytes, of which the first is not 0. @default a name that each ROUTER makes */
  readonly identity?: string | Uint8Array
  /** @default none: no encryption, no authentication */
  readonly curve?: CurveServerOptions | CurveClientOptions
  /** Messages that may wait for one peer. @default 1000 */
  readonly sendHighWaterMark?: number
  /** Messages of one peer that may wait to be received. @default 1000 */
  readonly receiveHighWaterMark?: number
  /** Bytes that may wait for one peer; one message may always. libzmq has no such mark. @default no limit */
  readonly sendHighWaterBytes?: number
  /** Bytes of one peer that may wait to be received; one message may always. libzmq has no such mark. @default 64 MiB */
  readonly receiveHighWaterBytes?: number
  /** The most bytes of a message that is received, all frames together. @default 64 MiB */
  readonly maxMessageBytes?: number
  /** The most frames of a message that is received. @default 1024 */
  readonly maxFrames?: number
  /**
   * The most peers that may connect to it; further ones are closed at once. Those count too that have gone and left messages
   * that nobody has received. @default 4096
   */
  readonly maxPeers?: number
  /** Until a connection has to be through its handshake. @default "30 seconds" */
  readonly handshakeTimeout?: Duration.Input
  /** Pause before connecting again; doubled each time up to `max`. @default 100 ms, up to 5 seconds */
  readonly reconnect?: { readonly first?: Duration.Input; readonly max?: Duration.Input }
  /** @default none */
  readonly heartbeat?: HeartbeatOptions
  /** How long its end waits for messages that are not sent yet. @default "1 second" */
  readonly linger?: Duration.Input
  /** Messages go only to peers that are connected, instead of waiting for a connection. @default false */
  readonly immediate?: boolean
  /** ROUTER: tells of peers that are not there and waits for full ones, instead of dropping. @default false */
  readonly mandatory?: boolean
  /** ROUTER: an identity goes to the peer that came last, and the connection of the one before ends. @default false */
  readonly handover?: boolean
  /** REQ: another question may be asked before the answer came. @default false */
  readonly relaxed?: boolean
  /** REQ: answers are matched by a number, not by their order alone. @default false */
  readonly correlate?: boolean
}

/** The options, checked and complete. */
export interface Settings {
  readonly session: SessionOptions
  readonly patience: Patience
  readonly marks: Marks
  readonly maxPeers: number
  /** ms. */
  readonly reconnect: { readonly first: number; readonly max: number }
  /** ms. */
  readonly linger: number
  readonly immediate: boolean
  readonly pattern: {
    readonly mandatory: boolean
    readonly handover: boolean
    readonly relaxed: boolean
    readonly correlate: boolean
  }
}

const MiB = 1024 * 1024

/** Checks the options of a kind of socket. `boxes`: what makes those of its messages. */
export const settingsOf = (
  type: SocketType,
  options: SocketOptions,
  boxes: Boxes = plainBoxes,
): Result.Result<Settings, InvalidSocketOption> => {
  try {
    return Result.succeed(check(type, options, boxes))
  } catch (error) {
    if (error instanceof InvalidSocketOption) return Result.fail(error)
    throw error
  }
}

const refuse = (option: string, value: string, expected: string): never => {
  throw new InvalidSocketOption({ option, value, expected })
}

const shown = (value: unknown): string => typeof value === "string" ? JSON.stringify(value) : String(value)

const count = (option: string, value: number): number =>
  Number.isSafeInteger(value) && value >= 1 ? value : refuse(option, shown(value), "a whole number from 1")

const millis = (option: string, value: Duration.Input): number => {
  // what is no number Effect takes for zero
  const read = () => Number.isNaN(value) ? Number.NaN : Duration.toMillis(Duration.fromInputUnsafe(value))
  const ms = Result.getOrElse(Result.try(read), () => Number.NaN)
  return Number.isFinite(ms) && ms >= 0 ? ms : refuse(option, shown(value), 'a finite duration such as "5 seconds"')
}

const identityOf = (identity: string | Uint8Array): Uint8Array => {
  const bytes = typeof identity === "string" ? toBytes(identity) : copyOf(identity)
  return bytes.length >= 1 && bytes.length <= 255 && bytes[0] !== 0
    ? bytes
    : refuse("identity", `${bytes.length} bytes`, "1 to 255 bytes, of which the first is not 0")
}

const keyOf = (option: string, key: string, value = shown(key)): Uint8Array =>
  readKey(key) ?? refuse(option, value, `a key of ${keyLength} bytes in 40 characters of Z85`)

const pair = (keys: CurveKeys): KeyPair => {
  const { publicKey, secretKey } = pairOf(keyOf("curve.keys.secretKey", Redacted.value(keys.secretKey), "this key"))
  const named = keyOf("curve.keys.publicKey", keys.publicKey)
  return isEqual(publicKey, named)
    ? { publicKey, secretKey }
    : refuse("curve.keys.publicKey", shown(keys.publicKey), "the key that belongs to the secret one")
}

/** How connections begin. */
const mechanismOf = (
  curve: SocketOptions["curve"],
  boxes: Boxes,
): Pick<SessionOptions, "mechanism" | "asServer" | "handshake"> => {
  if (curve === undefined) return { mechanism: "NULL", asServer: false, handshake: nullHandshake }
  if (curve.role === "client") {
    const keys = curve.keys === undefined ? randomPair() : pair(curve.keys)
    const serverKey = keyOf("curve.serverKey", curve.serverKey)
    return {
      mechanism: "CURVE",
      asServer: false,
      handshake: (metadata) => curveClient(keys, serverKey, metadata, boxes),
    }
  }
  const keys = pair(curve.keys)
  const allowed = curve.allowed?.map((key) => keyOf("curve.allowed", key))
  // looks at all of them, whichever it is
  const isAllowed = (key: Uint8Array) =>
    allowed === undefined || allowed.reduce((found, one) => isEqual(one, key) || found, false)
  return {
    mechanism: "CURVE",
    asServer: true,
    handshake: (metadata) => curveServer(keys, isAllowed, metadata, boxes),
  }
}

const check = (type: SocketType, options: SocketOptions, boxes: Boxes): Settings => {
  const { reconnect = {}, heartbeat } = options
  const interval = heartbeat === undefined ? 0 : millis("heartbeat.interval", heartbeat.interval)
  const first = Math.max(1, millis("reconnect.first", reconnect.first ?? 100))
  return {
    session: {
      type,
      identity: options.identity === undefined ? concat() : identityOf(options.identity),
      ...mechanismOf(options.curve, boxes),
      maxMessageBytes: count("maxMessageBytes", options.maxMessageBytes ?? 64 * MiB),
      maxFrames: count("maxFrames", options.maxFrames ?? 1024),
    },
    patience: {
      handshake: millis("handshakeTimeout", options.handshakeTimeout ?? 30_000),
      heartbeat: interval,
      silence: millis("heartbeat.timeout", heartbeat?.timeout ?? interval),
      ttl: millis("heartbeat.ttl", heartbeat?.ttl ?? 0),
    },
    marks: {
      send: count("sendHighWaterMark", options.sendHighWaterMark ?? 1000),
      sendBytes: options.sendHighWaterBytes === undefined
        ? Number.POSITIVE_INFINITY
        : count("sendHighWaterBytes", options.sendHighWaterBytes),
      receive: count("receiveHighWaterMark", options.receiveHighWaterMark ?? 1000),
      receiveBytes: count("receiveHighWaterBytes", options.receiveHighWaterBytes ?? 64 * MiB),
    },
    maxPeers: count("maxPeers", options.maxPeers ?? 4096),
    reconnect: { first, max: Math.max(first, millis("reconnect.max", reconnect.max ?? 5_000)) },
    linger: millis("linger", options.linger ?? 1_000),
    immediate: options.immediate ?? false,
    pattern: {
      mandatory: options.mandatory ?? false,
      handover: options.handover ?? false,
      relaxed: options.relaxed ?? false,
      correlate: options.correlate ?? false,
    },
  }
}
