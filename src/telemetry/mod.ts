/**
 * Door of the telemetry room: what happens in a process as figures and as spans, and their way out of it.
 */
// figures
export type { Distribution, Family, Labels, Point } from "./Family.ts"
export type { Meter } from "./Meter.ts"
export { makeMeter } from "./Meter.ts"
export { measured } from "./measured.ts"
export { Traffic } from "./Traffic.ts"
// spans
export type { RecorderOptions } from "./recorder.ts"
export { makeRecorder } from "./recorder.ts"
export type { Sampler, SamplerName } from "./sampler.ts"
export { samplerNames, samplerOf } from "./sampler.ts"
export { Span } from "./Span.ts"
// their way out
export { variableNames } from "./variables.ts"
export type { Started, TelemetryOptions } from "./start.ts"
export { startTelemetry } from "./start.ts"
