/**
 * A meter as one of Effect's metric registries, so that Effect's exporter can read it.
 *
 * Made of what the meter says at the moment it is read, and of the metrics that handlers keep with Effect themselves.
 * Counts nothing.
 */
import { Metric } from "effect"
import type { Distribution, Family, Labels } from "./Family.ts"
import type { Meter } from "./Meter.ts"

/** Whatever such a registry holds. */
type Metadata = Metric.MetricRegistry extends Map<string, infer Held> ? Held : never

/** A registry that shows a meter, after the metrics of another registry. */
export class MeterRegistry extends Map<string, Metadata> {
  readonly #meter: Meter
  readonly #own: Metric.MetricRegistry

  constructor(meter: Meter, own: Metric.MetricRegistry) {
    super()
    this.#meter = meter
    this.#own = own
  }

  override values(): MapIterator<Metadata> {
    const shown = new Map<string, Metadata>(this.#own)
    for (const family of this.#meter.families()) {
      for (const metadata of metadataOf(family)) shown.set(`warren/${shown.size}`, metadata)
    }
    return shown.values()
  }
}

const metadataOf = (family: Family): ReadonlyArray<Metadata> => {
  if (family.type === "histogram") {
    return family.points.map((point) => entry(family, "Histogram", point.labels, stateOf(family.bounds, point)))
  }
  return family.points.map(({ labels, value }) =>
    family.type === "counter"
      ? entry(family, "Counter", labels, { count: value, incremental: true } satisfies Metric.CounterState<number>)
      : entry(family, "Gauge", labels, { value } satisfies Metric.GaugeState<number>)
  )
}

const entry = ({ name, help }: Family, type: Metric.Metric.Type, labels: Labels, state: unknown): Metadata => ({
  id: name,
  type,
  description: help,
  attributes: labels,
  hooks: { get: () => state, update: () => {}, modify: () => {} },
})

/** Effect adds buckets up, as Prometheus does. */
const stateOf = (bounds: ReadonlyArray<number>, point: Distribution): Metric.HistogramState => {
  let upTo = 0
  return {
    buckets: bounds.map((bound, i): [number, number] => [bound, upTo += point.buckets[i]!]),
    count: point.count,
    sum: point.sum,
    min: point.min,
    max: point.max,
  }
}
