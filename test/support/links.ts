/**
 * Links past a broker on this machine alone, for tests.
 */
import { Effect, type Redacted } from "effect"
import { layerStreams, openLinks } from "../../adapters/zeromq/mod.ts"

/** In the clear, or encrypted with a secret. */
export const linksWith = (secret?: Redacted.Redacted<string>) =>
  Effect.provide(openLinks({ local: "127.0.0.1", secret, maxMessageBytes: 17 * 1024 * 1024 }), layerStreams)
