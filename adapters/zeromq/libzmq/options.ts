/**
 * Options of a socket by libzmq's names. Pure.
 *
 * The checks are those of our own sockets. libzmq has no limit on peers and on frames, and its limit on bytes is one of each
 * frame: `maxPeers` and `maxFrames` do nothing.
 */
import { Buffer } from "node:buffer"
import { Redacted } from "effect"
import { generateKeys } from "../zmtp/curve/keys.ts"
import type { Settings, SocketOptions } from "../zmtp/SocketOptions.ts"
import { hasIdentity, type SocketType } from "../zmtp/SocketType.ts"
import type { NativeOptions } from "./native.ts"

/** How long a wait for a message lasts before it is begun anew, ms; see `Incoming.ts`. */
export const longestWait = 100

const sends: ReadonlySet<SocketType> = new Set(["REQ", "REP", "DEALER", "ROUTER", "PUB", "PUSH"])
/** Kinds that receive. */
export const receives: ReadonlySet<SocketType> = new Set(["REQ", "REP", "DEALER", "ROUTER", "SUB", "PULL"])

/** Says them. */
export const nativeOptions = (
  type: SocketType,
  { session, patience, marks, reconnect, linger, immediate, pattern }: Settings,
  { curve }: SocketOptions,
): NativeOptions => ({
  linger,
  immediate,
  maxMessageSize: session.maxMessageBytes,
  handshakeInterval: patience.handshake,
  reconnectInterval: reconnect.first,
  reconnectMaxInterval: reconnect.max,
  ...(patience.heartbeat > 0 && {
    heartbeatInterval: patience.heartbeat,
    heartbeatTimeout: patience.silence,
    heartbeatTimeToLive: patience.ttl,
  }),
  ...(sends.has(type) && { sendHighWaterMark: marks.send, sendTimeout: 0 }),
  ...(receives.has(type) && { receiveHighWaterMark: marks.receive, receiveTimeout: longestWait }),
  ...(session.identity.length > 0 && hasIdentity(type) && { routingId: Buffer.from(session.identity) }),
  ...(type === "ROUTER" && { mandatory: pattern.mandatory, handover: pattern.handover }),
  ...(type === "REQ" && { relaxed: pattern.relaxed, correlate: pattern.correlate }),
  ...(curve !== undefined && curveOptions(curve)),
})

const curveOptions = (curve: NonNullable<SocketOptions["curve"]>): NativeOptions => {
  if (curve.role === "server") {
    return { curveServer: true, curveSecretKey: Redacted.value(curve.keys.secretKey) }
  }
  const { publicKey, secretKey } = curve.keys ?? generateKeys()
  return {
    curveServerKey: curve.serverKey,
    curvePublicKey: publicKey,
    curveSecretKey: Redacted.value(secretKey),
  }
}
