/**
 * Boxes by libsodium, compiled to WebAssembly: the same as those of `box.ts`, in a third of the time for 1 KiB.
 *
 * The way of `Boxes.ts` that `loadBoxes.ts` prefers. This file alone imports the package `libsodium`, and only when it is
 * called. All boxes are made in one area of the instance's memory, which is cleared after each, so that no key and no text
 * stays there. The area is reserved once and the memory never grows: what is longer is left to the other way.
 */
import { boxAt, type Boxes, textAt } from "./Boxes.ts"
import { boxOverhead, keyLength } from "./box.ts"

/** The longest text that has room, bytes: a part of the 4 MiB that the instance has anyway. */
export const longest = 1024 * 1024

/** Offsets in the area: key, nonce (24 bytes, then 8 unused), box. */
const nonceFrom = keyLength
const boxFrom = 2 * keyLength
const textFrom = boxFrom + boxOverhead

/** Starts an instance; fails where there is no WebAssembly. `others` makes the boxes that have no room. */
export const startSodium = async (others: Boxes): Promise<Boxes> => {
  const { default: instantiate } = await import("libsodium")
  const sodium = await instantiate({ getRandomValue })
  if (sodium._sodium_init() < 0) throw new Error("libsodium cannot be used here")
  const key = sodium._malloc(textFrom + longest)
  if (key === 0) throw new Error(`libsodium has no ${longest} bytes`)
  const [nonce, box, text] = [key + nonceFrom, key + boxFrom, key + textFrom]
  // nothing else is reserved in it: it stays where it is
  const memory = sodium.HEAPU8
  const put = (ownKey: Uint8Array, ownNonce: Uint8Array): void => {
    memory.set(ownKey, key)
    memory.set(ownNonce, nonce)
  }
  return {
    close: (ownKey, ownNonce, room) => {
      const size = room.length - textAt
      if (size > longest) return others.close(ownKey, ownNonce, room)
      try {
        put(ownKey, ownNonce)
        memory.set(room.subarray(textAt), text)
        // else what goes out might be the text
        if (sodium._crypto_secretbox_easy(box, text, size, 0, nonce, key) !== 0) {
          throw new Error("libsodium closed no box")
        }
        room.set(memory.subarray(box, text + size), boxAt)
      } finally {
        memory.fill(0, key, text + size)
      }
    },
    open: (ownKey, ownNonce, sealed) => {
      const size = sealed.length - boxOverhead
      if (size > longest) return others.open(ownKey, ownNonce, sealed)
      if (size < 0) return undefined
      try {
        put(ownKey, ownNonce)
        memory.set(sealed, box)
        if (sodium._crypto_secretbox_open_easy(text, box, sealed.length, 0, nonce, key) !== 0) return undefined
        return memory.slice(text, text + size)
      } finally {
        memory.fill(0, key, text + size)
      }
    },
  }
}

/** What libsodium takes its random numbers from; boxes need none. */
const getRandomValue = (): number => globalThis.crypto.getRandomValues(new Uint32Array(1))[0]!
