/**
 * The variables of OpenTelemetry that Warren heeds, read when a process starts.
 *
 * What cannot be read is told and left out: telemetry keeps no program from running. Without an endpoint there is no
 * export, and nothing else is looked at.
 */
import { Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import { type SamplerName, samplerNames } from "./sampler.ts"

/** What the variables say. Times in ms. */
export interface Variables {
  /** Where spans go; `undefined`: nowhere. */
  readonly traces: string | undefined
  /** Where metrics go; `undefined`: nowhere. */
  readonly metrics: string | undefined
  readonly protocol: "http/protobuf" | "http/json"
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  /** `undefined`: each app is a service. */
  readonly service: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  readonly sampler: SamplerName
  readonly ratio: number
  /** Longest request. */
  readonly timeout: number
  /** Between two exports of spans. */
  readonly spansEvery: number
  /** Between two exports of metrics. */
  readonly metricsEvery: number
}

/** A variable, its default, and how its text is read. */
interface Variable<A> {
  readonly name: string
  readonly fallback: A
  readonly expected: string
  readonly read: (text: string) => A | undefined
}

const milliseconds = (name: string, fallback: number): Variable<number> => ({
  name,
  fallback,
  expected: "milliseconds as a whole number from 1",
  read: (text) => /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
})

const endpoint = (name: string): Variable<string | undefined> => ({
  name,
  fallback: undefined,
  expected: "the address of a collector, such as http://localhost:4318",
  read: (text) => URL.canParse(text) && /^https?:/.test(text) ? text.replace(/\/+$/, "") : undefined,
})

const oneOf = <A extends string>(name: string, names: ReadonlyArray<A>, fallback: A): Variable<A> => ({
  name,
  fallback,
  expected: names.join(", "),
  read: (text) => names.find((one) => one === text.toLowerCase()),
})

/** `name=value,name=value`, percent-encoded. */
const readPairs = (text: string): Readonly<Record<string, string>> | undefined => {
  try {
    const pairs = text.split(",").map((pair) => pair.trim()).filter((pair) => pair !== "").map((pair) => {
      const at = pair.indexOf("=")
      if (at < 1) throw new Error(pair)
      return [decodeURIComponent(pair.slice(0, at).trim()), decodeURIComponent(pair.slice(at + 1).trim())] as const
    })
    return Object.fromEntries(pairs)
  } catch {
    return undefined
  }
}

const pairs = (name: string): Variable<Readonly<Record<string, string>>> => ({
  name,
  fallback: {},
  expected: "name=value pairs with commas between them",
  read: readPairs,
})

const text = (name: string): Variable<string | undefined> => ({
  name,
  fallback: undefined,
  expected: "a text",
  read: (value) => value,
})

const known = {
  disabled: oneOf("OTEL_SDK_DISABLED", ["true", "false"], "false"),
  endpoint: endpoint("OTEL_EXPORTER_OTLP_ENDPOINT"),
  tracesEndpoint: endpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
  metricsEndpoint: endpoint("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
  traces: oneOf("OTEL_TRACES_EXPORTER", ["otlp", "none"], "otlp"),
  metrics: oneOf("OTEL_METRICS_EXPORTER", ["otlp", "none"], "otlp"),
  protocol: oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", ["http/protobuf", "http/json"], "http/protobuf"),
  headers: pairs("OTEL_EXPORTER_OTLP_HEADERS"),
  service: text("OTEL_SERVICE_NAME"),
  attributes: pairs("OTEL_RESOURCE_ATTRIBUTES"),
  sampler: oneOf("OTEL_TRACES_SAMPLER", samplerNames, "parentbased_always_on"),
  ratio: {
    name: "OTEL_TRACES_SAMPLER_ARG",
    fallback: 1,
    expected: "a number from 0 to 1",
    read: (value: string) => /^(0(\.\d+)?|1(\.0+)?|\.\d+)$/.test(value) ? Number(value) : undefined,
  },
  timeout: milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000),
  spansEvery: milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5_000),
  metricsEvery: milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000),
} as const

/** The names of all variables that are heeded. */
export const variableNames: ReadonlyArray<string> = Object.values(known).map(({ name }) => name)

/** Secrets are read as such, and never shown. */
const secret = (name: string): boolean => name === known.headers.name

/** A variable as it is now, since a program may set its own; an empty one counts as absent. */
const read = <A>({ name, fallback, expected, read }: Variable<A>): Effect.Effect<A> =>
  Effect.suspend(() => Effect.orDie(Config.option(Config.Redacted(name)).parse(ConfigProvider.fromEnv()))).pipe(
    Effect.flatMap((given) => {
      const value = Option.isSome(given) ? Redacted.value(given.value).trim() : ""
      if (value === "") return Effect.succeed(fallback)
      const found = read(value)
      if (found !== undefined) return Effect.succeed(found)
      const shown = secret(name) ? "what it holds" : `"${value.slice(0, 200)}"`
      return Effect.as(
        Effect.logWarning(`Cannot use ${shown} for ${name}: expected ${expected}; it counts as absent`),
        fallback,
      )
    }),
  )

/** What the variables say; `undefined`: nothing is exported. */
export const readVariables: Effect.Effect<Variables | undefined> = Effect.gen(function* () {
  const base = yield* read(known.endpoint)
  const traces = (yield* read(known.tracesEndpoint)) ?? (base && `${base}/v1/traces`)
  const metrics = (yield* read(known.metricsEndpoint)) ?? (base && `${base}/v1/metrics`)
  if (traces === undefined && metrics === undefined) return undefined
  if ((yield* read(known.disabled)) === "true") return undefined
  const attributes = yield* read(known.attributes)
  const { "service.name": named, ...others } = attributes
  return {
    traces: (yield* read(known.traces)) === "otlp" ? traces : undefined,
    metrics: (yield* read(known.metrics)) === "otlp" ? metrics : undefined,
    protocol: yield* read(known.protocol),
    headers: Redacted.make(yield* read(known.headers)),
    service: (yield* read(known.service)) ?? named,
    attributes: others,
    sampler: yield* read(known.sampler),
    ratio: yield* read(known.ratio),
    timeout: yield* read(known.timeout),
    spansEvery: yield* read(known.spansEvery),
    metricsEvery: yield* read(known.metricsEvery),
  }
})
