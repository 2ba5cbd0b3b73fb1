/**
 * Door of the AMQP server: sessions and the server they belong to, without sockets.
 */
export type { ServerOptions } from "./Server.ts"
export { Server } from "./Server.ts"
export type { Complaint, Origin } from "./Complaint.ts"
export type { SessionOptions, SessionState } from "./Session.ts"
export { Session } from "./Session.ts"
export type { Limits } from "./Limits.ts"
export { defaultLimits } from "./Limits.ts"
export type { Credentials } from "./credentials.ts"
// what is kept
export { Content, payload } from "./Content.ts"
export type { Durability } from "./Durability.ts"
export { volatile } from "./Durability.ts"
export type { KeptContent } from "./kept.ts"
export { kept } from "./kept.ts"
// what it looks like
export type {
  ChannelFigures,
  ConnectionFigures,
  ConsumerFigures,
  ServerFigures,
  VirtualHostFigures,
} from "./figures.ts"
