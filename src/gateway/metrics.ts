/**
 * A meter that says what it counts in Prometheus' text format, for `/metrics`.
 *
 * What is counted, and how, is the telemetry room's; here it becomes samples. Text is made only when somebody asks for it.
 */
import { type Family as Counted, makeMeter, type Meter } from "../telemetry/mod.ts"
import { type Family, formatFamilies, type Sample } from "./prometheus.ts"

/** A journal that counts, in words. */
export interface Metrics extends Meter {
  /** Everything so far, in Prometheus' text format 0.0.4. */
  readonly text: () => string
}

/** Metrics that start at zero. */
export const makeMetrics = (): Metrics => {
  const meter = makeMeter()
  return { ...meter, text: () => formatFamilies(meter.families().map(samplesOf)) }
}

const samplesOf = (family: Counted): Family => {
  const { name, help, type } = family
  if (family.type !== "histogram") return { name, help, type, samples: family.points }
  const samples = family.points.flatMap(({ labels, buckets, sum, count }): ReadonlyArray<Sample> => {
    let upTo = 0
    const cumulative = buckets.map((n, i): Sample => ({
      suffix: "_bucket",
      labels: { ...labels, le: family.bounds[i] === undefined ? "+Inf" : String(family.bounds[i]) },
      value: upTo += n,
    }))
    return [...cumulative, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: count }]
  })
  return { name, help, type, samples }
}
