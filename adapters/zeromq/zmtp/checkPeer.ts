/**
 * Whether a peer fits a socket, by what it says of itself at the end of its handshake. Pure.
 */
import { toQuoted, toText } from "./bytes.ts"
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
