/**
 * Boxes: what only the holder of one secret key can write and only the holder of the other can read.
 *
 * NaCl's `crypto_box` (X25519, HSalsa20, XSalsa20-Poly1305): the first by the runtime itself, the others, which no runtime
 * has, by the audited primitives of `@noble/ciphers`, which this file alone imports. Pure but for the random keys. A box is 16
 * bytes longer than its text; one that was tampered with opens to nothing. Handshakes are made of these; messages have a
 * faster way where there is one, see `Boxes.ts`.
 */
import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa.js"
import { randomBytes as random } from "@noble/ciphers/utils.js"
import { copyOf, toBytes } from "../bytes.ts"
import { type Boxes, textAt } from "./Boxes.ts"
import { commonSecret, publicKeyOf } from "./x25519.ts"

/** Length of a key, bytes. */
export const keyLength = 32

/** What a box is longer than its text, bytes. */
export const boxOverhead = 16

/** Length of a nonce, bytes. */
export const nonceLength = 24

/** A key that two sides have in common. */
export type SharedKey = Uint8Array & { readonly SharedKey: never }

/** Random bytes of the runtime's own source. */
export const randomBytes = (length: number): Uint8Array => random(length)

/** A public key and the secret one that belongs to it, 32 bytes each. */
export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** The pair of a secret key. */
export const pairOf = (secretKey: Uint8Array): KeyPair => ({ publicKey: publicKeyOf(secretKey), secretKey })

/** A new pair. */
export const randomPair = (): KeyPair => pairOf(randomBytes(keyLength))

const sigma = words(toBytes("expand 32-byte k"))
const noNonce = new Uint32Array(4)

/** The key of a pair of sides, the same from both; `undefined`: their public key is one of the few that hide nothing. */
export const sharedKey = (publicKey: Uint8Array, secretKey: Uint8Array): SharedKey | undefined => {
  try {
    const out = new Uint32Array(8)
    hsalsa(sigma, words(commonSecret(secretKey, publicKey)), noNonce, out)
    return new Uint8Array(out.buffer) as SharedKey
  } catch {
    return undefined
  }
}

/** Closes a box. A nonce may be used once with a key. */
export const seal = (key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array =>
  xsalsa20poly1305(key, nonce).encrypt(text)

/** Opens a box; `undefined`: it was not closed with this key and nonce. */
export const open = (key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined => {
  if (box.length < boxOverhead) return undefined
  try {
    return xsalsa20poly1305(key, nonce).decrypt(box)
  } catch {
    return undefined
  }
}

/** The boxes of messages, made in JavaScript. */
export const plainBoxes: Boxes = {
  // the library's own layout of its memory: a copy less
  close: (key, nonce, room) => void xsalsa20poly1305(key, nonce).encrypt(room.subarray(textAt), room),
  open,
}

/** Bytes as 32-bit words, in their own memory. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(copyOf(bytes).buffer)
}
