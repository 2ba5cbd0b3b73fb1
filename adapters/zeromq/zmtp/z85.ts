/**
 * Z85: keys as 40 printable characters (ZeroMQ RFC 32). Pure.
 */
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

const values = new Map([...alphabet].map((character, value) => [character, value]))

/** Writes bytes, of which there must be a multiple of four. */
export const encodeZ85 = (bytes: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0
    for (let i = at; i < at + 4; i++) value = value * 256 + (bytes[i] ?? 0)
    for (let divisor = 85 ** 4; divisor >= 1; divisor /= 85) text += alphabet[Math.floor(value / divisor) % 85]
  }
  return text
}

/** Reads bytes; `undefined`: it is no Z85. */
export const decodeZ85 = (text: string): Uint8Array | undefined => {
  if (text.length % 5 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 5 * 4)
  for (let at = 0; at < text.length; at += 5) {
    let value = 0
    for (let i = at; i < at + 5; i++) {
      const digit = values.get(text[i]!)
      if (digit === undefined) return undefined
      value = value * 85 + digit
    }
    if (value > 0xffffffff) return undefined
    for (let i = 3; i >= 0; i--) {
      bytes[at / 5 * 4 + i] = value % 256
      value = Math.floor(value / 256)
    }
  }
  return bytes
}
