/**
 * Bytes on their way to one peer: written here by a session, taken by whoever has the socket, and counted until they are sent.
 *
 * Below `Session.ts`. Small pieces are joined when they are taken, so that a socket is given few; what was taken and not yet
 * sent still counts as waiting, as its memory is still held.
 */

/** Pieces are joined up to this, bytes. */
const joined = 64 * 1024

/** See the top of the file. */
export class Outbox {
  #pieces: Array<Uint8Array> = []
  #next = 0
  /** Bytes written, taken and sent ever. */
  #written = 0
  #taken = 0
  #sent = 0

  /** Bytes that were not sent yet. */
  get waiting(): number {
    return this.#written - this.#sent
  }

  /** Whether there is something to take. */
  get isEmpty(): boolean {
    return this.#written === this.#taken
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#written
  }

  /** Adds bytes, which must not change any more. */
  write(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#written += bytes.length
  }

  /** The next bytes for the socket; `undefined`: there are none. */
  take(): Uint8Array | undefined {
    const first = this.#pieces[this.#next]
    if (first === undefined) return undefined
    let size = first.length
    let end = this.#next + 1
    for (; end < this.#pieces.length; end++) {
      const more = size + this.#pieces[end]!.length
      if (more > joined) break
      size = more
    }
    let bytes = first
    if (end > this.#next + 1) {
      bytes = new Uint8Array(size)
      for (let i = this.#next, at = 0; i < end; i++) {
        const piece = this.#pieces[i]!
        bytes.set(piece, at)
        at += piece.length
      }
    }
    this.#next = end
    if (end === this.#pieces.length) {
      this.#pieces = []
      this.#next = 0
    }
    this.#taken += size
    return bytes
  }

  /** So many of the bytes taken are with the system now. */
  sent(count: number): void {
    this.#sent += count
  }

  /** Nobody will take anything any more. */
  clear(): void {
    this.#pieces = []
    this.#next = 0
    this.#sent = this.#taken = this.#written
  }
}
