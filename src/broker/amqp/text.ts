/**
 * Text as UTF-8, with a short way for what is short and ASCII, as nearly all names are.
 *
 * Below the primitives. Bytes that are not UTF-8 are told as such and never replaced; a half of a surrogate pair in a
 * text of this side is written as U+FFFD, as every encoder of the platform does.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Up to here a loop is faster than a decoder, bytes. */
const short = 64

/** The text of a range; `undefined`: it is not UTF-8. */
export const decodeText = (bytes: Uint8Array, from: number, to: number): string | undefined => {
  if (to - from <= short) {
    let text = ""
    let at = from
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte >= 0x80) break
      text += String.fromCharCode(byte)
    }
    if (at === to) return text
  }
  try {
    return decoder.decode(bytes.subarray(from, to))
  } catch {
    return undefined
  }
}

/** How many bytes a text has. */
export const textSize = (text: string): number => {
  const { length } = text
  let size = length
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    size += unit < 0x800 ? 1 : 2
    if (unit < 0xd800 || unit > 0xdbff || i + 1 === length) continue
    const next = text.charCodeAt(i + 1)
    // two units make four bytes
    if (next >= 0xdc00 && next <= 0xdfff) i++
  }
  return size
}

/** Writes a text; returns the offset after it. */
export const encodeText = (text: string, bytes: Uint8Array, at: number): number => {
  const { length } = text
  if (length <= short) {
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) break
      bytes[at + i] = unit
    }
    if (i === length) return at + length
  }
  return at + encoder.encodeInto(text, bytes.subarray(at)).written
}
