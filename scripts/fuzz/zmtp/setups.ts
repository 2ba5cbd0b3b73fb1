/**
 * What hears the inputs: a fresh session of each kind, in clear, behind a finished CURVE handshake, or within one.
 *
 * A handshake of CURVE is ms of arithmetic: most inputs with CURVE therefore meet a session whose key is known beforehand,
 * which one command takes for its handshake; few meet the real one.
 */
import { toBytes } from "../../../adapters/zeromq/zmtp/bytes.ts"
import { encodeCommand } from "../../../adapters/zeromq/zmtp/commands.ts"
import { pairOf, seal, type SharedKey, sharedKey } from "../../../adapters/zeromq/zmtp/curve/box.ts"
import { NonceCounter, NonceGuard, nonceOf, Prefix } from "../../../adapters/zeromq/zmtp/curve/nonce.ts"
import { curveTraffic } from "../../../adapters/zeromq/zmtp/curve/traffic.ts"
import { Flag } from "../../../adapters/zeromq/zmtp/frames.ts"
import type { Cipher, Handshake } from "../../../adapters/zeromq/zmtp/Mechanism.ts"
import type { SocketType } from "../../../adapters/zeromq/zmtp/SocketType.ts"
import { Party, type PartyOptions } from "../../zmtp/Party.ts"
import { encodeFrame, limits, peersOf } from "./conversation.ts"

/** Every kind. */
export const types = Object.keys(peersOf) as ReadonlyArray<SocketType>

/**
 * How it is secured: not at all; with CURVE whose handshake is over, as the server or as the client; with the beginning
 * of a real handshake; with a real handshake whose commands are changed on their way.
 */
export const securities = ["null", "sealed-server", "sealed-client", "hello-server", "hello-client", "live"] as const

/** See {@link securities}. */
export type Security = typeof securities[number]

/** A setup, taken apart. */
export interface Setup {
  readonly type: SocketType
  readonly security: Security
  /** Its owner takes one message at a time. */
  readonly isSlow: boolean
}

/** The name of a setup. */
export const nameOf = ({ type, security, isSlow }: Setup): string => `${type} ${security}${isSlow ? " slow" : ""}`

/** The setup of a name; throws an `Error` when it is none. */
export const setupOf = (name: string): Setup => {
  const [type, security, slow] = name.split(" ")
  const setup = { type, security, isSlow: slow === "slow" } as Setup
  if (!types.includes(setup.type) || !securities.includes(setup.security)) throw new Error(`Unknown setup "${name}"`)
  return setup
}

/** The permanent keys of both sides, and a transient one of a client. */
export const server = pairOf(new Uint8Array(32).fill(11))
export const client = pairOf(new Uint8Array(32).fill(12))
const transient = pairOf(new Uint8Array(32).fill(13))

const sealedKey = new Uint8Array(32).fill(14) as SharedKey

/** The cipher of a side of a session whose handshake was skipped. */
export const sealedCipher = (side: "client" | "server"): Cipher =>
  curveTraffic(sealedKey, side, new NonceCounter(), new NonceGuard())

/** The command that stands for the handshake that was skipped. */
export const skipped = encodeFrame(Flag.command, encodeCommand("SKIP"))

/** HELLO of a client that makes no mistake, the same each time. */
export const hello: Uint8Array = (() => {
  const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)
  const key = sharedKey(server.publicKey, transient.secretKey)!
  const box = seal(key, nonceOf(Prefix.hello, nonce), new Uint8Array(64))
  const version = Uint8Array.of(1, 0)
  return encodeFrame(
    Flag.command,
    encodeCommand("HELLO", version, new Uint8Array(72), transient.publicKey, nonce, box),
  )
})()

/** A handshake that any command ends. */
const skip = (side: "client" | "server", type: SocketType): Handshake => ({
  begin: () => [],
  receive: () => ({
    send: [],
    done: {
      metadata: new Map([["socket-type", toBytes(peersOf[type][0])], ["identity", toBytes("peer")]]),
      cipher: sealedCipher(side),
      key: client.publicKey,
    },
  }),
})

/** Makes what hears an input. */
export const open = ({ type, security, isSlow }: Setup): Party => {
  const options: PartyOptions = { ...limits, onMessage: () => !isSlow }
  switch (security) {
    case "null":
      return new Party(type, options)
    case "sealed-server":
    case "sealed-client": {
      const side = security === "sealed-server" ? "server" : "client"
      return new Party(type, {
        ...options,
        secured: { mechanism: "CURVE", asServer: side === "server", handshake: () => skip(side, type) },
      })
    }
    case "hello-client":
      return new Party(type, { ...options, curve: { role: "client", keys: client, serverKey: server.publicKey } })
    case "hello-server":
    case "live":
      return new Party(type, { ...options, curve: { role: "server", keys: server } })
  }
}

/** A client that fits a kind, for handshakes that are changed on their way. */
export const openClient = (type: SocketType): Party =>
  new Party(peersOf[type][0] as SocketType, {
    curve: { role: "client", keys: client, serverKey: server.publicKey },
  })
