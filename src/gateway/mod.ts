/**
 * Door of the gateway room: the bus over HTTP, for web apps, for `warren run` and for its own client.
 */
// the gateway
export { gateway } from "./gateway.ts"
export type { BusSource, GatewayOptions } from "./GatewayOptions.ts"
export type { ApiSource } from "./exposed.ts"
export { contractsOf } from "./exposed.ts"
// who may use it
export type { GuardOptions, Secured } from "./guard.ts"
export { GatewayRefused, isLoopback, secure } from "./guard.ts"
// in front of a host
export type { Hosting } from "./hosted.ts"
export { hosted, hostedApis } from "./hosted.ts"
export type {
  ApiReport,
  HandlerReport,
  InstanceReport,
  MemberReport,
  QueueReport,
  TopologyReport,
} from "./TopologyReport.ts"
// metrics
export type { Metrics } from "./metrics.ts"
export { makeMetrics } from "./metrics.ts"
// questions of inspection
export type { Inspection } from "./inspection.ts"
// failures over HTTP
export type { Problem } from "./problem.ts"
export { declaredType, problemMedia, problemType } from "./problem.ts"
// its clients
export type { GatewayClient, RequestError, RequestOptions } from "./client.ts"
export { defaultUrl, request } from "./client.ts"
export { GatewayProblem } from "./answer.ts"
export { httpBus } from "./httpBus.ts"
