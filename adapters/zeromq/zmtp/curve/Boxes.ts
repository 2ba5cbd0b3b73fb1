/**
 * How the boxes of a connection's messages are made and opened: a port, since there are two ways.
 *
 * Below `traffic.ts`; `box.ts` is the way in JavaScript, which is always there, `sodium.ts` the one in WebAssembly, which is
 * three times as fast for 1 KiB, and `loadBoxes.ts` chooses. Both give the same bytes and refuse the same boxes. Neither keeps
 * a key, a text or a box after it has returned.
 */

/** Where the box is in the room that it is closed in, bytes. */
export const boxAt = 16

/** Where the text is before, bytes. */
export const textAt = 32

/** Closes and opens boxes, at once. */
export interface Boxes {
  /**
   * Closes a box where its text is. `room` holds the text from {@link textAt} on; afterwards it holds the box from {@link boxAt}
   * on, and what is before may be anything. A nonce may be used once with a key.
   */
  readonly close: (key: Uint8Array, nonce: Uint8Array, room: Uint8Array) => void
  /** Opens a box, into memory of its own; `undefined`: it was not closed with this key and nonce. */
  readonly open: (key: Uint8Array, nonce: Uint8Array, box: Uint8Array) => Uint8Array | undefined
}
