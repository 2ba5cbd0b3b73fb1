/**
 * Small helpers on bytes that the codec is written with. Pure; knows no protocol.
 */
const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** The bytes of a text, UTF-8. */
export const toBytes = (text: string): Uint8Array => encoder.encode(text)

/** The text of bytes, UTF-8; what is none shows as U+FFFD. */
export const toText = (bytes: Uint8Array): string => decoder.decode(bytes)

/** The same bytes in memory of their own: `slice` of a Buffer shares it, and holds on to all that came with them. */
export const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

/** One array of all. */
export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Whether both are the same; takes as long whatever the first difference is. */
export const isEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

/** 32 bits, most significant first. */
export const readUint32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! * 0x1000000) + (bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!)

/** Writes 32 bits, most significant first. */
export const writeUint32 = (value: number, target: Uint8Array, at: number): void => {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

/** Text of a peer, for people: quoted, at most so many bytes of it. */
export const toQuoted = (bytes: Uint8Array, most = 64): string =>
  JSON.stringify(toText(bytes.subarray(0, most))) + (bytes.length > most ? "…" : "")

/** Hexadecimal, for people: at most so many bytes of it. */
export const toHex = (bytes: Uint8Array, most = 16): string =>
  Array.from(bytes.subarray(0, most), (byte) => byte.toString(16).padStart(2, "0")).join("") +
  (bytes.length > most ? "…" : "")
