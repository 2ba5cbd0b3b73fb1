/**
 * Door of the ZeroMQ room: links between processes, for the lanes of calls.
 *
 * The sockets themselves have a door of their own, `zmtp/mod.ts`: they need nothing of Warren.
 */
export { openLinks } from "./links/openLinks.ts"
export type { LinkOptions, Plan } from "./links/plan.ts"
export { isLoopback, NoLinks, plan } from "./links/plan.ts"
export { layerNode as layerStreams } from "./zmtp/nodeStreams.ts"
