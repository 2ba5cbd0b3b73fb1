/**
 * Whether a peer fits a socket: by its greeting, and by what it says of itself at the end of its handshake. Pure.
 */
import { toQuoted, toText } from "./bytes.ts"
import type { Greeting, MechanismName } from "./greeting.ts"
import { misfit, type ProtocolError } from "./ProtocolError.ts"
import { mayTalk, peersOf, type SocketType } from "./SocketType.ts"

/** Why a peer does not fit. */
export interface Misfit {
  /** What it is told. */
  readonly reason: string
  /** What is told here. */
  readonly detail: string
}

/** The longest identity, bytes. */
const longestIdentity = 255

/** Looks at what a peer greets with; `undefined`: its handshake may begin. */
export const checkGreeting = (
  own: { readonly mechanism: MechanismName; readonly asServer: boolean },
  { mechanism, asServer }: Greeting,
): ProtocolError | undefined => {
  if (mechanism !== own.mechanism) {
    return misfit(`It wants the mechanism ${JSON.stringify(mechanism)}; this socket has "${own.mechanism}"`)
  }
  // what does not say so may be a server nevertheless: libzmq's
  return own.asServer && asServer ? misfit("It is a server of CURVE too; expected a client") : undefined
}

/** Looks at the kind of a peer, and at its identity where there is a use for it; `undefined`: it fits. */
export const checkPeer = (own: SocketType, type: Uint8Array, identity: Uint8Array): Misfit | undefined => {
  if (!mayTalk(own, toText(type))) {
    const what = type.length === 0 ? "socket of no kind" : toQuoted(type)
    return { reason: "Invalid socket type", detail: `It is a ${what}; expected one of ${peersOf(own)} for a ${own}` }
  }
  const reason = "Invalid identity"
  if (identity.length > longestIdentity) {
    return { reason, detail: `It has an identity of ${identity.length} bytes; expected at most ${longestIdentity}` }
  }
  // such names are given by the ROUTER itself, and nobody may take another's
  return identity[0] === 0 ? { reason, detail: "It has an identity that begins with 0; expected another" } : undefined
}
