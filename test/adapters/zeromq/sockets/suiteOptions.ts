/**
 * Cases of the socket suite: what a socket may not be told, and how it says so.
 */
import assert from "node:assert/strict"
import { Effect, Redacted } from "effect"
import { generateKeys, type SocketOptions } from "../../../../adapters/zeromq/zmtp/mod.ts"
import { type Case, failureOf, type Rig } from "./rig.ts"

const keys = generateKeys()
const other = generateKeys()

/** Options, and what is said of them. */
const wrong: ReadonlyArray<readonly [SocketOptions, string]> = [
  [{ identity: "" }, 'Cannot use 0 bytes for "identity": expected 1 to 255 bytes, of which the first is not 0'],
  [
    { identity: "x".repeat(256) },
    'Cannot use 256 bytes for "identity": expected 1 to 255 bytes, of which the first is not 0',
  ],
  [
    { identity: Uint8Array.of(0, 1) },
    'Cannot use 2 bytes for "identity": expected 1 to 255 bytes, of which the first is not 0',
  ],
  [{ sendHighWaterMark: 0 }, 'Cannot use 0 for "sendHighWaterMark": expected a whole number from 1'],
  [{ sendHighWaterMark: 1.5 }, 'Cannot use 1.5 for "sendHighWaterMark": expected a whole number from 1'],
  [{ receiveHighWaterMark: Number.NaN }, 'Cannot use NaN for "receiveHighWaterMark": expected a whole number from 1'],
  [{ maxMessageBytes: -1 }, 'Cannot use -1 for "maxMessageBytes": expected a whole number from 1'],
  [{ maxFrames: 0 }, 'Cannot use 0 for "maxFrames": expected a whole number from 1'],
  [{ maxPeers: Infinity }, 'Cannot use Infinity for "maxPeers": expected a whole number from 1'],
  [{ linger: Infinity }, 'Cannot use Infinity for "linger": expected a finite duration such as "5 seconds"'],
  [{ handshakeTimeout: -5 }, 'Cannot use -5 for "handshakeTimeout": expected a finite duration such as "5 seconds"'],
  [
    { heartbeat: { interval: Number.NaN } },
    'Cannot use NaN for "heartbeat.interval": expected a finite duration such as "5 seconds"',
  ],
  [
    { reconnect: { max: Infinity } },
    'Cannot use Infinity for "reconnect.max": expected a finite duration such as "5 seconds"',
  ],
  [
    { curve: { role: "client", serverKey: "short" } },
    'Cannot use "short" for "curve.serverKey": expected a key of 32 bytes in 40 characters of Z85',
  ],
  [
    { curve: { role: "server", keys, allowed: ["x".repeat(39)] } },
    `Cannot use "${"x".repeat(39)}" for "curve.allowed": expected a key of 32 bytes in 40 characters of Z85`,
  ],
  [
    { curve: { role: "server", keys: { publicKey: other.publicKey, secretKey: keys.secretKey } } },
    `Cannot use ${
      JSON.stringify(other.publicKey)
    } for "curve.keys.publicKey": expected the key that belongs to the secret one`,
  ],
]

/** Invalid options. */
export const options: ReadonlyArray<Case> = [
  {
    name: "an option that means nothing is a clear error, and nothing is opened",
    run: ({ open }) =>
      Effect.gen(function* () {
        for (const [options, message] of wrong) {
          const failure = yield* invalid(open, options)
          assert.equal(failure.message, message)
        }
      }),
  },
  {
    name: "a wrong secret key is never shown",
    run: ({ open }) =>
      Effect.gen(function* () {
        const secretKey = Redacted.make("my secret, which is no key")
        const failure = yield* invalid(open, {
          curve: { role: "client", serverKey: keys.publicKey, keys: { publicKey: keys.publicKey, secretKey } },
        })
        assert.match(failure.message, /"curve\.keys\.secretKey"/)
        assert.ok(!JSON.stringify(failure).includes("my secret") && !failure.message.includes("my secret"))
      }),
  },
]

const invalid = Effect.fnUntraced(function* (open: Rig["open"], options: SocketOptions) {
  const failure = yield* failureOf(open("ROUTER", options))
  assert.ok(failure instanceof Error && "_tag" in failure && failure._tag === "InvalidSocketOption", String(failure))
  return failure
})
