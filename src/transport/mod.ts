/**
 * Door of the transport room: the port that every broker adapter implements.
 */
// what travels, and what must exist
export type { Headers, HeaderValue, Packet } from "./Packet.ts"
export type { Binding, ExchangeSpec, QueueSpec, Topology } from "./Topology.ts"
export { merge } from "./Topology.ts"
export { fits, isWild, words } from "./pattern.ts"
// where it is
export { brokerUrls, withoutPassword } from "./BrokerUrl.ts"
export type { BrokerChoice } from "./BrokerChoice.ts"
export { brokerWords, readChoice } from "./BrokerChoice.ts"
export { Beacon, BrokerAt, brokerAt } from "./Beacon.ts"
// the port
export type { Confirm, ConsumeOptions, Delivery, Route, Status, Straight, Traits, Verdict } from "./Transport.ts"
export { Transport } from "./Transport.ts"
// who connects
export type { Identity } from "./Identity.ts"
export { CurrentIdentity } from "./Identity.ts"
// past the broker
export type { Link, LinkEvents, LinkPeer, Links, Parts } from "./Links.ts"
export { CurrentLinks } from "./Links.ts"
// looking into it
export type {
  Browsed,
  BrowseLimits,
  Copy,
  Fate,
  Peeked,
  QueueFacts,
  Receiving,
  Sifting,
  Steward,
  Survey,
  Surveyor,
  SurveyRequest,
} from "./Steward.ts"
export type {
  ConnectionFacts,
  ConsumerFacts,
  ExchangeInsight,
  Insight,
  NodeFacts,
  PermissionFacts,
  QueueInsight,
  QueueLimits,
} from "./Insight.ts"
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
export { makePace } from "./pace.ts"
// what goes wrong
export type { Reason } from "./TransportError.ts"
export { Clash, Disconnected, Forbidden, NotFound, Rejected, TooLarge, TransportError } from "./TransportError.ts"
