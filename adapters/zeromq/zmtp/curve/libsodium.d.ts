/**
 * Types of the few functions of libsodium that `sodium.ts` calls.
 *
 * The package `libsodium` is the C library compiled to WebAssembly, and brings none. Addresses and lengths are those of its
 * memory; a length of 64 bits is given as its lower and its upper half.
 */
declare module "libsodium" {
  /** Compiles and starts an instance, with a memory of its own. */
  export default function (options: { readonly getRandomValue: () => number }): Promise<Sodium>

  /** An instance. */
  export interface Sodium {
    /** Its memory; another object once that has grown. */
    readonly HEAPU8: Uint8Array
    readonly _malloc: (size: number) => number
    /** Less than 0: it cannot be used. */
    readonly _sodium_init: () => number
    /** Not 0: it closed nothing. */
    readonly _crypto_secretbox_easy: Secretbox
    /** Not 0: the box was not closed with this key and nonce. */
    readonly _crypto_secretbox_open_easy: Secretbox
  }

  /** From one address to another; `low` and `high` are the length of what is there. */
  type Secretbox = (to: number, from: number, low: number, high: number, nonce: number, key: number) => number
}
