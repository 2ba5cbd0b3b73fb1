/**
 * Telemetry of one process, as its variables ask for it.
 *
 * Below `launch`, which puts it around the bus; above the recorder, the meter and the exporters. Where nothing is asked
 * for, nothing is loaded.
 */
import { Clock, Effect, type Scope } from "effect"
import { CurrentSettings, defaultSettings, type Telemetry } from "../runtime/mod.ts"
import { CurrentIds } from "../wire/mod.ts"
import { makeMeter, type Meter } from "./Meter.ts"
import { makeRecorder } from "./recorder.ts"
import { samplerOf } from "./sampler.ts"
import { readVariables } from "./variables.ts"

/** What telemetry is told of its process. */
export interface TelemetryOptions {
  /** `rabbitmq`, `in-process`. */
  readonly system: string
  /** The apps that run here. */
  readonly apps: ReadonlyArray<string>
  /** Counts anyway, for somebody else; it is exported too. */
  readonly meter: Meter | undefined
}

/** What the runtime is given. */
export interface Started {
  /** Records steps; `undefined`: nobody does. */
  readonly telemetry: Telemetry | undefined
  /** To be fed; `undefined`: nobody reads it. */
  readonly meter: Meter | undefined
}

/** Starts what is asked for; the scope's end exports what is left. */
export const startTelemetry = Effect.fnUntraced(function* (
  { system, apps, meter }: TelemetryOptions,
): Effect.fn.Return<Started, never, Scope.Scope> {
  const variables = yield* readVariables
  if (variables === undefined) return { telemetry: undefined, meter }
  const { startExport } = yield* Effect.promise(() => import("./otlp.ts"))
  const clock = yield* Clock.Clock
  const ids = yield* CurrentIds
  const { app, grace } = yield* CurrentSettings
  const [only] = apps
  const exported = meter ?? makeMeter()
  const done = yield* startExport({
    variables,
    // a process that runs one app is that app; one that speaks for somebody is named after it
    service: only !== undefined && apps.length === 1 && app === defaultSettings.app ? only : app,
    instance: ids.next(clock.currentTimeMillisUnsafe()),
    meter: exported,
    // a program that runs no workers may export its own metrics itself
    withOwn: apps.length > 0,
    grace,
  })
  const sampler = samplerOf(variables.sampler, variables.ratio)
  return {
    telemetry: variables.traces === undefined ? undefined : makeRecorder({ system, app, clock, ids, sampler, done }),
    meter: variables.metrics === undefined ? meter : exported,
  }
})
