/**
 * Which traces are recorded: the samplers that `OTEL_TRACES_SAMPLER` names.
 *
 * Decided once, where a trace begins, and followed from there on (`parentbased_…`, the default); the others decide anew in
 * each process, and `traceidratio` alike in all of them, since it looks at the trace's id.
 */
import type { Trace } from "../wire/mod.ts"

/** Whether a step of a trace is recorded. */
export type Sampler = (traceId: string, parent: Trace | undefined) => boolean

/** Names that are known. */
export const samplerNames = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const

/** A sampler's name. */
export type SamplerName = typeof samplerNames[number]

/** The sampler of a name; `ratio` from 0 to 1 is what `traceidratio` records. */
export const samplerOf = (name: SamplerName, ratio: number): Sampler => {
  if (name.startsWith("parentbased_")) {
    const root = samplerOf(name.slice("parentbased_".length) as SamplerName, ratio)
    return (traceId, parent) => parent === undefined ? root(traceId, parent) : parent.sampled
  }
  switch (name) {
    case "always_off":
      return () => false
    case "traceidratio":
      // the last 52 bits are random, and a number holds them exactly
      return (traceId) => Number.parseInt(traceId.slice(19), 16) < ratio * 2 ** 52
    default:
      return () => true
  }
}
