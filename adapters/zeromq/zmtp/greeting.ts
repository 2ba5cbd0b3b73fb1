/**
 * The greeting: the 64 bytes that open a connection in both directions (ZMTP 3.1, "Version Negotiation").
 *
 * Above the frames, below the handshakes. Pure. Speaks 3.1 and, to a peer that does, 3.0; older peers (2.x and 1.0 have
 * no security and another framing) are refused, of which the first 11 bytes tell.
 */
import { toBytes, toHex, toText } from "./bytes.ts"
import { broken, misfit, type ProtocolError } from "./ProtocolError.ts"

/** Length of a greeting, bytes. */
export const greetingLength = 64

/** Bytes of it that tell signature and major version. */
const head = 11

/** The security mechanisms that are spoken here. */
export type MechanismName = "NULL" | "CURVE"

/** What a greeting says. */
export interface Greeting {
  /** Minor version of ZMTP 3: 0 has no PING and writes subscriptions as messages. */
  readonly minor: number
  readonly mechanism: string
  /** Whether it says that it is the server of the handshake; libzmq's servers do not. */
  readonly asServer: boolean
}

/** Offsets in the greeting. */
const At = { signatureEnd: 9, major: 10, minor: 11, mechanism: 12, asServer: 32 } as const

const mechanismLength = 20

/** Writes a greeting of version 3.1. */
export const encodeGreeting = (mechanism: MechanismName, asServer: boolean): Uint8Array => {
  const bytes = new Uint8Array(greetingLength)
  bytes[0] = 0xff
  bytes[At.signatureEnd] = 0x7f
  bytes[At.major] = 3
  bytes[At.minor] = 1
  bytes.set(toBytes(mechanism), At.mechanism)
  bytes[At.asServer] = asServer ? 1 : 0
  return bytes
}

/** Reads a greeting from the bytes so far; `undefined`: more are needed. A wrong start is told by its first bytes. */
export const decodeGreeting = (bytes: Uint8Array): Greeting | ProtocolError | undefined => {
  if (bytes.length === 0) return undefined
  const signed = bytes[0] === 0xff && (bytes.length <= At.signatureEnd || (bytes[At.signatureEnd]! & 1) === 1)
  if (!signed) return broken(`It greets with ${toHex(bytes)}, which is not ZMTP; expected ff and 8 bytes and 7f`)
  if (bytes.length < head) return undefined
  const major = bytes[At.major]!
  if (major < 3) return misfit(`It speaks version ${major} of its protocol; expected ZMTP 3.0 or later`)
  if (bytes.length < greetingLength) return undefined
  return {
    minor: major > 3 ? 1 : bytes[At.minor]!,
    // the end of the name is filled with zeros; a zero within it belongs to a name that nobody has
    mechanism: toText(bytes.subarray(At.mechanism, At.mechanism + mechanismLength)).replace(/\0+$/, ""),
    asServer: bytes[At.asServer] === 1,
  }
}
