/**
 * What a recorded conversation looks like as a file: both directions' bytes, and what the two sides said.
 *
 * Between `record.ts`, which writes such files, and the tests, which read them. Pure. Bytes are hexadecimal, but for long
 * bodies, which follow a pattern: of those only the length is written.
 */

/** Bytes as a file has them: a piece after the other. */
export type Pieces = ReadonlyArray<string | { readonly pattern: number }>

/** One side of a conversation. */
export interface Spoken {
  /** Its kind of socket, as ZMTP names it. */
  readonly type: string
  /** Its identity, hexadecimal; empty: it has none. */
  readonly identity: string
  /** All that it wrote. */
  readonly bytes: Pieces
  /** The messages in it, frame by frame, as they travel (with the empty frame of a question). */
  readonly messages: ReadonlyArray<ReadonlyArray<Pieces>>
  /** The subscriptions in it, in order. */
  readonly subscriptions: ReadonlyArray<{ readonly wanted: boolean; readonly topic: string }>
}

/** One conversation. */
export interface Conversation {
  readonly about: string
  /** The command that writes this file anew. */
  readonly madeBy: string
  readonly libzmq: string
  readonly mechanism: "NULL" | "CURVE"
  /** The minor version that each was made to believe the other has. */
  readonly minor: number
  /** With CURVE: the keys of server (which binds) and client, Z85. They are made for this and guard nothing. */
  readonly keys?: { readonly server: Pair; readonly client: Pair }
  readonly connector: Spoken
  readonly binder: Spoken
}

interface Pair {
  readonly publicKey: string
  readonly secretKey: string
}

/** The long body of a length. */
export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251)

/** Bodies of at least this length follow the pattern. */
const long = 1024

/** Writes bytes; `long` bodies of the pattern in them are found by the lengths that are given. */
export const toPieces = (bytes: Uint8Array, lengths: ReadonlyArray<number> = [bytes.length]): Pieces => {
  const all = Buffer.from(bytes)
  // the longest first: a shorter one begins alike
  for (const length of lengths.filter((one) => one >= long).toSorted((a, b) => b - a)) {
    const at = all.indexOf(pattern(length))
    if (at < 0) continue
    const [before, after] = [all.subarray(0, at), all.subarray(at + length)]
    return [...toPieces(before, lengths), { pattern: length }, ...toPieces(after, lengths)]
  }
  return all.length === 0 ? [] : [all.toString("hex")]
}

/** Reads bytes. */
export const fromPieces = (pieces: Pieces): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      pieces.map((piece) => typeof piece === "string" ? Buffer.from(piece, "hex") : pattern(piece.pattern)),
    ),
  )
