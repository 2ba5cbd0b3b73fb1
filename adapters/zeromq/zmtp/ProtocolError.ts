/**
 * What a peer did that ends its connection, and nothing else.
 *
 * Plain values and no exceptions: the codec and the handshakes return them, and `Session.ts` closes the connection with
 * one, which the owner of the socket is told of as an event.
 */

/** Whether connecting again may help: `fatal` means that the same settings will be refused again. */
export interface ProtocolError {
  readonly _tag: "ProtocolError"
  /** What the peer did, to which value, and what was expected. */
  readonly detail: string
  readonly fatal: boolean
}

/** A peer that does not keep to the protocol; the next connection may be better. */
export const broken = (detail: string): ProtocolError => ({ _tag: "ProtocolError", detail, fatal: false })

/** A peer that will never fit: another mechanism, another key, another kind of socket. */
export const misfit = (detail: string): ProtocolError => ({ _tag: "ProtocolError", detail, fatal: true })

/** Whether a value is one. */
export const isProtocolError = (value: unknown): value is ProtocolError =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === "ProtocolError"
