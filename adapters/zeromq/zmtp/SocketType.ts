/**
 * Kinds of sockets, and which may talk to which (ZMTP 3.1, "The Socket-Type Property").
 */

/** The kinds that are built here. */
export type SocketType = "REQ" | "REP" | "DEALER" | "ROUTER" | "PUB" | "SUB" | "PUSH" | "PULL"

/** Whom each kind may talk to, libzmq's XPUB and XSUB among them. */
const peers: { readonly [type in SocketType]: ReadonlyArray<string> } = {
  REQ: ["REP", "ROUTER"],
  REP: ["REQ", "DEALER"],
  DEALER: ["REP", "DEALER", "ROUTER"],
  ROUTER: ["REQ", "DEALER", "ROUTER"],
  PUB: ["SUB", "XSUB"],
  SUB: ["PUB", "XPUB"],
  PUSH: ["PULL"],
  PULL: ["PUSH"],
}

/** Whether they may. */
export const mayTalk = (own: SocketType, other: string): boolean => peers[own].includes(other)

/** Whom a kind may talk to, for people. */
export const peersOf = (own: SocketType): string => peers[own].join(", ")

/** Kinds whose identity their peers are told. */
export const hasIdentity = (own: SocketType): boolean => own === "REQ" || own === "DEALER" || own === "ROUTER"
