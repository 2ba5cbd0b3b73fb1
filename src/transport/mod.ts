/**
 * Door of the transport room: the port that every broker adapter implements.
 */
// what travels, and what must exist
export type { Headers, HeaderValue, Packet } from "./Packet.ts"
export type { Binding, ExchangeSpec, QueueSpec, Topology } from "./Topology.ts"
export { merge } from "./Topology.ts"
// where it is
export { brokerUrls, withoutPassword } from "./BrokerUrl.ts"
// the port
export type { Confirm, ConsumeOptions, Delivery, Route, Status, Straight, Traits, Verdict } from "./Transport.ts"
export { Transport } from "./Transport.ts"
// past the broker
export type { Link, LinkEvents, LinkPeer, Links, Parts } from "./Links.ts"
export { CurrentLinks } from "./Links.ts"
// looking into it
export type { Peeked, QueueFacts, Steward, Survey, Surveyor, SurveyRequest } from "./Steward.ts"
export type { StewardReason } from "./StewardError.ts"
export {
  InUse,
  NotEmpty,
  NotManagement,
  OtherBroker,
  StewardError,
  TooMuch,
  Unauthorized,
  Unreachable,
} from "./StewardError.ts"
// what goes wrong
export type { Reason } from "./TransportError.ts"
export { Clash, Disconnected, Forbidden, NotFound, Rejected, TooLarge, TransportError } from "./TransportError.ts"
