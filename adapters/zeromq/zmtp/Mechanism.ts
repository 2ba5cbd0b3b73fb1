/**
 * A security mechanism: how two peers begin, and what becomes of each frame afterwards.
 *
 * The shape that NULL and CURVE share. A handshake is fed the peer's commands and says what to write; it ends with the
 * peer's properties, and with a cipher where there is one. No bytes of frames, no sockets.
 */
import { type Command, decodeError, decodeMetadata, encodeCommand, type Metadata } from "./commands.ts"
import type { Frame } from "./frames.ts"
import { broken, isProtocolError, misfit, type ProtocolError } from "./ProtocolError.ts"

/** Writes and reads the boxes of one connection. */
export interface Cipher {
  /** What a frame grows by, bytes. */
  readonly overhead: number
  /** The body of the frame that carries this one. */
  readonly seal: (frame: Frame) => Uint8Array
  readonly open: (sealed: Uint8Array) => Frame | ProtocolError
}

/** What to do after a command. */
export interface HandshakeStep {
  /** Bodies of commands to write. */
  readonly send: ReadonlyArray<Uint8Array>
  /** The handshake is over. */
  readonly done?: {
    readonly metadata: Metadata
    readonly cipher?: Cipher
    /** The peer's permanent public key. */
    readonly key?: Uint8Array
  }
}

/** One side of one handshake. */
export interface Handshake {
  /** Bodies of the first commands, before anything was received. */
  readonly begin: () => ReadonlyArray<Uint8Array>
  /** An error may bring commands to write before the connection closes. */
  readonly receive: (
    command: Command,
  ) => HandshakeStep | (ProtocolError & { readonly send?: ReadonlyArray<Uint8Array> })
}

/** NULL: each side says its properties, and that is all. */
export const nullHandshake = (metadata: Uint8Array): Handshake => ({
  begin: () => [encodeCommand("READY", metadata)],
  receive: ({ name, data }) => {
    if (name === "ERROR") return misfit(`It refuses this socket: ${decodeError(data)}`)
    if (name !== "READY") return broken(`It sends ${JSON.stringify(name)}; expected READY`)
    const found = decodeMetadata(data)
    return isProtocolError(found) ? found : { send: [], done: { metadata: found } }
  },
})
