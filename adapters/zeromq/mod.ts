/**
 * Door of the ZeroMQ room: links between processes, for the lanes of calls.
 *
 * The sockets themselves have a door of their own, `zmtp/mod.ts`: they need nothing of Warren.
 */
export { openLinks } from "./links/openLinks.ts"
export type { LinkOptions } from "./links/plan.ts"
export { NoLinks } from "./links/plan.ts"
export { layerNode as layerStreams } from "./zmtp/nodeStreams.ts"
