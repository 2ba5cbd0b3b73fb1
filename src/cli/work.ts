/**
 * `warren run` at work: loads, starts, says so, waits for the end, and finishes in order.
 *
 * Above `steps` and `lifetime`. With `--watch` the process the user started only supervises, and this runs in
 * the process under it, which takes orders over a channel instead of from the terminal.
 */
import { Clock, Effect, Logger, References } from "effect"
import { CurrentJournal, CurrentSettings, defaultSettings } from "../runtime/mod.ts"
import type { CliFailure } from "./Failure.ts"
import { journalTo } from "./journal.ts"
import { makeLifetime } from "./lifetime.ts"
import { effectLevel, effectLogger, type Log } from "./log.ts"
import type { RunOptions } from "./run.ts"
import { announce, end, logFor, type RunLog, start } from "./steps.ts"

/** Runs until it is told to end. */
export const work = Effect.fnUntraced(function* (options: RunOptions): Effect.fn.Return<void, CliFailure> {
  const log = logFor(options)
  if (options.watch) {
    const { apprenticeAddress, apprentice } = yield* Effect.promise(() => import("./watch/apprentice.ts"))
    const address = apprenticeAddress()
    if (address !== undefined) return yield* within(options, log, apprentice(address, options, log))
    const { supervise } = yield* Effect.promise(() => import("./watch/supervise.ts"))
    return yield* within(options, log, supervise(options, log))
  }
  return yield* within(options, log, alone(options, log))
})

/** A program with the services every process of Warren has: its logger, journal and settings. */
const within = <A, E, R>(options: RunOptions, log: Log, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provideService(CurrentJournal, journalTo(log)),
    Effect.provideService(CurrentSettings, {
      ...defaultSettings,
      grace: options.grace,
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    }),
    Effect.provideService(References.MinimumLogLevel, effectLevel(options.logLevel)),
    Effect.provideService(Logger.CurrentLoggers, new Set([effectLogger(log)])),
  )

/** The process the user started, without anybody above or below it. */
const alone = (options: RunOptions, log: RunLog) =>
  Effect.scoped(Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const lifetime = yield* makeLifetime(log, () => clock.currentTimeMillisUnsafe())
    const started = yield* Effect.raceFirst(
      Effect.asSome(start(options)),
      Effect.andThen(lifetime.ending, Effect.succeedNone),
    )
    if (started._tag === "None") return yield* lifetime.force
    const { hosting, loaded } = started.value
    const gateway = options.http === undefined ? undefined : yield* hosting.open({
      address: options.http,
      token: options.token,
      insecure: options.insecure,
      grace: options.grace,
      patience: 0,
      contracts: [...loaded.contracts.values()],
      inspect: options.inspect,
      management: options.management,
    })
    yield* announce(options, log, { loaded, gateway, core: hosting.launched.core })
    const reason = yield* lifetime.ending
    const left = yield* end(hosting, reason, options.grace)
    if (left > 0) return yield* lifetime.force
  }))
