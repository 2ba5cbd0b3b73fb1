/**
 * `warren broker` at work: hosts the embedded broker until it is told to end, and says where it is.
 *
 * Above `adapters/embedded`. The password is never printed: it is in the folder's address file, for its user alone.
 */
import { Clock, Effect, Logger, References } from "effect"
import process from "node:process"
import { type EmbeddedError, type EmbeddedOptions, openEmbedded } from "../../adapters/embedded/mod.ts"
import { runtimeTitle } from "../../adapters/runtime/mod.ts"
import { CliFailure } from "./Failure.ts"
import { makeLifetime } from "./lifetime.ts"
import { effectLevel, effectLogger, type Minimum } from "./log.ts"
import { logFor } from "./steps.ts"
import { version } from "./version.ts"

/** What `warren broker` is asked to do. */
export interface BrokerHostOptions {
  readonly embedded: EmbeddedOptions
  readonly logLevel: Minimum
  readonly json: boolean | undefined
}

/** Hosts until it is told to end. */
export const host = Effect.fnUntraced(function* (
  { embedded: options, ...rest }: BrokerHostOptions,
): Effect.fn.Return<void, CliFailure> {
  const log = logFor(rest)
  yield* Effect.scoped(Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const lifetime = yield* makeLifetime(log, () => clock.currentTimeMillisUnsafe())
    const embedded = yield* Effect.mapError(openEmbedded(options), failed)
    const address = yield* embedded.address
    const kept = embedded.server()?.engine()?.messages ?? 0
    const fields = {
      version,
      runtime: runtimeTitle,
      address: `${address.host}:${address.port}`,
      user: address.user,
      folder: embedded.folder,
      keeps: options.isEphemeral !== true,
      messages: kept,
      ms: Math.round(process.uptime() * 1000),
    }
    log.write({ at: yield* Clock.currentTimeMillis, level: "info", message: "ready", fields })
    yield* Effect.logInfo(`Ending (${yield* lifetime.ending})`)
  })).pipe(
    Effect.provideService(References.MinimumLogLevel, effectLevel(rest.logLevel)),
    Effect.provideService(Logger.CurrentLoggers, new Set([effectLogger(log)])),
  )
})

const failed = (error: EmbeddedError): CliFailure =>
  new CliFailure({
    problem: error.message,
    remedy: error._tag === "ListenError" && error.reason === "not-loopback"
      ? "Say who may connect, with WARREN_BROKER_USER and WARREN_BROKER_PASSWORD"
      : undefined,
    from: error,
  })
