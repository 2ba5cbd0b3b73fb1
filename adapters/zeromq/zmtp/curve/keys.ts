/**
 * Keys as people write them: 32 bytes, 40 characters of Z85, or derived from one secret that a team shares.
 *
 * Above the boxes. Secret keys are `Redacted`, so that nobody logs one by mistake.
 */
import { Effect, Redacted } from "effect"
import { toBytes } from "../bytes.ts"
import { decodeZ85, encodeZ85 } from "../z85.ts"
import { keyLength, type KeyPair, pairOf, randomPair } from "./box.ts"

/** A public key and its secret one. */
export interface CurveKeys {
  /** 40 characters of Z85. */
  readonly publicKey: string
  /** 40 characters of Z85. */
  readonly secretKey: Redacted.Redacted<string>
}

const written = ({ publicKey, secretKey }: KeyPair): CurveKeys => ({
  publicKey: encodeZ85(publicKey),
  secretKey: Redacted.make(encodeZ85(secretKey), { label: "curve secret key" }),
})

/** New keys. */
export const generateKeys = (): CurveKeys => written(randomPair())

/** The keys of a secret key in Z85; `undefined`: it is none. */
export const keysOf = (secretKey: Redacted.Redacted<string>): CurveKeys | undefined => {
  const bytes = readKey(Redacted.value(secretKey))
  return bytes === undefined ? undefined : written(pairOf(bytes))
}

/** Reads a key; `undefined`: it is none. */
export const readKey = (key: string): Uint8Array | undefined => {
  const bytes = decodeZ85(key)
  return bytes?.length === keyLength ? bytes : undefined
}

/** The same keys for the same secret and purpose, on every machine. The secret should be long and random. */
export const deriveKeys = (secret: Redacted.Redacted<string>, purpose: string): Effect.Effect<CurveKeys> =>
  Effect.promise(async () => {
    const { subtle } = globalThis.crypto
    const key = await subtle.importKey("raw", toBytes(Redacted.value(secret)).slice(), "HKDF", false, ["deriveBits"])
    const info = toBytes(purpose).slice()
    const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info }
    const bits = await subtle.deriveBits(parameters, key, keyLength * 8)
    return written(pairOf(new Uint8Array(bits)))
  })
