/**
 * The steps every process of `warren run` takes, whoever tells it when: start, say so, end in order.
 *
 * Above `discover`, `load` and `hosting`; below `work.ts` and the processes under a supervisor.
 */
import { Clock, Effect } from "effect"
import process from "node:process"
import { runtimeTitle } from "../../adapters/runtime/mod.ts"
import { banner, bannerFields, type Ready } from "./banner.ts"
import { discover } from "./discover.ts"
import { type Hosting, shown, startHosting } from "./hosting.ts"
import { load, type Loaded } from "./load.ts"
import { formatJson, formatPretty, type Log, makeLog } from "./log.ts"
import { paintFor } from "./paint.ts"
import type { RunOptions } from "./run.ts"
import type { CoreShape } from "../runtime/mod.ts"
import { version } from "./version.ts"

/** A log that knows how it looks. */
export interface RunLog extends Log {
  readonly isJson: boolean
}

/** The log that the options ask for, on standard output. */
export const logFor = ({ logLevel, json }: Pick<RunOptions, "logLevel" | "json">): RunLog => {
  const isJson = json ?? process.stdout.isTTY !== true
  const format = isJson ? formatJson : formatPretty(paintFor("stdout"))
  return { isJson, ...makeLog({ minimum: logLevel, format, print: (text) => void process.stdout.write(`${text}\n`) }) }
}

/** Finds, loads and starts the modules. */
export const start = Effect.fnUntraced(function* (options: RunOptions) {
  const { files } = yield* Effect.fromResult(discover(options.paths))
  const loaded = yield* load(files, options.app)
  if (options.notEmbedded !== undefined) yield* Effect.logWarning(options.notEmbedded)
  const hosting = yield* startHosting({
    apps: loaded.apps,
    broker: options.broker,
    embedded: options.embedded,
    wait: options.wait,
    lane: options.lane,
    insecure: options.insecure,
    measured: options.http !== undefined,
  })
  return { loaded, hosting }
})

/** Says that it is ready: the banner on a terminal, one line otherwise. */
export const announce = Effect.fnUntraced(function* (
  options: RunOptions,
  log: RunLog,
  { loaded, gateway, core }: {
    readonly loaded: Loaded
    readonly core: CoreShape
    readonly gateway: { readonly url: string; readonly guarded: boolean } | undefined
  },
) {
  const now = yield* Clock.currentTimeMillis
  const ready: Ready = {
    version,
    runtime: runtimeTitle,
    broker: options.broker !== undefined
      ? shown(options.broker)
      : options.embedded !== undefined
      ? "embedded"
      : "in-process",
    apps: loaded.apps,
    gateway: gateway?.url,
    lanes: options.broker === undefined && options.embedded === undefined ? undefined : lanesOf(core),
    guarded: gateway?.guarded ?? false,
    watching: options.watch,
    ms: Math.round(process.uptime() * 1000),
    now,
  }
  if (log.isJson) log.write({ at: now, level: "info", message: "ready", fields: bannerFields(ready) })
  else process.stdout.write(`${banner(ready, paintFor("stdout"))}\n`)
})

const lanesOf = ({ lanes, settings }: CoreShape): string => {
  if (lanes !== undefined) return `${settings.lane}; others reach this process at ${lanes.endpoint}`
  return settings.lane === "broker"
    ? "calls go through the broker, as asked"
    : `calls go through the broker: ${settings.noLanes}`
}

/** Finishes in order: no new requests, messages and ticks; what is in hand; then everything else. */
export const end = Effect.fnUntraced(function* (hosting: Hosting, reason: string, grace: number) {
  const inHand = hosting.launched.host.stations.reduce((sum, station) => sum + station.inHand(), 0)
  const waits = inHand === 0 ? "" : `; ${inHand} in hand, at most ${grace} ms for them, a second signal ends at once`
  yield* Effect.logInfo(`Ending (${reason})${waits}`)
  const began = yield* Clock.currentTimeMillis
  // the broker ends with this process: what it has queued is worked off first, with a part of the grace left for the rest
  yield* hosting.workOff(grace * 0.8)
  const left = yield* hosting.finish(Math.max(0, grace - ((yield* Clock.currentTimeMillis) - began)))
  if (left > 0) yield* Effect.logWarning(`${left} not finished within ${grace} ms: interrupted and given back`)
  const lost = waiting(hosting)
  if (lost > 0) {
    yield* Effect.logWarning(
      `${lost} queued ${
        lost === 1 ? "message is" : "messages are"
      } lost with the in-process broker; --broker keeps them`,
    )
  }
  yield* Effect.logInfo("Ended")
  return left
})

/** Messages that an in-process broker takes along. */
const waiting = ({ launched }: Hosting): number =>
  (launched.broker?.engine.view().queues ?? []).filter(({ name }) => /^warren\.(on|every|retry)\./.test(name))
    .reduce((sum, { ready, unacked }) => sum + ready + unacked, 0)
