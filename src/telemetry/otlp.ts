/**
 * Exports spans and metrics over OTLP/HTTP, with Effect's exporters: batches, retries, a pause after failures, a last
 * flush when the scope closes.
 *
 * Loaded only where an endpoint is set. A collector that is away, slow or cross costs telemetry and nothing else: what
 * waits is bounded, and it is told once in a while.
 */
import { Clock, ConfigProvider, Effect, Layer, Metric, Redacted, Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpResource, OtlpSerialization } from "effect/observability"
import { describeError } from "../runtime/mod.ts"
import type { Meter } from "./Meter.ts"
import { MeterRegistry } from "./MeterRegistry.ts"
import { type OtlpSpan, otlpSpan } from "./otlpSpan.ts"
import type { Span } from "./Span.ts"
import type { Variables } from "./variables.ts"

/** What is exported, and as whose. */
export interface ExportOptions {
  readonly variables: Variables
  /** The service that metrics are of; spans are of their app, unless a variable names the service. */
  readonly service: string
  /** Tells the processes of a service apart. */
  readonly instance: string
  readonly meter: Meter
  /** Whether the metrics that handlers keep with Effect are exported too. */
  readonly withOwn: boolean
  /** Longest wait for the last export, ms. */
  readonly grace: number
}

/** Requests under way at most; what comes while a collector is that slow is dropped after a few tries. */
const mostRequests = 4

/** Between two lines about failing exports, ms. */
const silence = 300_000

/** Spans sent at once. */
const batch = 512

/** Starts exporting; takes each span that is over. */
export const startExport = Effect.fnUntraced(function* (
  options: ExportOptions,
): Effect.fn.Return<(span: Span) => void, never, Scope.Scope> {
  const { variables, service, instance, meter, withOwn } = options
  const clock = yield* Clock.Clock
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const tell = (message: string) => void runFork(Effect.logWarning(message))
  const services = yield* Layer.build(Layer.mergeAll(
    FetchHttpClient.layer,
    variables.protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf,
    OtlpExporter.layerFlusher,
  ))
  // both flush at the same time, each of them in its own order
  const scope = yield* Scope.make("parallel")
  yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
  const fetch = guarded(variables.timeout, () => clock.currentTimeMillisUnsafe(), tell)
  const common = {
    headers: Redacted.value(variables.headers),
    shutdownTimeout: Math.max(1, Math.min(2_000, options.grace)),
  }
  const attributes = { "service.instance.id": instance, ...variables.attributes }
  const resource = (app: string) => OtlpResource.make({ serviceName: variables.service ?? app, attributes })
  const start = <A, R>(exporter: Effect.Effect<A, never, R>) =>
    exporter.pipe(
      Effect.provideService(FetchHttpClient.Fetch, fetch),
      // Effect's exporters read variables too; ours have been read, with care
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({})),
      Effect.provideContext(services),
      (started) => Effect.flatMap(Scope.fork(scope, "sequential"), (own) => Scope.provide(started, own)),
    )

  if (variables.metrics !== undefined) {
    const own = withOwn ? yield* Metric.MetricRegistry : new Map()
    yield* start(OtlpMetrics.make({
      ...common,
      url: variables.metrics,
      exportInterval: variables.metricsEvery,
      resource: { serviceName: variables.service ?? service, attributes },
    })).pipe(Effect.provideService(Metric.MetricRegistry, new MeterRegistry(meter, own)))
  }
  if (variables.traces === undefined) return () => {}
  const serialization = yield* Effect.provideContext(OtlpSerialization.OtlpSerialization, services)
  const exporter = yield* start(OtlpExporter.make({
    ...common,
    label: "warren",
    url: variables.traces,
    exportInterval: variables.spansEvery,
    maxBatchSize: batch,
    body: (spans: Array<Span>) => [
      serialization.traces({
        resourceSpans: [...byApp(spans)].map(([app, ofApp]) => ({
          resource: resource(app),
          scopeSpans: [{ scope: { name: "warren" }, spans: ofApp }],
        })),
      }),
      Effect.void,
    ],
  }))
  return (span) => exporter.push(span)
})

const byApp = (spans: ReadonlyArray<Span>): ReadonlyMap<string, Array<OtlpSpan>> => {
  const apps = new Map<string, Array<OtlpSpan>>()
  for (const span of spans) {
    const ofApp = apps.get(span.app)
    if (ofApp === undefined) apps.set(span.app, [otlpSpan(span)])
    else ofApp.push(otlpSpan(span))
  }
  return apps
}

/** `fetch` with a time limit, few at once, and a line in the log when it fails, but not each time. */
const guarded = (timeout: number, now: () => number, tell: (message: string) => void): typeof globalThis.fetch => {
  let underWay = 0
  let toldAt = Number.NEGATIVE_INFINITY
  const failed = (input: string | URL | Request, why: string): void => {
    if (now() - toldAt < silence) return
    toldAt = now()
    const { origin, pathname } = new URL(input instanceof Request ? input.url : input)
    tell(`Cannot export telemetry to ${origin}${pathname}: ${why}; it is dropped until that works, the rest goes on`)
  }
  const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    if (underWay >= mostRequests) throw new Error(`${underWay} exports are under way already`)
    const limit = AbortSignal.timeout(timeout)
    underWay++
    try {
      const signal = init.signal == null ? limit : AbortSignal.any([init.signal, limit])
      const response = await globalThis.fetch(input, { ...init, signal })
      if (!response.ok) failed(input, `it answered ${response.status}`)
      return response
    } catch (error) {
      if (init.signal?.aborted !== true) failed(input, describeError(error))
      throw error
    } finally {
      underWay--
    }
  }
  return Object.assign(send, { preconnect: () => {} })
}
