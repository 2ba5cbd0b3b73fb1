/**
 * Memory in large pieces, given away in small ones: every runtime takes longer to make an array than to fill a short one.
 *
 * Below whoever makes many short arrays. What was given away is never taken back; a piece lives as long as anything in it.
 */

/** See the top of the file. */
export class Slab {
  readonly #size: number
  #bytes: Uint8Array<ArrayBuffer>
  #at = 0

  /** `size`: bytes of a large piece. */
  constructor(size: number) {
    this.#size = size
    this.#bytes = new Uint8Array(size)
  }

  /** So many bytes, at most those of a large piece, which nobody else has had. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (this.#at + size > this.#size) {
      this.#bytes = new Uint8Array(this.#size)
      this.#at = 0
    }
    const from = this.#at
    this.#at += size
    return this.#bytes.subarray(from, this.#at)
  }
}
