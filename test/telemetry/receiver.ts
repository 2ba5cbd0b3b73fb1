/**
 * A collector for the tests of this folder: a real HTTP server that keeps what is exported to it, and a small company
 * whose calls and events are worth a trace.
 */
import process from "node:process"
import { Effect, Exit, Metric, Schema, Scope } from "effect"
import { serve } from "../../adapters/runtime/mod.ts"
import { api, Bus, call, event, handle, on } from "../../src/mod.ts"
import { until } from "../gateway/support.ts"

/** An attribute as OTLP/JSON writes it. */
interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean }
}

/** A span as OTLP/JSON writes it. */
export interface RawSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly status: { readonly code: number; readonly message?: string }
}

/** A span that was received. */
export interface Received extends Omit<RawSpan, "attributes"> {
  readonly service: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A metric that was received: its last points. */
export interface ReceivedMetric {
  readonly name: string
  readonly points: ReadonlyArray<{ readonly labels: Readonly<Record<string, unknown>>; readonly value: number }>
}

/** A running collector. */
export interface Collector {
  readonly url: string
  readonly spans: ReadonlyArray<Received>
  readonly metrics: ReadonlyMap<string, ReceivedMetric>
  /** Headers and lengths of all requests. */
  readonly requests: ReadonlyArray<{ readonly path: string; readonly headers: Headers; readonly bytes: number }>
  readonly close: () => Promise<void>
}

const attributesOf = (attributes: ReadonlyArray<Attribute>): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

interface Payload {
  readonly resourceSpans?: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<RawSpan> }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<Record<string, unknown>> }>
  }>
}

interface RawPoints {
  readonly dataPoints: ReadonlyArray<{ attributes?: ReadonlyArray<Attribute>; asDouble?: number; count?: number }>
}

/** Starts a collector; it answers with `status`. */
export const collector = async (status: number = 200): Promise<Collector> => {
  const spans: Array<Received> = []
  const metrics = new Map<string, ReceivedMetric>()
  const requests: Array<Collector["requests"][number]> = []
  const take = ({ resourceSpans = [], resourceMetrics = [] }: Payload): void => {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(attributesOf(resource.attributes)["service.name"])
      for (const span of scopeSpans.flatMap((one) => one.spans)) {
        spans.push({ ...span, service, attributes: attributesOf(span.attributes) })
      }
    }
    for (const metric of resourceMetrics.flatMap((one) => one.scopeMetrics).flatMap((one) => one.metrics)) {
      const { dataPoints } = (metric["sum"] ?? metric["gauge"] ?? metric["histogram"]) as RawPoints
      metrics.set(String(metric["name"]), {
        name: String(metric["name"]),
        points: dataPoints.map(({ attributes = [], asDouble, count }) => ({
          labels: attributesOf(attributes),
          value: asDouble ?? count ?? Number.NaN,
        })),
      })
    }
  }
  const scope = Effect.runSync(Scope.make())
  const fetch = async (request: Request): Promise<Response> => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    requests.push({ path: new URL(request.url).pathname, headers: request.headers, bytes: bytes.length })
    if (request.headers.get("content-type") === "application/json") take(JSON.parse(new TextDecoder().decode(bytes)))
    return new Response("{}", { status })
  }
  const { port } = await Effect.runPromise(Scope.provide(serve({ hostname: "127.0.0.1", port: 0, fetch }), scope))
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    requests,
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}

/** Sets variables for the time of a body. */
export const withVariables = async (variables: Readonly<Record<string, string>>, body: () => Promise<void>) => {
  Object.assign(process.env, variables)
  try {
    await body()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
}

/** The variables of an export to a collector, quick enough for tests. */
export const exporting = ({ url }: Pick<Collector, "url">): Readonly<Record<string, string>> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "50",
})

/** Declared. */
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", { sku: Schema.String }) {}

/** What support asks. */
export const Support = api("support", {
  check: call({ sku: Schema.String }, { returns: Schema.Boolean, fails: Unknown }),
  checked: event({ sku: Schema.String }),
}, { expose: ["check"] })
/** What parts answers. */
export const Parts = api("parts", { lookup: call({ sku: Schema.String }, { returns: Schema.Boolean, fails: Unknown }) })
/** What warranty answers. */
export const Warranty = api("warranty", { valid: call({ sku: Schema.String }, { returns: Schema.Boolean }) })

/** A metric that a handler keeps itself. */
export const checks = Metric.counter("checks", { incremental: true })

/** The company; warranty's listener fails the first time. */
export const company = () => {
  const attempts = { count: 0 }
  const support = {
    check: handle(Support.check, ({ sku }) =>
      Effect.gen(function* () {
        yield* Metric.update(checks, 1)
        const there = yield* Bus.call(Parts.lookup({ sku }))
        const valid = yield* Effect.withSpan(Bus.call(Warranty.valid({ sku })), "support.ask")
        yield* Bus.emit(Support.checked({ sku }))
        return there && valid
      })),
  }
  const parts = {
    lookup: handle(
      Parts.lookup,
      ({ sku }) =>
        sku === "none"
          ? Effect.fail(new Unknown({ sku }))
          : Effect.withSpan(Effect.succeed(true), "parts.read", { attributes: { "db.system.name": "sqlite" } }),
    ),
  }
  const warranty = {
    valid: handle(Warranty.valid, () => Promise.resolve(true)),
    note: on(Support.checked, () => {
      attempts.count++
      if (attempts.count === 1) throw new TypeError("not yet")
    }, { retry: { attempts: 3, delays: "1 second" } }),
  }
  return { workers: { support, parts, warranty }, attempts }
}

export { until }
