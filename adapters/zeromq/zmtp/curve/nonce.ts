/**
 * Nonces of CurveZMQ: a name of what is boxed, then eight bytes that count up or sixteen that are random.
 *
 * Pure. A counter of a connection is one for everything that its side boxes; the receiver refuses one that does not rise.
 */
import { readUint32, toBytes, writeUint32 } from "../bytes.ts"
import { nonceLength } from "./box.ts"

/** What is boxed, as the start of its nonce. */
export const Prefix = {
  hello: toBytes("CurveZMQHELLO---"),
  welcome: toBytes("WELCOME-"),
  cookie: toBytes("COOKIE--"),
  vouch: toBytes("VOUCH---"),
  initiate: toBytes("CurveZMQINITIATE"),
  ready: toBytes("CurveZMQREADY---"),
  fromClient: toBytes("CurveZMQMESSAGEC"),
  fromServer: toBytes("CurveZMQMESSAGES"),
} as const

/** Lengths of what travels of a nonce, bytes. */
export const shortNonce = 8
export const longNonce = 16

/** The whole nonce. */
export const nonceOf = (prefix: Uint8Array, rest: Uint8Array): Uint8Array => {
  const nonce = new Uint8Array(nonceLength)
  nonce.set(prefix, 0)
  nonce.set(rest, prefix.length)
  return nonce
}

/** The short nonces that one side sends: 1, 2, 3. */
export class NonceCounter {
  #last = 0

  /** The next one. 2^53 of them would take centuries. */
  next(): Uint8Array {
    const value = ++this.#last
    const bytes = new Uint8Array(shortNonce)
    writeUint32(Math.floor(value / 0x100000000), bytes, 0)
    writeUint32(value % 0x100000000, bytes, 4)
    return bytes
  }
}

/** The short nonces that one side receives. */
export class NonceGuard {
  #high = 0
  #low = 0

  /** Whether it is greater than all before it. */
  accepts(bytes: Uint8Array): boolean {
    const high = readUint32(bytes, 0)
    const low = readUint32(bytes, 4)
    if (high < this.#high || (high === this.#high && low <= this.#low)) return false
    this.#high = high
    this.#low = low
    return true
  }
}
